"""What the tables of the model registry may point at, and what sharding by member asks of them."""

import json
import os
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import IntegerField, Model

from config.ground.api.schema import document
from config.ground.sharding import faults_of
from tests.house.floorplan import HEIGHT


def _our_models() -> list[type[Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in HEIGHT]


def test_never_8_no_table_keeps_money_or_points_as_a_float() -> None:
    counted = [
        field for model in _our_models() for field in model._meta.get_fields() if _is_amount(field.name)
    ]

    assert len(counted) > 30
    assert [str(field) for field in counted if not isinstance(field, IntegerField)] == []


def test_never_8_no_door_takes_or_tells_money_or_points_as_a_float() -> None:
    told: list[tuple[str, Any]] = []

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for one in value:
                walk(one)
        if isinstance(value, dict):
            told.extend((name, one) for name, one in value.get("properties", {}).items() if _is_amount(name))
            for one in value.values():
                walk(one)

    walk(json.loads(document()))

    assert len(told) > 30
    assert [(name, schema) for name, schema in told if '"number"' in json.dumps(schema)] == []


OF_WALLETS = {
    "balance",
    "balance_after",
    "spendable",
    "pending",
    "held",
    "debt",
    "debt_change",
    "remaining",
    "credited",
}


def _is_amount(name: str) -> bool:
    return (
        name in OF_WALLETS | {"points"} or name.startswith("points_") or name.endswith(("_minor", "_points"))
    )


def test_foreign_keys_go_down_only() -> None:
    going_up = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in _our_models()
        for field in model._meta.get_fields()
        if (field.many_to_one or field.one_to_one or field.many_to_many)
        and not field.auto_created
        and isinstance(field.related_model, type)
        and HEIGHT.get(field.related_model._meta.app_label, -1) > HEIGHT[model._meta.app_label]
    ]

    assert going_up == []


@pytest.mark.skipif("REGULARS_TEST_SERVER_IS_OURS" not in os.environ, reason="DATABASE_URL names a server")
def test_an_empty_database_is_migrated_with_all_checks_on() -> None:
    """`manage.py migrate` made the template of this run; checks that read tables would have stopped it."""
    assert "REGULARS_TEST_TEMPLATE" in os.environ


def test_tables_of_members_can_be_spread_by_member() -> None:
    call_command("check", tags=["sharding"], fail_level="WARNING")


def test_the_check_for_sharding_finds_what_it_looks_for() -> None:
    wallet = apps.get_model("loyalty", "Wallet")
    constraints = wallet._meta.constraints
    owner = wallet._meta.get_field("member")
    try:
        wallet._meta.constraints = [_without_member(constraints)]
        owner.null = True

        found = {fault.id for fault in faults_of(wallet)}
    finally:
        wallet._meta.constraints = constraints
        owner.null = False

    assert found == {"sharding.E001", "sharding.E003"}


def _without_member(constraints: list[object]) -> object:
    from django.db.models import UniqueConstraint

    assert constraints
    return UniqueConstraint(fields=["programme"], name="one_wallet_for_everybody")
