"""What becomes of a redemption: packed, handed over, attended, paid; or cancelled, and all of it comes back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from config.outbox.models import Event
from loyalty.models import Entry, Lot, Redemption, RedemptionStep, RewardStock, Voucher, Wallet
from loyalty.services.expiry import book_expired_lots
from loyalty.services.verification import verify_ledger
from members.models import Member
from omnichannel.services.keys import make_key
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.rewards import (
    app_of,
    experience,
    gift,
    redeem_at_till,
    redeem_by_app,
    rich,
    tell,
    tell_by_app,
    voucher_reward,
)

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 4, 17, tzinfo=UTC)


def wallet_of(member: Member) -> Wallet:
    assert verify_ledger(now=datetime.now(UTC)) == []
    return Wallet.objects.get(member=member)


def give_back(member: Member, ref: str) -> Any:
    return tell_by_app(member, f"me/redemptions/{ref}/cancel", {})


def cancel(shop: Shop, ref: str) -> Any:
    return tell(shop, f"redemptions/{ref}/cancel", {"because": "it was broken"})


def move(shop: Shop, ref: str, to: str) -> Any:
    return tell(shop, f"redemptions/{ref}/state", {"state": to})


def test_a_cancelled_redemption_gives_points_piece_and_voucher_back(shop: Shop) -> None:
    member, reward = rich(shop), voucher_reward(shop, stock=1)
    ref = redeem_by_app(member, reward).json()["ref"]
    answer = give_back(member, ref)
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert wallet_of(member).spendable == 500
    assert RewardStock.objects.get(reward=reward).taken == 0
    assert Voucher.objects.get(member=member).revoked_because == "given back by the member"
    back = Entry.objects.get(kind="reverse_spend")
    assert (back.points, back.reason, back.undoes) == (
        300,
        "Cancelled: 5.00 off",
        Entry.objects.get(kind="spend"),
    )
    event = Event.objects.get(name="loyalty.redemption_cancelled")
    assert (event.payload["points"], event.payload["because"]) == (300, "given back by the member")
    again = give_back(member, ref)
    assert (again.status_code, again.json()["reason"]) == (409, "cancelled")
    assert wallet_of(member).spendable == 500
    assert redeem_by_app(member, reward).status_code == 201


def test_points_that_come_back_keep_their_old_expiry(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(expiry_days=30)
        member = rich(shop, 100)
        clock.shift(timedelta(days=10))
        shop.commit(basket(1_000, member=member))
        before = list(Lot.objects.order_by("id").values_list("remaining", "expires_at"))
        ref = redeem_by_app(member, gift(shop, 150)).json()["ref"]
        clock.shift(timedelta(hours=1))
        give_back(member, ref)
        assert list(Lot.objects.order_by("id").values_list("remaining", "expires_at")) == before


def test_points_that_ran_out_meanwhile_come_back_and_are_gone(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(expiry_days=30)
        member = rich(shop, 100)
        clock.shift(timedelta(days=10))
        shop.commit(basket(1_000, member=member))
        ref = redeem_by_app(member, gift(shop, 150)).json()["ref"]
        clock.shift(timedelta(days=25))
        assert cancel(shop, ref).status_code == 200
        assert app_of(member).get("/api/v1/me/wallet").json()["spendable"] == 100
        book_expired_lots(until=datetime.now(UTC), now=datetime.now(UTC))
        assert wallet_of(member).balance == 100


def test_what_comes_back_pays_what_is_owed_first(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(when_spent="debt")
    member = shop.enrol()
    order = shop.commit(basket(1_000, member=member)).json()["order"]["ref"]
    ref = redeem_by_app(member, gift(shop, 100)).json()["ref"]
    tell(shop, f"orders/{order}/cancel", {"return_number": "B-1"})
    assert wallet_of(member).debt == 100
    shop.commit(basket(300, member=member))
    assert wallet_of(member).debt == 70
    give_back(member, ref)
    wallet = wallet_of(member)
    assert (wallet.debt, wallet.spendable) == (0, 30)


def test_a_member_gives_back_as_long_as_it_says(shop: Shop) -> None:
    with time_machine.travel(START, tick=False) as clock:
        member = rich(shop)
        kept, late, never = gift(shop, 10), gift(shop, 20, cancel_hours=2), gift(shop, 30, cancel_hours=0)
        refs = [redeem_by_app(member, reward).json()["ref"] for reward in (kept, late, never)]
        clock.shift(timedelta(hours=2))
        answers = [give_back(member, ref) for ref in refs]
        assert [answer.status_code for answer in answers] == [200, 409, 409]
        assert answers[1].json()["reason"] == "too_late"
        told = app_of(member).get(f"/api/v1/me/redemptions/{refs[1]}").json()
        assert (told["cancel_until"], told["state"]) == (None, "ordered")
        assert cancel(shop, refs[1]).status_code == 200


def test_seats_are_given_back_until_so_many_hours_before(shop: Shop) -> None:
    with time_machine.travel(START, tick=False) as clock:
        member, evening = rich(shop), experience(shop, cancel_hours=24)
        ref = redeem_by_app(member, evening).json()["ref"]
        clock.shift(timedelta(days=2))
        assert give_back(member, ref).json()["reason"] == "too_late"
        clock.shift(timedelta(seconds=-1))
        assert give_back(member, ref).status_code == 200


def test_never_5_a_used_voucher_is_not_given_back(shop: Shop) -> None:
    """500 points, 5.00 off at the till, refused the second time; the points are gone unless the goods come back."""
    member, reward = rich(shop), voucher_reward(shop)
    told = redeem_by_app(member, reward).json()
    ref, code = told["ref"], told["voucher"]["code"]
    bought = shop.commit(basket(2_000, member=member, voucher_codes=[code])).json()
    assert bought["settlement"]["payable_minor"] == 1_500
    second = shop.quote(basket(2_000, member=member, voucher_codes=[code])).json()["settlement"]
    assert (second["payable_minor"], second["not_applied"][0]["code"]) == (2_000, "voucher_used")
    assert "It was used on" in second["not_applied"][0]["because"]
    for answer in (give_back(member, ref), cancel(shop, ref)):
        assert (answer.status_code, answer.json()["reason"]) == (409, "voucher_used")
        assert answer.json()["detail"] == "The voucher was used already."
    assert wallet_of(member).spendable == 200 + 150
    assert Voucher.objects.get().revoked_at is None
    tell(shop, f"orders/{bought['order']['ref']}/cancel", {"return_number": "B-1"})
    assert give_back(member, ref).status_code == 200
    assert wallet_of(member).spendable == 500
    gone = shop.quote(basket(2_000, member=member, voucher_codes=[code])).json()["settlement"]
    assert gone["payable_minor"] == 2_000


def test_a_gift_comes_to_the_member_step_by_step(shop: Shop) -> None:
    member, reward = rich(shop), gift(shop, stocks={})
    ref = redeem_by_app(member, reward).json()["ref"]
    assert [move(shop, ref, to).status_code for to in ("packed", "packed", "ready")] == [200, 200, 200]
    assert give_back(member, ref).json()["reason"] == "too_late"
    back = move(shop, ref, "packed")
    assert (back.json()["reason"], back.json()["detail"]) == (
        "not_next",
        "It is sent, or ready at the store.",
    )
    answer = move(shop, ref, "handed_over").json()
    assert [step["state"] for step in answer["steps"]] == ["ordered", "packed", "ready", "handed_over"]
    assert cancel(shop, ref).json()["detail"] == "It was handed over already."
    moved = Event.objects.filter(name="loyalty.redemption_moved").order_by("id")
    assert [event.payload["state"] for event in moved] == ["packed", "ready", "handed_over"]
    with pytest.raises(DatabaseError), transaction.atomic():
        Redemption.objects.update(state="ordered")


def test_who_comes_is_checked_in_once(shop: Shop) -> None:
    member, evening = rich(shop), experience(shop)
    ref = redeem_by_app(member, evening).json()["ref"]
    assert move(shop, ref, "handed_over").json()["reason"] == "not_next"
    assert [move(shop, ref, "attended").status_code for _ in range(2)] == [200, 200]
    assert RedemptionStep.objects.filter(state="attended").count() == 1


def test_nothing_is_handed_over_before_its_money_part_is_paid(shop: Shop) -> None:
    member, reward = rich(shop), gift(shop, cash_minor=500)
    ref = redeem_by_app(member, reward).json()["ref"]
    unpaid = move(shop, ref, "handed_over")
    assert (unpaid.json()["reason"], unpaid.status_code) == ("cash_due", 409)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE loyalty_redemption SET state = 'handed_over'")
    paid = [
        tell(shop, f"redemptions/{ref}/cash", {"receipt_number": number})
        for number in ("R-77", "R-77", "R-78")
    ]
    assert [answer.status_code for answer in paid] == [200, 200, 409]
    assert paid[2].json()["detail"] == "It was paid by the sale R-77."
    assert Redemption.objects.get().cash_place == shop.place
    assert move(shop, ref, "handed_over").status_code == 200


def test_money_paid_with_the_points_is_said_when_it_is_cancelled(shop: Shop) -> None:
    member, reward = rich(shop), gift(shop, cash_minor=500)
    made = redeem_at_till(shop, member, reward, cash_receipt="R-77").json()
    assert (made["cash_receipt"], made["cash_minor"]) == ("R-77", 500)
    assert cancel(shop, made["ref"]).json()["cash_minor"] == 500
    assert Event.objects.get(name="loyalty.redemption_cancelled").payload["cash_minor"] == 500
    told = redeem_at_till(shop, member, gift(shop, 10), cash_receipt="R-78").json()
    assert (told["code"], told["reason"]) == ("reward_not_redeemable", "no_cash_due")


def test_a_member_reaches_only_their_own(shop: Shop) -> None:
    member, other = rich(shop), rich(shop)
    ref = redeem_by_app(member, gift(shop, 10)).json()["ref"]
    assert app_of(other).get(f"/api/v1/me/redemptions/{ref}").status_code == 404
    assert give_back(other, ref).json()["code"] == "redemption_not_found"
    assert [one["ref"] for one in app_of(member).get("/api/v1/me/redemptions").json()["results"]] == [ref]
    assert app_of(other).get("/api/v1/me/redemptions").json()["results"] == []


def test_a_till_reaches_its_programme_and_sees_the_work_of_its_store(
    open_shop: Callable[..., Shop],
) -> None:
    shop, elsewhere = open_shop(), open_shop()
    member = rich(shop)
    here = redeem_by_app(member, gift(shop, 10), place=shop.place.code).json()["ref"]
    sent = redeem_by_app(member, gift(shop, 10)).json()["ref"]
    assert cancel(elsewhere, here).json()["code"] == "redemption_not_found"
    whole = make_key(
        name="web",
        scopes=["orders"],
        programme_id=shop.programme.pk,
        made_by="test",
        now=datetime.now(UTC),
    ).text

    def listed(key: str, query: str = "") -> list[str]:
        found = shop.client.get(f"/api/v1/redemptions{query}", headers={"Authorization": f"Bearer {key}"})
        return [one["ref"] for one in found.json()["results"]]

    assert listed(shop.key) == [here]
    assert listed(whole, "?state=ordered") == [here, sent]
    assert listed(whole, "?state=packed") == []
    assert listed(elsewhere.key) == []
