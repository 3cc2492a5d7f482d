"""Challenges on the staff's pages: said in plain fields, tried on a member, started, told with their figures."""

import re
from typing import Any

import msgspec
import pytest
from django.test import Client

from config.staff.roles import CASHIER, MARKETER
from loyalty.admin.challenge_answers import is_sayable
from loyalty.models import Challenge, ProgrammeTerms
from loyalty.rules.challenges import (
    Acts,
    ChallengeDefinition,
    GivesPoints,
    Mission,
    Purchases,
    Referral,
    StampCard,
    Streak,
)
from loyalty.rules.conditions import ChannelIs, Spends, Weekdays
from loyalty.rules.scope import Scope
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop
from tests.loyalty.playing import challenge, count_past, deliver
from tests.loyalty.test_admin_rules import signed_in
from tests.loyalty.test_returns import buy
from tests.loyalty.vouchers import series

pytestmark = pytest.mark.django_db
ADD, DRAFTS = "/admin/loyalty/challenge/add/", "/admin/loyalty/ruledraft/"


def answers(**changed: Any) -> dict[str, Any]:
    """What a marketer fills in for a card of nine stamps on groceries."""
    card = {"goal": "stamp_card", "needed": "9", "per": "piece", "categories": ["groceries"]}
    return card | {"name": "Ninth cup", "code": "ninth-cup", "gives": "points", "points": "500"} | changed


def write(client: Client, **changed: Any) -> Challenge:
    answer = client.post(ADD, answers(**changed), follow=True)
    found = Challenge.objects.filter(code="ninth-cup").first()
    assert found is not None, answer.context["adminform"].form.errors
    return found


def press(client: Client, row: Challenge, button: str) -> str:
    """The page after a button was pressed and its question answered, as it was read."""
    url = f"/admin/loyalty/challenge/{row.pk}/{button}/"
    read = re.search(r'name="read" value="(\w+)"', client.get(url).content.decode())
    answer = client.post(url, {"read": read[1]} if read else {}, follow=True)
    return answer.content.decode()


def page_of(client: Client, row: Challenge) -> str:
    return client.get(f"/admin/loyalty/challenge/{row.pk}/change/").content.decode()


def test_a_marketer_writes_tries_and_starts_a_stamp_card(shop: Shop) -> None:
    member, client = shop.enrol(), signed_in(MARKETER)
    buy(shop, member, 100, quantity=10)
    row = write(client)
    page = client.get(f"/admin/loyalty/challenge/{row.pk}/change/?whose={member.ref}").content.decode()
    assert "Collect 9 stamps, one for each piece of category groceries: 500 points" in page
    assert "1 of 9 stamps, completed 1 time;" in page
    assert "counts." in press(client, row, "start")
    count_past()
    listed = client.get("/admin/loyalty/challenge/").content.decode()
    assert ("Ninth cup" in listed, "live" in listed) == (True, True)
    shown = client.get(f"/admin/loyalty/challenge/{row.pk}/change/").content.decode()
    assert "Take part" in shown
    assert 'name="goal"' not in shown
    assert "is over." in press(client, row, "end")


def test_who_wrote_it_does_not_start_it_where_another_person_has_to(shop: Shop) -> None:
    ProgrammeTerms.objects.filter(programme=shop.programme).update(rules_need_approval=True)
    client = signed_in(MARKETER)
    row = write(client)
    assert "another one approves" in press(client, row, "start")
    row.refresh_from_db()
    assert row.started_at is None
    assert "It waits for somebody else who may approve challenges" in page_of(client, row)
    other = Client()
    other.force_login(in_role(MARKETER))
    assert "Challenge Ninth cup" in client.get(DRAFTS).content.decode()
    assert "waits for you" not in client.get(DRAFTS).content.decode()
    assert "waits for you" in other.get(DRAFTS).content.decode()
    assert "It waits" not in page_of(other, row)

    assert "counts." in press(other, row, "start")

    assert "Challenge Ninth cup" not in other.get(DRAFTS).content.decode()


