"""What stands above the form on a member's page: who it is, and the panels of all floors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import get_current_timezone

from config.ground.api.pages import seal_cursor
from config.ground.moments import day
from config.ground.refusals import InvalidInput
from members.admin.timeline import NEWEST, OF_PAGE, list_happenings, timeline_panel
from members.member_data import Cell, Panel, list_kinds, list_panels
from members.models import Member
from members.queries.timeline import cursor_key
from members.rules.masking import masked
from members.rules.people import called


class Header(msgspec.Struct, frozen=True):
    """Who it is, in one line, and since when in another."""

    name: str
    ref: str
    state: str
    since: str


class Titled:
    """A row under the name that its page's title says, since the row itself says its ref, which names nobody."""

    def __init__(self, row: Any, title: str) -> None:
        self._row, self._title = row, title

    def __str__(self) -> str:
        return self._title

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


def facts_of_header(member: Member) -> Header:
    name = called(member.given_name, member.family_name, member.display_name)
    place = f" at {member.enrolled_at_place}" if member.enrolled_at_place else ""
    since = f"Member since {day(member.enrolled_at, get_current_timezone())}, by {member.enrolled_via}{place}"
    return Header(name=name or "No name yet", ref=member.ref, state=member.state, since=since)


def panels_shown(member_id: int, *, viewer: Any, is_masked: bool, now: datetime) -> list[Panel]:
    """The panels of all floors, every text in a cell, personal data masked for who may not see it, and what the viewer
    may do."""
    newest = timeline_panel(list_happenings(member_id, viewer_id=viewer.pk, limit=NEWEST, now=now), member_id)
    panels = [newest, *list_panels(member_id, now=now, viewer_id=viewer.pk)]
    return [dressed(panel, viewer, is_masked) for panel in panels]


def dressed(panel: Panel, viewer: Any, is_masked: bool) -> Panel:
    """A panel as this viewer may see it."""
    facts = tuple(msgspec.structs.replace(fact, value=_cell(fact.value, is_masked)) for fact in panel.facts)
    rows = tuple(_cells(row, is_masked) for row in panel.rows)
    acts = tuple(act for act in panel.acts if viewer.has_perm(act.right))
    return msgspec.structs.replace(panel, facts=facts, rows=rows, acts=acts)


def facts_of_timeline(
    member: Member, request: HttpRequest, *, is_masked: bool, now: datetime
) -> dict[str, Any]:
    """A page of the timeline: its lines, the kinds to choose from, and where the older ones are."""
    kind, listing = request.GET.get("kind", ""), f"timeline:{member.pk}"
    kinds = {"": "Everything", **list_kinds()}
    if kind not in kinds:
        raise Http404
    try:
        found = list_happenings(
            member.pk,
            viewer_id=request.user.pk,
            limit=OF_PAGE + 1,
            now=now,
            kind=kind,
            cursor=request.GET.get("before"),
        )
    except InvalidInput:
        raise Http404 from None
    shown = found[:OF_PAGE]
    older = seal_cursor(listing, cursor_key(shown[-1])) if len(found) > OF_PAGE else ""
    return {
        "title": f"What happened with {facts_of_header(member).name}",
        "panel": dressed(timeline_panel(shown, member.pk, is_whole=True), request.user, is_masked),
        "kinds": kinds.items(),
        "kind": kind,
        "older": urlencode({"kind": kind, "before": older}) if older else "",
        "is_first": "before" not in request.GET,
        "page_of_member": reverse("admin:members_member_change", args=[member.pk]),
    }


def _cells(row: Sequence[Cell | str], is_masked: bool) -> tuple[Cell, ...]:
    return tuple(_cell(one, is_masked) for one in row)


def _cell(one: Cell | str, is_masked: bool) -> Cell:
    if isinstance(one, str):
        return Cell(one)
    if one.kind != "personal":
        return one
    text = masked(one.of, one.text) if is_masked else one.text
    return Cell(text, kind="text" if one.of == "words" else "code", link=one.link)
