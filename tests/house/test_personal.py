"""Every table that holds something of a member says what becomes of it, and every text in it is accounted for."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import CharField, Field, JSONField, Model, TextField

from config.ground.personal import (
    Held,
    erase_rows_of_many,
    list_row_ids,
    list_touched,
    model_of,
    read_rows,
)
from members.member_data import list_floors
from members.models import Member
from members.models.personal import HOUSE
from tests.house.floorplan import FLOORS, HEIGHT
from tests.planning import plan_by_index

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"


def holdings() -> list[Held]:
    return [*HOUSE, *(held for data in list_floors().values() for held in data.holds())]


def texts_of(model: type[Model]) -> list["Field"]:
    """Columns in which anybody could write a name. What is chosen from a list, labels a history row
    or has no room for more than ten letters is none."""
    kinds = (CharField, TextField, JSONField, ArrayField)
    fields = [field for field in model._meta.concrete_fields if isinstance(field, kinds)]
    roomy = [field for field in fields if (field.max_length or 99) > 10]
    return [field for field in roomy if not field.choices and field.name != "pgh_label"]


def _names_a_member(model: type[Model]) -> bool:
    return any(
        field.column in ("member_id", "referred_by_id") or field.related_model is Member
        for field in model._meta.concrete_fields
    )


def test_every_floor_says_what_it_holds_of_a_member() -> None:
    told = {model_of(held) for held in holdings()} | {Member}
    naming = {
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in HEIGHT and _names_a_member(model)
    }

    assert list(list_floors()) == list(reversed(FLOORS))
    assert len(naming) > 50
    assert {model._meta.label for model in naming - told} == set()


def test_every_text_of_a_member_is_erased_or_kept_for_a_reason() -> None:
    unsaid = [
        f"{held.table}.{field.column}"
        for held in holdings()
        if held.becomes == "nameless"
        for field in texts_of(model_of(held))
        if field.column not in held.blank and field.column not in held.keeps
    ]

    assert unsaid == []


def test_what_is_said_of_columns_is_said_of_columns_that_are_there() -> None:
    wrong = [
        f"{held.table}.{column}"
        for held in holdings()
        for column in (*held.blank, *held.keeps, *held.hides)
        if column not in {field.column for field in model_of(held)._meta.concrete_fields}
    ]

    assert wrong == []
    assert all(held.why.endswith(".") for held in holdings())


READ_WHOLE = {
    "loyalty.LadderDraft": "colleagues draft ladders of tiers by hand; it names members as examples",
}
"""Tables that may be read from end to end for one member, and why they stay small."""
INDEXES = """
SELECT c.relname, i.relname, pg_get_indexdef(x.indexrelid, 1, true), am.amname = 'gin',
    x.indpred IS NULL OR pg_get_expr(x.indpred, x.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$'
FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am am ON am.oid = i.relam
WHERE c.relnamespace = 'public'::regnamespace
"""
"""By what each begins, whether that is any of its columns, and whether it holds all rows."""


def of_large_tables() -> list[Any]:
    found = [held for held in holdings() if held.table not in READ_WHOLE]
    return [pytest.param(held, id=held.table) for held in found]


def _has_index(scan: dict[str, Any], indexes: list[tuple[str, str, str, bool, bool]]) -> bool:
    """Whether what is looked for begins an index of that table: the one that was taken, or another that holds all rows,
    for where a table is empty a planner may take any."""
    taken, asked = scan["Index Name"], scan.get("Index Cond", "")
    table = next(table for table, name, *_ in indexes if name == taken)
    return any(
        name == taken if is_any else re.search(rf"(?<!\w){re.escape(first)}(?!\w)", asked)
        for of, name, first, is_any, is_whole in indexes
        if of == table and (is_whole or name == taken)
    )


def _scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The steps of a plan that read a table, and by what."""
    if plan["Node Type"] == "Seq Scan" or "Index Name" in plan:
        yield plan
    for step in plan.get("Plans", ()):
        yield from _scans(step)


@pytest.mark.django_db
@pytest.mark.parametrize("held", of_large_tables())
def test_what_is_held_of_a_member_is_found_by_an_index(held: Held) -> None:
    """A copy or an erasure of one must cost what there is of them, not what there is."""
    with connection.cursor() as cursor:
        # Of few rows a planner may read all, by whichever index; a bitmap asks for what is looked for.
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        cursor.execute(f"EXPLAIN (FORMAT JSON) {list_row_ids(held, 1)}", {"member": 1})
        ((plan,),) = cursor.fetchone()
    scans = list(_scans(plan["Plan"]))

    assert scans
    assert [one for one in scans if "Index Name" not in one or not _has_index(one, indexes)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("held", of_large_tables())
def test_several_members_are_asked_of_and_erased_without_reading_a_table_whole(held: Held) -> None:
    with connection.cursor() as cursor:
        plan_by_index(cursor)
        before = _read_whole(cursor)
        assert list_touched(held, [1, 2, 3]) == []
        assert list(read_rows(held, 1)) == []
        assert erase_rows_of_many(held, [1, 2, 3]) == 0
        assert _read_whole(cursor) == before


def test_the_tables_that_may_be_read_whole_are_tables_that_are_held() -> None:
    assert READ_WHOLE.keys() <= {held.table for held in holdings()}


def _read_whole(cursor: Any) -> int:
    """How often any table was read from end to end in this transaction."""
    cursor.execute("SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_xact_user_tables")
    return int(cursor.fetchone()[0])


def test_every_kind_of_data_that_ages_stands_in_the_document_with_its_days() -> None:
    told = {
        (code, int(days.replace(",", "")))
        for codes, days in re.findall(r"^\| (`.+`) \| .+ \| ([\d,]+) \|$", DOCUMENT.read_text(), re.MULTILINE)
        for code in re.findall(r"`(\w+)`", codes)
    }
    kept = {(period.code, period.days) for data in list_floors().values() for period in data.retention()}

    assert len(kept) > 10
    assert told == kept