def test_what_was_written_over_since_it_was_read_is_read_again(shop: Shop) -> None:
    client = signed_in(MARKETER)
    row = write(client, live_from_0="2026-03-01", live_from_1="06:00")
    url = f"/admin/loyalty/challenge/{row.pk}"
    asked = client.get(f"{url}/start/").content.decode()
    assert ("Collect 9 stamps" in asked, "From 2026-03-01 06:00." in asked) == (True, True)
    client.post(f"{url}/change/", answers(needed="5"))

    answer = client.post(f"{url}/start/", {"read": row.digest()}, follow=True)

    assert "read it again" in answer.content.decode()
    row.refresh_from_db()
    assert row.started_at is None


def test_what_is_missing_or_odd_is_said_beside_its_field(shop: Shop) -> None:
    client = signed_in(MARKETER)
    for changed, field in (
        ({"needed": ""}, "needed"),
        ({"points": ""}, "points"),
        ({"gives": "voucher"}, "series"),
        ({"gives": ""}, "badge"),
        ({"per": "amount"}, "__all__"),
    ):
        errors = client.post(ADD, answers(**changed)).context["adminform"].form.errors
        assert list(errors) == [field]
    challenge(shop, StampCard(stamps=9))
    taken = Challenge.objects.get().code
    assert "code" in client.post(ADD, answers(code=taken)).context["adminform"].form.errors
    assert Challenge.objects.count() == 1


def test_a_draft_is_changed_and_thrown_away_and_a_started_one_is_neither(shop: Shop) -> None:
    client, free = signed_in(MARKETER), series(shop)
    row = write(client)
    url = f"/admin/loyalty/challenge/{row.pk}"
    client.post(f"{url}/change/", answers(gives="voucher", series=free.code, needed="5"))
    row.refresh_from_db()
    assert (row.definition["goal"]["stamps"], row.definition["gives"]["series"]) == (5, free.code)
    press(client, row, "start")
    assert client.post(f"{url}/change/", answers(needed="7")).status_code == 403
    assert client.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert row.definition["goal"]["stamps"] == 5


def test_a_cashier_sees_no_challenges(shop: Shop) -> None:
    assert signed_in(CASHIER).get("/admin/loyalty/challenge/").status_code == 403


@pytest.mark.parametrize(
    ("goal", "sayable"),
    [
        (StampCard(stamps=9, per="amount", amount_minor=500), True),
        (StampCard(stamps=9, per="purchase", of=Acts(act="review")), True),
        (Mission(times=3, on_different_days=True, of=Purchases(conditions=[Weekdays(days=[6, 7])])), True),
        (Streak(length=4, unit="week", of=Purchases(conditions=[Spends(minimum_minor=500)])), True),
        (Referral(kept_days=30, minimum_minor=500, friend_gives=GivesPoints(points=20)), True),
        (Mission(times=3, of=Purchases(conditions=[ChannelIs(channel="store")])), False),
        (StampCard(stamps=9, of=Purchases(scope=Scope(except_skus=["X"]))), False),
    ],
)
def test_the_form_says_all_of_a_challenge_or_leaves_it_alone(goal: Any, sayable: bool) -> None:
    definition = ChallengeDefinition(goal=goal, gives=GivesPoints(points=5), badge="B", most=None)
    again = msgspec.convert(msgspec.to_builtins(definition), ChallengeDefinition)
    assert is_sayable(again) is sayable


def test_a_started_challenge_tells_who_takes_part(shop: Shop) -> None:
    member = shop.enrol()
    row = challenge(shop, StampCard(stamps=3))
    buy(shop, member, 100, quantity=4)
    deliver()
    page = signed_in(MARKETER).get(f"/admin/loyalty/challenge/{row.pk}/change/").content.decode()
    assert ("100 % of them" in page, "points worth 0.05 USD" in page) == (True, True)
