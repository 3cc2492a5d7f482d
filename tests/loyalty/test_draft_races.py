"""An author writes a draft over while another person approves it: one of them is told, and neither waits for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction

from loyalty.errors import RuleDraftNotOpen
from loyalty.models import ProgrammeTerms
from loyalty.queries.ladders import lock_ladders
from loyalty.queries.programme_drafts import find_terms
from loyalty.rules.definition import Multiplier, RuleDefinition
from loyalty.services.ladder_drafts import approve_ladder_draft, submit_ladder_draft, write_ladder_draft
from loyalty.services.programme_drafts import (
    approve_programme_draft,
    submit_programme_draft,
    write_terms_draft,
)
from loyalty.services.rule_drafts import approve_draft, submit_draft, write_draft
from tests.loyalty.conftest import LADDER, Shop
from tests.slowly import wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANN, BEN = "staff:1", "staff:2"


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(rules_need_approval=True)


def write_rule(shop: Shop, percent: int) -> Any:
    bonus = RuleDefinition(effect=Multiplier(percent=percent))
    return write_draft(
        programme_id=shop.programme.pk, code="bonus", name="Bonus", definition=bonus, by=ANN, now=NOW
    )


def lock_terms(shop: Shop) -> None:
    """What everybody does first who writes a rule, or brings a file in."""
    ProgrammeTerms.objects.select_for_update().get(programme=shop.programme)


def write_terms(shop: Shop, points: int) -> Any:
    terms = find_terms(shop.programme.pk)
    assert terms is not None
    return write_terms_draft(
        shop.programme.pk, msgspec.structs.replace(terms, welcome_points=points), by=ANN, now=NOW
    )


def lock_ladder(shop: Shop) -> None:
    lock_ladders(shop.programme.pk)


def write_ladder(shop: Shop, _points: int) -> Any:
    return write_ladder_draft(
        programme_id=shop.programme.pk, definition=LADDER, live_from=None, by=ANN, now=NOW
    )


@pytest.mark.parametrize(
    ("lock", "write", "submit", "approve"),
    [
        (lock_terms, write_rule, submit_draft, approve_draft),
        (lock_terms, write_terms, submit_programme_draft, approve_programme_draft),
        (lock_ladder, write_ladder, submit_ladder_draft, approve_ladder_draft),
    ],
    ids=["rule", "terms", "ladder"],
)
def test_who_approves_what_is_written_over_meanwhile_is_told(
    shop: Shop,
    lock: Callable[[Shop], None],
    write: Callable[[Shop, int], Any],
    submit: Callable[..., Any],
    approve: Callable[..., Any],
) -> None:
    draft = submit(write(shop, 200).pk, by=ANN, now=NOW)
    read = draft.digest()

    def press() -> None:
        with closing(connection):
            approve(draft.pk, read=read, by=BEN, now=NOW)

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            lock(shop)
            pressed = threads.submit(press)
            wait_for_waiting()
            write(shop, 300)
        with pytest.raises(RuleDraftNotOpen):
            pressed.result(20)

    draft.refresh_from_db()
    assert (draft.get_state_display(), draft.decided_by) == ("draft", "")
