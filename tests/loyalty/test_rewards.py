"""Points become rewards: what they cost, who may have them, and what a cashier can read out where not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from config.outbox.models import Event
from loyalty.models import Entry, Redemption, RewardStock, Tier, Voucher, Wallet
from loyalty.rules.voucher_codes import shown_form
from loyalty.services.labels import write_label
from loyalty.services.verification import verify_ledger
from loyalty.services.vouchers import revoke_series
from members.models import Member
from omnichannel.models import Place
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.rewards import (
    app_of,
    experience,
    gift,
    redeem_at_till,
    redeem_by_app,
    rich,
    voucher_reward,
)
from tests.planning import plan_by_index

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 4, 17, tzinfo=UTC)


def spendable(member: Member) -> int:
    assert verify_ledger(now=datetime.now(UTC)) == []
    return Wallet.objects.get(member=member).spendable


def refused(answer: Any) -> tuple[str, str]:
    """Why, and in which words; nothing was written."""
    assert (answer.status_code, answer.json()["code"]) == (409, "reward_not_redeemable")
    assert not Redemption.objects.exclude(state="handed_over").exists()
    assert not Entry.objects.filter(cause__startswith="redeem:").exists()
    return answer.json()["reason"], answer.json()["detail"]


def test_points_become_a_voucher_whose_code_is_in_the_answer(shop: Shop) -> None:
    member, reward = rich(shop), voucher_reward(shop)
    answer = redeem_by_app(member, reward)
    assert answer.status_code == 201
    voucher = Voucher.objects.get(member=member)
    told = answer.json()
    assert (told["state"], told["points"], told["voucher"]["code"]) == (
        "issued",
        300,
        shown_form(voucher.code),
    )
    assert voucher.cause == f"redemption:{told['ref']}"
    assert spendable(member) == 200
    entry = Entry.objects.get(kind="spend")
    assert (entry.points, entry.reason, entry.cause) == (-300, "Reward: 5.00 off", f"redeem:{told['ref']}")
    event = Event.objects.get(name="loyalty.reward_redeemed")
    assert (event.member_id, event.payload["voucher_code"]) == (member.pk, shown_form(voucher.code))


@pytest.mark.parametrize(("points", "status"), [(499, 201), (500, 201), (501, 409), (512, 409)])
def test_a_reward_costs_no_more_than_there_is(shop: Shop, points: int, status: int) -> None:
    member = rich(shop, 500)
    answer = redeem_by_app(member, gift(shop, points))
    assert answer.status_code == status
    if status == 409:
        words = {501: "1 point is missing.", 512: "12 points are missing."}
        assert refused(answer) == ("points_missing", words[points])
        assert answer.json()["missing_points"] == points - 500
    assert spendable(member) == (500 - points if status == 201 else 500)


def test_points_are_drawn_from_what_expires_first(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop(expiry_days=30)
        member = rich(shop, 100)
        clock.shift(timedelta(days=5))
        shop.commit(basket(1_000, member=member))
        redeem_by_app(member, gift(shop, 150))
        left = Entry.objects.get(kind="spend").moves.order_by("lot_id").values_list("points", flat=True)
        assert list(left) == [-100, -50]
        assert spendable(member) == 50


def test_what_is_held_cannot_be_redeemed(shop: Shop) -> None:
    member, reward = rich(shop, 300), gift(shop, 150)
    own = {"member": {"ref": member.ref}, "points": 200}
    assert shop.post("holds", own, **{"Idempotency-Key": "hold"}).status_code == 201
    assert refused(redeem_by_app(member, reward)) == ("points_missing", "50 points are missing.")


def test_who_owes_points_redeems_none(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(when_spent="debt")
    member = shop.enrol()
    order = shop.commit(basket(1_000, member=member)).json()["order"]["ref"]
    shop.commit(basket(90, member=member, spend_points=100))
    shop.post(f"orders/{order}/cancel", {"return_number": "B-1"}, **{"Idempotency-Key": "b"})
    words = "100 points are owed; the next points pay them first."
    assert refused(redeem_by_app(member, gift(shop, 10))) == ("points_owed", words)


def test_a_tier_is_needed_and_how_much_is_missing_to_it(shop: Shop) -> None:
    member = shop.enrol()
    shop.commit(basket(6_800, member=member))
    silver, gold = (Tier.objects.get(programme=shop.programme, code=code) for code in ("silver", "gold"))
    for reward, words in (
        (gift(shop, 10, tier=silver.code), "Silver is needed; 32.00 USD more to Silver."),
        (gift(shop, 10, tier=gold.code), "Gold is needed; the member stands on Basic."),
    ):
        assert refused(redeem_by_app(member, reward)) == ("tier_needed", words)
    shop.commit(basket(3_200, member=member))
    assert redeem_by_app(member, gift(shop, 10, tier="silver")).status_code == 201


def test_the_last_piece_goes_and_then_it_is_sold_out(shop: Shop) -> None:
    reward = gift(shop, 100, stock=1)
    assert redeem_by_app(rich(shop), reward).status_code == 201
    answer = redeem_by_app(rich(shop), reward)
    assert (answer.json()["reason"], answer.json()["detail"]) == ("sold_out", "Coffee mug is sold out.")
    with pytest.raises(IntegrityError), transaction.atomic():
        RewardStock.objects.update(taken=2)


def test_each_store_keeps_its_own_stock(shop: Shop) -> None:
    other = Place.objects.create(programme=shop.programme, code="MARKET", name="Market Square", kind="store")
    reward = gift(shop, 100, stock=5, stocks={shop.place.pk: 1, other.pk: 2})
    member = rich(shop)
    assert refused(redeem_by_app(member, reward)) == (
        "place_needed",
        "Say at which store: Main street or Market Square.",
    )
    assert redeem_by_app(member, reward, place=shop.place.code).json()["place_name"] == "Main street"
    told = redeem_by_app(member, reward, place=shop.place.code).json()
    assert (told["reason"], told["detail"]) == (
        "sold_out_here",
        "Sold out at Main street; there is some at Market Square.",
    )
    assert redeem_by_app(member, reward, place="MARKET").status_code == 201
    taken = RewardStock.objects.filter(reward=reward).values_list("place__code", "taken")
    assert dict(taken) == {None: 2, shop.place.code: 1, "MARKET": 1}


def test_a_member_has_it_so_often_and_no_more(shop: Shop) -> None:
    once = gift(shop, 10, most_per_member=1)
    member = rich(shop)
    assert redeem_by_app(member, once).status_code == 201
    told = redeem_by_app(member, once).json()
    assert (told["reason"], told["detail"]) == (
        "limit_reached",
        "At most 1 time for each member, and this one had it as often.",
    )
    assert redeem_by_app(rich(shop), once).status_code == 201


def test_a_limit_of_a_month_ends_with_the_month_of_the_programme(shop: Shop) -> None:
    """April begins in New York at four in the morning, UTC."""
    with time_machine.travel(datetime(2026, 3, 31, 23, tzinfo=UTC), tick=False) as clock:
        member, monthly = rich(shop), gift(shop, 10, most_per_period=2, period="month")
        answers = [redeem_by_app(member, monthly).status_code for _ in range(3)]
        assert answers == [201, 201, 409]
        clock.move_to(datetime(2026, 4, 1, 3, 59, tzinfo=UTC))
        assert redeem_by_app(member, monthly).json()["reason"] == "limit_reached"
        clock.move_to(datetime(2026, 4, 1, 4, tzinfo=UTC))
        assert redeem_by_app(member, monthly).status_code == 201


def test_a_reward_has_its_time(shop: Shop) -> None:
    with time_machine.travel(START, tick=False) as clock:
        member = rich(shop)
        starts_at, ends_at = START + timedelta(days=1), START + timedelta(days=2)
        reward = gift(shop, 10, starts_at=starts_at, ends_at=ends_at)
        assert refused(redeem_by_app(member, reward)) == (
            "not_yet",
            "Coffee mug can be had from 2026-03-05 12:00 on.",
        )
        clock.move_to(ends_at)
        assert refused(redeem_by_app(member, reward))[0] == "over"
        clock.move_to(starts_at)
        assert redeem_by_app(member, reward).status_code == 201


def test_seats_are_gone_when_it_begins(shop: Shop) -> None:
    with time_machine.travel(START, tick=False) as clock:
        member, evening = rich(shop), experience(shop)
        assert redeem_by_app(member, evening).json()["state"] == "booked"
        clock.shift(timedelta(days=3))
        assert redeem_by_app(member, evening).json()["reason"] == "over"


def test_a_reward_for_a_segment_is_for_its_members_alone(shop: Shop) -> None:
    chosen, other = rich(shop), rich(shop)
    write_label(programme_id=shop.programme.pk, code="friends", name="Friends", carriers=[chosen.pk])
    reward = gift(shop, 10, label="friends")
    assert refused(redeem_by_app(other, reward))[0] == "not_for_member"
    assert app_of(other).get("/api/v1/me/rewards").json()["results"] == []
    assert [one["code"] for one in app_of(chosen).get("/api/v1/me/rewards").json()["results"]] == [
        reward.code
    ]
    assert redeem_by_app(chosen, reward).status_code == 201


def test_a_reward_whose_vouchers_were_revoked_is_there_no_more(shop: Shop) -> None:
    member, reward = rich(shop), voucher_reward(shop)
    assert reward.series is not None
    revoke_series(reward.series, because="a mistake", by="test", now=datetime.now(UTC))
    assert redeem_by_app(member, reward).json()["code"] == "reward_not_found"
    assert spendable(member) == 500


def test_vouchers_revoked_while_they_are_redeemed_cost_nothing(shop: Shop) -> None:
    member, reward = rich(shop), voucher_reward(shop)
    assert reward.series is not None

    def revoke_first(execute: Any, sql: str, *rest: Any) -> Any:
        if "loyalty_redeem(" in sql:
            revoke_series(reward.series, because="a mistake", by="test", now=datetime.now(UTC))
        return execute(sql, *rest)

    with connection.execute_wrapper(revoke_first):
        assert redeem_by_app(member, reward).json()["code"] == "reward_not_found"
    assert spendable(member) == 500


def test_a_redemption_reads_no_wallet_but_its_own(shop: Shop) -> None:
    def read() -> int:
        with connection.cursor() as cursor:
            # So few wallets would be read whole.
            plan_by_index(cursor)
            cursor.execute("ANALYZE loyalty_wallet")
            cursor.execute(
                "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'loyalty_wallet'"
            )
            return int(cursor.fetchone()[0])

    member, reward, before = rich(shop), voucher_reward(shop, 10), read()
    redeem_by_app(member, reward)
    alone = read() - before
    others = 2 * alone
    Wallet.objects.bulk_create(Wallet(member=shop.enrol(), programme=shop.programme) for _ in range(others))
    before = read()
    redeem_by_app(member, reward)
    assert read() - before < others


def test_a_number_of_a_till_is_redeemed_once(shop: Shop) -> None:
    member, reward = rich(shop), gift(shop, 100)
    first = redeem_at_till(shop, member, reward, number="T-1")
    again = redeem_at_till(shop, member, reward, number="T-1")
    other = redeem_at_till(shop, member, gift(shop, 50), number="T-1")
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["ref"] == again.json()["ref"]
    assert other.json()["code"] == "redemption_content_differs"
    assert spendable(member) == 400


def test_never_15_who_names_a_phone_number_redeems_no_more_than_goes_without_proof(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop(proof_above=200)
    member, small, large = rich(shop), gift(shop, 150), gift(shop, 201)
    assert redeem_at_till(shop, member, large).json()["code"] == "proof_needed"
    assert redeem_at_till(shop, member, small).status_code == 201
    assert redeem_at_till(shop, member, small).json()["code"] == "proof_needed"
    assert redeem_by_app(member, large).status_code == 201
    assert spendable(member) == 149


def test_in_reach_for_you(shop: Shop) -> None:
    member = rich(shop, 500)
    for code, points, more in (
        ("cheap", 100, {}),
        ("far", 900, {}),
        ("near", 512, {}),
        ("gold", 50, {"tier": "gold"}),
        ("secret", 10, {"is_shown": False}),
    ):
        gift(shop, points, code=code, **more)
    app = app_of(member)
    page = app.get("/api/v1/me/rewards")
    told = [(one["code"], one["reach"], one["missing_points"]) for one in page.json()["results"]]
    assert told == [("cheap", "now", 0), ("near", "near", 12), ("far", "near", 400), ("gold", "not", 0)]
    assert page.json()["spendable"] == 500
    assert app.get("/api/v1/me/rewards", headers={"If-None-Match": page["ETag"]}).status_code == 304
    near = app.get("/api/v1/me/rewards?reach=near&limit=1").json()
    rest = app.get(f"/api/v1/me/rewards?reach=near&limit=1&cursor={near['next']}").json()
    assert [one["code"] for one in near["results"] + rest["results"]] == ["near", "far"]
    assert rest["next"] is None


def test_the_catalogue_is_told_in_the_language_of_who_reads_it(shop: Shop) -> None:
    member = rich(shop)
    gift(shop, 10, words={"fr": ("Tasse", "Une tasse bleue"), "zh-Hant": ("茶杯", "")})
    app = app_of(member)

    def title(asked: str) -> str:
        return str(app.get(f"/api/v1/me/rewards{asked}").json()["results"][0]["title"])

    assert (title(""), title("?language=fr-CA"), title("?language=de")) == (
        "Coffee mug",
        "Tasse",
        "Coffee mug",
    )
    Member.objects.filter(pk=member.pk).update(language="zh-Hant")
    assert title("") == "茶杯"
    shown = shop.client.get("/api/v1/rewards?language=fr", headers={"Authorization": f"Bearer {shop.key}"})
    assert shown.json()["results"][0]["title"] == "Tasse"


@pytest.mark.parametrize("rewards", [1, 3])
def test_the_catalogue_costs_as_many_statements_for_many_as_for_one(shop: Shop, rewards: int) -> None:
    app = app_of(rich(shop))
    for _ in range(rewards):
        gift(shop, 10)
    app.get("/api/v1/me/rewards")
    with CaptureQueriesContext(connection) as statements:
        assert len(app.get("/api/v1/me/rewards").json()["results"]) == rewards
    assert len(statements) <= 6
