"""How a member stands in challenges: for the app, and on the member's page."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from loyalty.member_data import Points
from loyalty.rules.challenges import GivesVoucher, Mission, StampCard, Streak
from tests.loyalty.conftest import Shop
from tests.loyalty.playing import challenge, deliver
from tests.loyalty.test_returns import buy
from tests.loyalty.test_wallets import app_of
from tests.loyalty.vouchers import series

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_app_shows_what_is_missing_in_words_the_nearest_first(shop: Shop) -> None:
    member, free = shop.enrol(), series(shop, name="Free tea")
    challenge(shop, Mission(times=4), name="Four times")
    card = challenge(shop, StampCard(stamps=9), GivesVoucher(series=free.code), most=None)
    buy(shop, member, 100, quantity=7)
    deliver()
    answer = app_of(member).get("/api/v1/me/challenges")
    first, second = answer.json()["results"]
    assert (first["code"], first["reached"], first["needed"], first["missing"]) == (card.code, 7, 9, 2)
    assert first["progress"] == "7 of 9 stamps"
    assert first["next"] == "2 more stamps until the voucher Free tea"
    assert (
        first["says"] == "Collect 9 stamps, one for each piece: the voucher Free tea, as often as you like."
    )
    assert (first["voucher"], first["points"], first["most"]) == ("Free tea", None, None)
    assert (second["name"], second["next"]) == ("Four times", "3 more purchases until 50 points")


def test_an_app_asks_again_with_an_etag(shop: Shop) -> None:
    member = shop.enrol()
    challenge(shop, StampCard(stamps=9))
    app = app_of(member)
    etag = app.get("/api/v1/me/challenges").headers["ETag"]
    assert app.get("/api/v1/me/challenges", headers={"If-None-Match": etag}).status_code == 304
    buy(shop, member, 100)
    deliver()
    assert app.get("/api/v1/me/challenges", headers={"If-None-Match": etag}).status_code == 200


def test_a_till_sees_the_stamps_of_the_member_who_stands_there(shop: Shop) -> None:
    member = shop.enrol()
    challenge(shop, StampCard(stamps=9))
    buy(shop, member, 100, quantity=7)
    deliver()
    key = {"Authorization": f"Bearer {shop.key}"}
    answer = shop.client.get(f"/api/v1/members/{member.ref}/challenges", headers=key)
    assert answer.json() == app_of(member).get("/api/v1/me/challenges").json()
    assert answer.json()["results"][0]["progress"] == "7 of 9 stamps"
    nobody = shop.client.get(f"/api/v1/members/mem_{'0' * 26}/challenges", headers=key)
    assert nobody.status_code == 404


def test_what_is_over_says_so_and_what_ended_is_not_shown(shop: Shop) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 15, tzinfo=UTC), tick=False) as clock:
        member, now = shop.enrol(), datetime.now(UTC)
        challenge(shop, Mission(times=1), badge="Newcomer", live_until=now + timedelta(days=2))
        buy(shop, member, 100)
        deliver()
        told = app_of(member).get("/api/v1/me/challenges").json()
        (one,) = told["results"]
        assert (one["is_over"], one["completed"], one["missing"], one["next"]) == (True, 1, 0, "")
        clock.shift(timedelta(days=3))
        later = app_of(member).get("/api/v1/me/challenges").json()
        assert (later["results"], [badge["badge"] for badge in later["badges"]]) == ([], ["Newcomer"])


def test_a_run_that_was_broken_shows_nothing_reached(shop: Shop) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 15, tzinfo=UTC), tick=False) as clock:
        member = shop.enrol()
        challenge(shop, Streak(length=5, unit="day"))
        buy(shop, member, 100)
        deliver()
        reached = []
        for _ in range(3):
            reached.append(app_of(member).get("/api/v1/me/challenges").json()["results"][0]["reached"])
            clock.shift(timedelta(days=1))
        assert reached == [1, 1, 0]


def test_a_colleague_sees_challenges_and_badges_on_the_members_page(shop: Shop) -> None:
    member = shop.enrol()
    challenge(shop, StampCard(stamps=9), badge="Tea lover", name="Ninth cup")
    buy(shop, member, 100, quantity=10)
    deliver()
    panels = Points().panels(member.pk, now=datetime.now(UTC))
    (panel,) = [one for one in panels if one.title == "Challenges"]
    cells = [getattr(cell, "text", cell) for cell in panel.rows[0]]
    assert cells == ["Ninth cup", "9 of 9 stamps", "1", "complete"]
    assert [getattr(fact.value, "text", fact.value) for fact in panel.facts] == ["Tea lover"]


def test_a_purchase_says_which_challenge_it_completed(shop: Shop) -> None:
    member = shop.enrol()
    challenge(shop, StampCard(stamps=3), name="Third cup")
    ref = buy(shop, member, 100, quantity=3)
    deliver()
    told = app_of(member).get(f"/api/v1/me/orders/{ref}/why").json()
    assert "With it you completed Third cup: 50 points." in told["for_member"]
