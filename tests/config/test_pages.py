"""Lists are walked by key; a cursor belongs to its list and to nobody else's imagination."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, strategies as st

from config.ground.api.pages import open_cursor, page_of, seal_cursor
from config.ground.models import JobRun
from config.ground.refusals import InvalidInput
from tests.config.doors import TILL

MORNING = datetime(2026, 11, 21, 8, tzinfo=UTC)

keys = st.lists(
    st.integers(-(2**63), 2**63 - 1)
    | st.text(max_size=20)
    | st.integers(-(2**31), 2**35).map(lambda seconds: MORNING + timedelta(seconds=seconds))
    | st.none(),
    max_size=4,
)


@given(keys)
def test_a_cursor_gives_back_its_key(key: list[Any]) -> None:
    assert open_cursor("runs", seal_cursor("runs", key)) == tuple(key)


@given(keys, st.integers(0, 200), st.characters(codec="ascii"))
def test_a_cursor_that_was_changed_is_refused(key: list[Any], at: int, letter: str) -> None:
    cursor = seal_cursor("runs", key)
    at %= len(cursor) - 1
    changed = cursor[:at] + letter + cursor[at + 1 :]
    if changed == cursor:
        return

    with pytest.raises(InvalidInput):
        open_cursor("runs", changed)


@given(st.text(max_size=60))
def test_a_cursor_made_up_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        open_cursor("runs", cursor)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidInput):
        open_cursor("entries:8", seal_cursor("entries:7", [1]))


@given(st.lists(st.integers(0, 2**63 - 1), max_size=12, unique=True), st.integers(1, 5))
def test_pages_show_every_row_once(rows: list[int], limit: int) -> None:
    shown: list[int] = []
    cursor: str | None = None
    while True:
        seen = open_cursor("rows", cursor)
        rest = rows if seen is None else rows[rows.index(seen[0]) + 1 :]
        page = page_of(
            rest[: limit + 1], limit=limit, listing="rows", key=lambda row: [row], body=lambda row: row
        )
        shown += page.results
        cursor = page.next
        if cursor is None:
            break

    assert shown == rows


@pytest.mark.django_db
@pytest.mark.urls("tests.config.doors")
def test_a_list_is_walked_through_its_door(client: Client) -> None:
    for index in range(5):
        # Two of a moment, so that the second part of the key decides.
        JobRun.objects.create(name=f"run {index}", started_at=MORNING + timedelta(hours=index // 2))

    names: list[str] = []
    door: str | None = "/api/v1/runs/list?limit=2"
    pages = 0
    while door:
        page = client.get(door, headers=TILL).json()
        names += [run["name"] for run in page["results"]]
        door = page["next"] and f"/api/v1/runs/list?limit=2&cursor={page['next']}"
        pages += 1

    assert (names, pages) == ([f"run {index}" for index in range(5)], 3)


@pytest.mark.django_db
@pytest.mark.urls("tests.config.doors")
def test_a_limit_beyond_200_is_refused(client: Client) -> None:
    assert client.get("/api/v1/runs/list?limit=200", headers=TILL).status_code == 200
    assert client.get("/api/v1/runs/list?limit=201", headers=TILL).status_code == 422
