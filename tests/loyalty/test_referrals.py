"""Referrals: friends join by a code, and both sides get what is said once a purchase was paid and kept."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from loyalty.models import ReferredFriend
from loyalty.rules.challenges import GivesPoints, Referral
from loyalty.services.referrals import count_friends
from members.models import Member
from tests.loyalty.conftest import Shop
from tests.loyalty.playing import challenge, deliver, rewards, standing
from tests.loyalty.test_returns import assert_proven, bring_back, buy
from tests.loyalty.test_wallets import app_of

pytestmark = pytest.mark.django_db(transaction=True)

FRIENDS = Referral(kept_days=14, minimum_minor=500, friend_gives=GivesPoints(points=20))


def code_of(member: Member) -> str:
    return str(app_of(member).get("/api/v1/me/referral").json()["code"])


def tell(app: Client, code: str) -> tuple[int, str]:
    answer = app.post("/api/v1/me/referral", {"code": code}, content_type="application/json")
    return answer.status_code, answer.json().get("code", "")


def join(shop: Shop, code: str, phone: str) -> Member:
    """Enrol at the till, naming the code of whoever brought them."""
    answer = shop.post("members", {"phone": phone, "referral_code": code.lower()})
    assert answer.status_code == 201, answer.content
    deliver()
    return Member.objects.get(ref=answer.json()["ref"])


def count() -> None:
    while count_friends(now=datetime.now(UTC)):
        pass


def test_both_get_theirs_once_a_paid_purchase_is_kept_past_the_time_of_returns(shop: Shop) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 15, tzinfo=UTC), tick=False) as clock:
        ada, friends = shop.enrol(), challenge(shop, FRIENDS, most=2)
        bob = join(shop, code_of(ada), "+12125559001")
        buy(shop, bob, 499)
        buy(shop, bob, 600)
        deliver()
        clock.shift(timedelta(days=14))
        count()
        assert (standing(friends, ada), rewards(friends, bob)) == ((0, 0), [])
        clock.shift(timedelta(days=1))
        count()
        count()
        assert (rewards(friends, ada), rewards(friends, bob)) == ([(1, "given", 50)], [(0, "given", 20)])
        told = app_of(ada).get("/api/v1/me/referral").json()
        assert (told["friends_joined"], told["friends_counted"], told["was_referred"]) == (1, 1, False)
        assert_proven()


def test_what_comes_back_in_time_counts_for_nobody_until_something_is_kept(shop: Shop) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 15, tzinfo=UTC), tick=False) as clock:
        ada, friends = shop.enrol(), challenge(shop, FRIENDS)
        bob = join(shop, code_of(ada), "+12125559002")
        ref = buy(shop, bob, 600)
        deliver()
        clock.shift(timedelta(days=10))
        bring_back(shop, ref, None)
        deliver()
        assert ReferredFriend.objects.get().due_at is None
        buy(shop, bob, 600)
        deliver()
        clock.shift(timedelta(days=10))
        count()
        assert rewards(friends, ada) == []
        clock.shift(timedelta(days=5))
        count()
        assert rewards(friends, ada) == [(1, "given", 50)]


def test_a_member_is_paid_for_no_more_friends_than_the_challenge_says(shop: Shop) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 15, tzinfo=UTC), tick=False) as clock:
        ada, friends = shop.enrol(), challenge(shop, FRIENDS, most=2)
        for number in range(3):
            buy(shop, join(shop, code_of(ada), f"+1212555910{number}"), 600)
        deliver()
        clock.shift(timedelta(days=20))
        count()
        assert rewards(friends, ada) == [(1, "given", 50), (2, "given", 50)]
        assert ReferredFriend.objects.filter(counted_at__isnull=False).count() == 3
        assert_proven()


def test_nobody_brings_themselves_or_whoever_bought_before(shop: Shop) -> None:
    challenge(shop, FRIENDS)
    ada, bob, eve = shop.enrol(), shop.enrol(), shop.enrol()
    buy(shop, eve, 600)
    code = code_of(ada)
    assert tell(app_of(ada), code) == (409, "not_a_friend")
    assert tell(app_of(eve), code) == (409, "not_a_friend")
    assert tell(app_of(bob), "NOBODYS-CODE") == (404, "referral_code_not_found")
    assert not ReferredFriend.objects.exists()
    assert tell(app_of(bob), code)[0] == 200
    assert tell(app_of(bob), code)[0] == 200
    assert tell(app_of(bob), code_of(eve)) == (409, "not_a_friend")
    assert ReferredFriend.objects.get().referred_by_id == ada.pk


def test_a_code_that_nobody_has_is_left_aside_at_enrolment(shop: Shop) -> None:
    challenge(shop, FRIENDS)
    join(shop, "NOBODYS-CODE", "+12125559003")
    assert not ReferredFriend.objects.exists()
