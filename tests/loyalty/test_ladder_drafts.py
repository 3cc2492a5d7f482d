"""Another ladder on its way: who would move, scheduled, approved by another person, withdrawn; and its pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from config.staff.roles import ADMINISTRATOR, CASHIER, MARKETER
from loyalty.errors import NeedsAnotherPerson, RuleDraftChanged
from loyalty.errors.tiers import LadderNotValid
from loyalty.models import Ladder, LadderDraft, ProgrammeTerms
from loyalty.queries.ladder_moves import list_moves
from loyalty.queries.ladders import find_ladder
from loyalty.rules.ladders import CalendarYear, Demand, ForPeriods, LadderDefinition
from loyalty.services import ladder_drafts
from loyalty.services.ladder_drafts import (
    approve_ladder_draft,
    count_moves_of_drafts,
    send_back_ladder_draft,
    submit_ladder_draft,
    write_ladder_draft,
)
from loyalty.services.ladders import withdraw_ladder
from tests.config.staff import in_role
from tests.loyalty.conftest import LADDER, Shop, basket, climbed_by

pytestmark = pytest.mark.django_db


def now() -> datetime:
    return datetime.now(UTC)


def silver_from(minor: int, **more: Any) -> LadderDefinition:
    steps = [LADDER.steps[0], Demand(tier="silver", threshold_minor=minor), LADDER.steps[2]]
    return LadderDefinition(steps=steps, **more)


@pytest.mark.parametrize(
    ("minor", "more", "moves"),
    [
        (5_000, {}, [("basic", "silver", 2)]),
        (5_001, {}, [("basic", "silver", 1)]),
        (12_000, {}, []),
        (12_001, {}, []),
        (12_001, {"when_live": "review"}, [("silver", "basic", 1)]),
        (12_000, {"when_live": "review"}, []),
    ],
)
def test_who_would_move_is_counted_before_it_is_made(
    shop: Shop, minor: int, more: dict[str, Any], moves: list[tuple[str, str, int]]
) -> None:
    for paid_minor in (5_000, 7_000, 12_000):
        shop.commit(basket(paid_minor, member=shop.enrol()))
    counted = list_moves(shop.programme.pk, silver_from(minor, **more), now=now())
    assert [(move.before, move.after, move.members) for move in counted] == moves
    assert all(len(move.examples) == move.members for move in counted)


def draft_of(shop: Shop, definition: LadderDefinition, live_from: datetime | None = None) -> LadderDraft:
    return write_ladder_draft(
        programme_id=shop.programme.pk, definition=definition, live_from=live_from, by="staff:1", now=now()
    )


def test_a_ladder_is_approved_by_another_person_as_it_was_read(shop: Shop) -> None:
    ProgrammeTerms.objects.update(rules_need_approval=True)
    draft = draft_of(shop, silver_from(5_000), now() + timedelta(days=3))
    read = submit_ladder_draft(draft.pk, by="staff:1", now=now()).digest()
    with pytest.raises(NeedsAnotherPerson):
        approve_ladder_draft(draft.pk, read=read, by="staff:1", now=now())
    with pytest.raises(RuleDraftChanged):
        approve_ladder_draft(draft.pk, read="else", by="staff:2", now=now())
    send_back_ladder_draft(draft.pk, note="Too easy", by="staff:2", now=now())
    draft = draft_of(shop, silver_from(6_000), now() + timedelta(days=3))
    submit_ladder_draft(draft.pk, by="staff:1", now=now())
    done = approve_ladder_draft(draft.pk, read=draft.digest(), by="staff:2", now=now())
    assert done.ladder is not None
    assert (done.ladder.version, done.ladder.approved_by) == (2, "staff:2")
    assert find_ladder(shop.programme.pk, now=now()) == LADDER
    assert find_ladder(shop.programme.pk, now=now() + timedelta(days=4)) == silver_from(6_000)


def test_where_nobody_else_is_asked_a_draft_holds_at_once(shop: Shop) -> None:
    draft = draft_of(shop, silver_from(5_000))
    assert submit_ladder_draft(draft.pk, by="staff:1", now=now()).ladder is not None
    assert find_ladder(shop.programme.pk, now=now()) == silver_from(5_000)


def test_of_many_members_it_is_counted_in_the_background(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder_drafts, "AT_ONCE", 0)
    shop.commit(basket(5_000, member=shop.enrol()))
    draft = draft_of(shop, silver_from(5_000))
    assert draft.movers is None
    assert (count_moves_of_drafts(now=now()), count_moves_of_drafts(now=now())) == (1, 0)
    draft.refresh_from_db()
    assert [move["members"] for move in draft.movers] == [1]


def test_a_ladder_that_waits_is_withdrawn_and_one_that_holds_is_not(shop: Shop) -> None:
    waits = climbed_by(shop.programme, silver_from(5_000), live_from=now() + timedelta(days=1))
    with pytest.raises(LadderNotValid, match="begins later"):
        climbed_by(shop.programme, silver_from(6_000))
    withdraw_ladder(waits, by="staff:1", now=now())
    assert find_ladder(shop.programme.pk, now=now() + timedelta(days=2)) == LADDER
    with pytest.raises(LadderNotValid, match="has begun"):
        withdraw_ladder(Ladder.objects.get(version=1), by="staff:1", now=now())


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(in_role(role))
    return client


FORM = {
    "window": "year",
    "length": "",
    "starts_month": "4",
    "visits": "days",
    "spend": ["with_shipping", "with_gift_cards"],
    "lasts": "periods",
    "lasts_for": "1",
    "grace_days": "",
    "falls": "one_step",
    "on_return": "keep",
    "when_live": "keep",
    "live_from_0": "",
    "live_from_1": "",
    "silver-threshold_minor": "50.00",
    "silver-points": "",
    "silver-visits": "12",
    "silver-needs": "any",
    "gold-threshold_minor": "500.00",
    "gold-points": "",
    "gold-visits": "",
    "gold-needs": "any",
}


def test_a_marketer_writes_another_ladder_sees_who_would_move_and_lets_it_hold(shop: Shop) -> None:
    shop.commit(basket(5_000, member=shop.enrol()))
    client = signed_in(MARKETER)
    assert "What each tier asks for" in client.get("/admin/loyalty/ladder/add/").content.decode()

    written = client.post("/admin/loyalty/ladder/add/", FORM)
    page = client.get(written.url).content.decode()

    assert "Silver is reached by 50.00 USD paid or 12 days with a purchase in the year from 1 April." in page
    assert "Silver: 100.00 USD paid in the last 365 days" in page
    assert "from Basic to Silver" in page
    assert client.post(written.url, {"_submit": "1"}).status_code == 302
    holds = find_ladder(shop.programme.pk, now=now())
    assert holds is not None
    assert (holds.window, holds.lasts, holds.falls) == (
        CalendarYear(starts_month=4),
        ForPeriods(),
        "one_step",
    )
    listed = client.get("/admin/loyalty/ladder/").content.decode()
    assert "is over" in listed
    shown = client.get(f"/admin/loyalty/ladder/{Ladder.objects.get(version=2).pk}/change/").content.decode()
    assert "for the rest of the year and 1 year more" in shown
    assert "50.00 USD paid or 12 days" in client.get("/admin/loyalty/tier/").content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"window": "days", "length": "90"}, "A rolling window has no periods"),
        ({"gold-threshold_minor": ""}, "does not name it"),
        ({"silver-threshold_minor": "500"}, "more spend"),
    ],
)
def test_what_is_no_ladder_is_said_on_the_form(shop: Shop, changed: dict[str, str], words: str) -> None:
    page = signed_in(MARKETER).post("/admin/loyalty/ladder/add/", FORM | changed)
    assert words in page.content.decode()
    assert not LadderDraft.objects.exists()


def test_a_cashier_neither_sees_nor_writes_ladders(shop: Shop) -> None:
    client = signed_in(CASHIER)
    draft = draft_of(shop, silver_from(5_000))
    assert client.get("/admin/loyalty/ladder/add/").status_code in (403, 404)
    assert client.get(f"/admin/loyalty/ladderdraft/{draft.pk}/change/").status_code in (403, 404)
    assert signed_in(ADMINISTRATOR).get(f"/admin/loyalty/ladderdraft/{draft.pk}/change/").status_code == 200
