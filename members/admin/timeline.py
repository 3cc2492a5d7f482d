"""The timeline as staff see it: its newest lines on the member's page, and all of it on a page of its own."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.timezone import get_current_timezone

from config.ground.api.pages import open_cursor
from config.ground.moments import moment
from members.member_data import Act, Cell, Panel, list_kinds
from members.queries.merges import list_those_of
from members.queries.timeline import list_timeline, mark_of
from members.rules.timeline import Asked, Happening

NEWEST = 10
OF_PAGE = 50


def list_happenings(
    member_id: int,
    *,
    viewer_id: int | None,
    limit: int,
    now: datetime,
    kind: str = "",
    cursor: str | None = None,
) -> list[Happening]:
    """
    :raises InvalidInput: the cursor was not given out for this member.
    """
    return list_timeline(
        Asked(
            people=tuple(list_those_of(member_id)),
            now=now,
            limit=limit,
            before=mark_of(open_cursor(f"timeline:{member_id}", cursor)),
            kinds=frozenset([kind] if kind else []),
            viewer_id=viewer_id,
        )
    )


def timeline_panel(found: Sequence[Happening], member_id: int, *, is_whole: bool = False) -> Panel:
    """Lines as a table; on the member's page with a way to the whole."""
    kinds = list_kinds()
    page = reverse("admin:members_member_timeline", args=[member_id])
    return Panel(
        title="Timeline",
        order=9,
        columns=("When", "What", "Where", "In words"),
        rows=tuple(_row(one, kinds) for one in found),
        empty="Nothing happened yet.",
        is_wide=True,
        acts=() if is_whole else (Act("All of it", page, "members.view_member"),),
    )


def _row(one: Happening, kinds: dict[str, str]) -> tuple[Cell | str, ...]:
    link = reverse(f"admin:{one.page}_change", args=[one.row]) if one.page else ""
    words = Cell(one.words, kind="personal" if one.is_personal else "text", of="words", link=link)
    return moment(one.at, get_current_timezone()), Cell(kinds[one.kind], kind="muted"), one.where, words
