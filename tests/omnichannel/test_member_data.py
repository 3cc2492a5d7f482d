"""What this floor shows on the member's page."""

from datetime import timedelta
from typing import Any

import pytest

from members.admin.page import panels_shown
from members.member_data import Cell, Panel, list_panels
from members.models import Member
from omnichannel.member_data import SHOWN, panels
from omnichannel.models import Programme
from omnichannel.services.behaviour import Teller, Told, record_events
from omnichannel.services.messages import queue_messages
from tests.config.staff import StaffFactory
from tests.members.factories import MemberFactory
from tests.omnichannel.factories import MADE_AT, PlaceFactory, ProgrammeFactory, an_order, serves
from tests.omnichannel.test_messages import draft

pytestmark = pytest.mark.django_db


def shown(member_id: int) -> tuple[Panel, Panel]:
    _service, orders, messages, _behaviour = panels(member_id, now=MADE_AT)
    return orders, messages


def test_the_members_page_has_our_panels() -> None:
    titles = [panel.title for panel in list_panels(MemberFactory().pk, now=MADE_AT)]

    assert [title for title in titles if title in {"Orders", "Messages"}] == ["Orders", "Messages"]


def test_purchases_stand_by_the_clock_of_their_store_newest_first() -> None:
    member, place = MemberFactory(), PlaceFactory(name="Market Street")
    an_order(member, place, 100, placed_at=MADE_AT - timedelta(days=1))
    newest = an_order(member, place, 450, 300, 250)
    an_order(MemberFactory(), place, 999)

    orders, _ = shown(member.pk)

    assert len(orders.rows) == 2
    assert orders.rows[0] == (
        "2025-12-31 19:00",
        "Market Street",
        Cell(newest.number, kind="code", link=f"/admin/omnichannel/order/{newest.pk}/change/"),
        Cell("3", kind="number"),
        Cell("10.00 USD", kind="number"),
        Cell("completed", kind="good"),
    )


def test_who_serves_a_store_sees_what_was_bought_there() -> None:
    member, ours, theirs = MemberFactory(), PlaceFactory(name="Market Street"), PlaceFactory(name="Mill Lane")
    for place in (ours, theirs):
        an_order(member, place, 450)
    serving, everywhere = StaffFactory(), StaffFactory()
    serves(serving, ours)

    def places_seen_by(viewer_id: int) -> set[Any]:
        _service, orders, *_others = panels(member.pk, now=MADE_AT, viewer_id=viewer_id)
        return {row[1] for row in orders.rows}

    assert places_seen_by(serving.pk) == {"Market Street"}
    assert places_seen_by(everywhere.pk) == {"Market Street", "Mill Lane"}


def _did(member: Member, programme: Programme, type_code: str, **properties: Any) -> None:
    teller = Teller(programme_id=programme.pk, programme_code=programme.code, source="webshop")
    known_as = ("ref", member.ref)
    told = Told(id=type_code, type=type_code, happened_at=MADE_AT, member=known_as, properties=properties)
    (outcome,) = record_events([told], teller=teller, now=MADE_AT)
    assert outcome.outcome == "recorded", outcome


def test_what_members_wrote_is_masked_for_who_may_not_see_personal_data() -> None:
    member, programme = MemberFactory(), ProgrammeFactory()
    _did(member, programme, "search", words="+12125550142 ann@example.com")
    _did(member, programme, "review", rating=5)
    viewer = StaffFactory()

    def says(*, is_masked: bool) -> list[str]:
        panels = panels_shown(member.pk, viewer=viewer, is_masked=is_masked, now=MADE_AT)
        (behaviour,) = (panel for panel in panels if panel.title == "Behaviour")
        return [Cell(row[3]).text if isinstance(row[3], str) else row[3].text for row in behaviour.rows]

    assert says(is_masked=True) == ["rating: 5", "•••"]
    assert says(is_masked=False) == ["rating: 5", "words: +12125550142 ann@example.com"]


def test_who_serves_a_store_sees_what_was_told_to_its_programme() -> None:
    member, ours = MemberFactory(), PlaceFactory()
    _did(member, ours.programme, "review", rating=5)
    _did(member, ProgrammeFactory(), "check_in")
    serving, everywhere = StaffFactory(), StaffFactory()
    serves(serving, ours)

    def seen_by(viewer_id: int) -> list[Any]:
        return [row[1] for row in panels(member.pk, now=MADE_AT, viewer_id=viewer_id)[3].rows]

    assert seen_by(serving.pk) == ["review"]
    assert seen_by(everywhere.pk) == ["check in", "review"]


def test_who_has_nothing_is_told_so() -> None:
    orders, messages = shown(MemberFactory().pk)

    assert (orders.rows, messages.rows) == ((), ())
    assert orders.empty
    assert messages.empty


def test_a_message_says_what_became_of_it() -> None:
    member = MemberFactory()
    queue_messages([draft(member.pk, subject="Your receipt")], now=MADE_AT)

    _, messages = shown(member.pk)

    (row,) = messages.rows
    assert (row[1], row[3]) == ("E-mail", Cell("queued", kind="muted"))
    assert isinstance(row[2], Cell)
    assert row[2].text == "Your receipt"


@pytest.mark.parametrize("count", [1, 3, SHOWN + 1])
def test_the_panels_are_six_statements_however_much_there_is(
    count: int, django_assert_num_queries: Any
) -> None:
    member, place = MemberFactory(), PlaceFactory()
    for number in range(count):
        an_order(member, place, 450)
        queue_messages([draft(member.pk, dedupe_key=f"m{number}")], now=MADE_AT)

    with django_assert_num_queries(6):
        orders, messages = shown(member.pk)

    assert len(orders.rows) == len(messages.rows) == min(count, SHOWN)
