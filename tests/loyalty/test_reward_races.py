"""Redemptions and bookings by eight real processes at once: nothing is given twice, and nothing comes back twice."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from loyalty.models import BenefitBooking, Entry, Redemption, RewardStock, Voucher, Wallet
from loyalty.services.verification import verify_ledger
from tests.loyalty.conftest import Shop
from tests.loyalty.rewards import experience, gift, redeem_at_till, rich, voucher_reward
from tests.loyalty.test_benefits import evening, gold
from tests.loyalty.test_races_of_processes import TILLS, Race, Request, race
from tests.members.factories import bearer_of

__all__ = ["race"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_fifty_redemptions_at_once_sell_what_there_is(open_shop: Callable[..., Shop], race: Race) -> None:
    shop = open_shop()
    members = [rich(shop, 100) for _ in range(10)]
    reward = voucher_reward(shop, 10, stock=17, stocks={shop.place.pk: 20})
    tills: list[list[Request]] = [
        [
            ("redemptions", {"member": {"ref": member.ref}, "reward": reward.code, "place": shop.place.code})
            for member in members[till:] + members[:till]
        ]
        for till in range(TILLS)
    ]
    answers = race(shop, tills)
    assert Counter(status for status, _ in answers) == {201: 17, 409: 63}
    assert {body["reason"] for status, body in answers if status == 409} == {"sold_out"}
    assert set(RewardStock.objects.values_list("taken", flat=True)) == {17}
    assert Voucher.objects.count() == Entry.objects.filter(kind="spend").count() == 17
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_points_limits_and_numbers_hold_for_one_member_at_eight_tills(
    open_shop: Callable[..., Shop], race: Race
) -> None:
    shop = open_shop()
    member = rich(shop, 500)
    mug, once = gift(shop, 60), gift(shop, 10, most_per_member=1)
    own = {"member": {"ref": member.ref}}
    tills: list[list[Request]] = [
        [
            ("redemptions", {**own, "reward": once.code}),
            ("redemptions", {**own, "reward": mug.code, "number": "N-1"}),
            ("redemptions", {**own, "reward": mug.code}),
            ("redemptions", {**own, "reward": mug.code}),
        ]
        for _ in range(TILLS)
    ]
    answers = race(shop, tills)
    assert {status for status, _ in answers} <= {200, 201, 409}
    assert Redemption.objects.filter(reward=once).count() == 1
    assert Redemption.objects.filter(number="N-1").count() == 1
    assert Redemption.objects.filter(reward=mug).count() == 490 // 60
    assert Wallet.objects.get(member=member).spendable == 490 % 60
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_never_2_the_last_seat_changes_hands_and_never_twice(
    open_shop: Callable[..., Shop], race: Race
) -> None:
    """Half of the tills cancel what the other half redeem anew."""
    shop = open_shop()
    members = [rich(shop, 1_000) for _ in range(4)]
    evening = experience(shop, seats=4)
    booked = [redeem_at_till(shop, member, evening).json()["ref"] for member in members]
    wishes = [("redemptions", {"member": {"ref": one.ref}, "reward": evening.code}) for one in members]
    tills: list[list[Request]] = [
        [(f"redemptions/{ref}/cancel", {"because": "rain"}) for ref in booked] if till % 2 else wishes
        for till in range(TILLS)
    ]
    answers = race(shop, tills)
    assert Counter(body.get("code") for status, body in answers if status == 409).keys() <= {
        "redemption_not_changed",
        "reward_not_redeemable",
    }
    assert {status for status, _ in answers} == {200, 201, 409}
    taken = RewardStock.objects.get().taken
    assert taken == Redemption.objects.filter(state="booked").count() <= 4
    assert Redemption.objects.filter(state="cancelled").count() == 4
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_the_last_seats_of_an_evening_are_given_once_and_who_comes_late_waits(
    open_shop: Callable[..., Shop], race: Race
) -> None:
    shop = open_shop()
    date = evening(shop, seats=3)
    people = [gold(shop) for _ in range(TILLS)]
    keys = [bearer_of(member, now=datetime.now(UTC)).removeprefix("Bearer ") for member, _ in people]
    phones: list[list[Request]] = [
        [(f"me/benefits/{grant.ref}/bookings", {"date": date.pk})] for _, grant in people
    ]

    answers = race(shop, phones, keys=keys)

    assert sorted(body["state"] for _, body in answers) == ["booked"] * 3 + ["waiting"] * 5
    assert Counter(BenefitBooking.objects.values_list("state", flat=True)) == {"booked": 3, "waiting": 5}
    date.refresh_from_db()
    assert date.taken == 3
    assert verify_ledger(now=datetime.now(UTC)) == []
