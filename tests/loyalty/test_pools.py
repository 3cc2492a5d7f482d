"""Households draw on each other's points: what is lacking comes over lot by lot, and goes home when it comes back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from config.ground.personal import read_rows
from loyalty.models import Entry, Lot, PooledLot, ProgrammeTerms, Wallet, WhenSpent
from loyalty.services.verification import verify_ledger
from members.member_data import list_floors
from members.models import HouseholdPlace, LimitPeriod, Member, PlaceEnd
from members.models.members import MemberState
from members.services.households import expel, hand_over, leave_household, rename_household
from members.services.merging import merge_members, undo_merge
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.families import family, join, limit
from tests.loyalty.rewards import app_of, gift, redeem_by_app
from tests.loyalty.test_holds import hold, tell
from tests.loyalty.test_redemptions import cancel
from tests.loyalty.test_returns import bring_back, buy

pytestmark = pytest.mark.django_db


def now() -> datetime:
    return datetime.now(UTC)


def balances(*members: Member) -> list[int]:
    assert verify_ledger(now=now()) == []
    held = dict(Wallet.objects.values_list("member_id", "balance"))
    return [held.get(member.pk, 0) for member in members]


def spend(shop: Shop, member: Member, points: int, **more: Any) -> Any:
    """A purchase that so many points (ten for a cent) pay whole, so that it earns none."""
    return shop.commit(basket(points // 10, member=member, spend_points=points, **more))


@pytest.fixture
def pair(shop: Shop) -> tuple[Member, Member]:
    """Ada with 500 points and Ben with 100, in one household."""
    ada, ben = shop.enrol(), shop.enrol()
    buy(shop, ada, 5_000)
    buy(shop, ben, 1_000)
    family(ada, ben)
    return ada, ben


@pytest.mark.parametrize(
    ("points", "status", "left"), [(100, 201, [500, 0]), (110, 201, [490, 0]), (600, 201, [0, 0])]
)
def test_what_is_lacking_is_drawn_from_the_household(
    shop: Shop, pair: tuple[Member, Member], points: int, status: int, left: list[int]
) -> None:
    ada, ben = pair
    quoted = shop.quote(basket(points // 10, member=ben, spend_points=points))
    assert quoted.status_code == 200
    assert balances(ada, ben) == [500, 100]
    assert spend(shop, ben, points).status_code == status
    assert balances(ada, ben) == left
    assert Entry.objects.filter(kind="spend").get().wallet.member == ben


def test_no_more_is_drawn_than_there_is_and_nothing_by_strangers_or_who_has_left(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    refused = spend(shop, ben, 610)
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_points")
    stranger = shop.enrol()
    assert spend(shop, stranger, 10).status_code == 409
    leave_household(ada.pk, actor="test", now=now())
    assert spend(shop, ben, 110).status_code == 409
    assert balances(ada, ben) == [500, 100]


def test_what_runs_out_first_is_drawn_first_and_keeps_its_day(open_shop: Callable[..., Shop]) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 17, tzinfo=UTC), tick=False) as clock:
        shop = open_shop(expiry_days=30)
        ada, ben, cleo = shop.enrol(), shop.enrol(), shop.enrol()
        buy(shop, ada, 1_000)
        clock.shift(timedelta(days=1))
        buy(shop, ben, 1_000)
        clock.shift(timedelta(days=1))
        buy(shop, ada, 1_000)
        family(ada, ben, cleo)
        ref = spend(shop, cleo, 150).json()["order"]["ref"]
        assert balances(ada, ben, cleo) == [100, 50, 0]
        drawn = PooledLot.objects.order_by("lot__expires_at")
        assert [one.lot.expires_at for one in drawn] == [one.from_lot.expires_at for one in drawn]
        assert [one.lot.credited for one in drawn] == [100, 50]
        bring_back(shop, ref, None)
        assert balances(ada, ben, cleo) == [200, 100, 0]
        clock.shift(timedelta(days=60))
        assert spend(shop, cleo, 10).status_code == 409


def test_what_comes_back_goes_home_also_to_who_has_left(shop: Shop, pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    lots = list(Lot.objects.filter(member=ada).values_list("id", "remaining", "expires_at"))
    ref = spend(shop, ben, 300).json()["order"]["ref"]
    leave_household(ada.pk, actor="test", now=now())
    assert bring_back(shop, ref, None).status_code == 201
    assert balances(ada, ben) == [500, 100]
    assert list(Lot.objects.filter(member=ada).values_list("id", "remaining", "expires_at")) == lots
    kinds = Entry.objects.filter(kind__startswith="pool").order_by("id").values_list("kind", "points")
    assert list(kinds) == [("pool_out", -200), ("pool_in", 200), ("pool_home", -200), ("pool_back", 200)]


def test_a_hold_draws_and_what_it_does_not_spend_goes_home(shop: Shop, pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    refused = hold(shop, ben, 601)
    assert refused.status_code == 409
    held = hold(shop, ben, 400).json()["hold"]["ref"]
    assert balances(ada, ben) == [500, 100]
    assert spend(shop, ada, 210).status_code == 409
    tell(shop, f"holds/{held}/capture", {"points": 150})
    assert balances(ada, ben) == [450, 0]
    held = hold(shop, ben, 50).json()["hold"]["ref"]
    tell(shop, f"holds/{held}/release", {})
    assert balances(ada, ben) == [450, 0]

    held = hold(shop, ben, 100).json()["hold"]["ref"]
    assert spend(shop, ben, 30, hold=held).status_code == 201
    assert balances(ada, ben) == [420, 0]


def test_a_reward_is_paid_by_the_household_and_cancelled_goes_home(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    mug = gift(shop, 300)
    redeemed = redeem_by_app(ben, mug)
    assert redeemed.status_code == 201
    assert balances(ada, ben) == [300, 0]
    assert cancel(shop, redeemed.json()["ref"]).status_code == 200
    assert balances(ada, ben) == [500, 100]
    assert redeem_by_app(ben, gift(shop, 601)).json()["missing_points"] == 1


def test_debts_are_nobody_elses(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(when_spent=WhenSpent.DEBT)
    ada, ben, cleo = shop.enrol(), shop.enrol(), shop.enrol()
    earned = buy(shop, ada, 5_000)
    buy(shop, cleo, 1_000)
    family(ada, ben, cleo)
    spent = spend(shop, ben, 550).json()["order"]["ref"]
    assert balances(ada, ben, cleo) == [0, 0, 50]
    bring_back(shop, earned, None)
    assert balances(ada, ben, cleo) == [-500, 0, 50]
    assert spend(shop, ada, 10).status_code == 409
    assert spend(shop, ben, 60).status_code == 409
    bring_back(shop, spent, None)
    assert balances(ada, ben, cleo) == [0, 0, 100]
    assert not Wallet.objects.filter(debt__gt=0).exists()


def test_a_limit_holds_for_its_period_and_for_one(shop: Shop, pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    with time_machine.travel(datetime(2027, 5, 10, 16, tzinfo=UTC), tick=False) as clock:
        limit(ada, ben, 50)
        assert spend(shop, ben, 160).status_code == 409
        ref = spend(shop, ben, 150).json()["order"]["ref"]
        assert spend(shop, ben, 10).status_code == 409
        bring_back(shop, ref, None)
        assert balances(ada, ben) == [500, 100]
        assert spend(shop, ben, 120).status_code == 201
        assert spend(shop, ben, 40).status_code == 409
        clock.shift(timedelta(days=1))
        assert spend(shop, ben, 50).status_code == 201
        limit(ada, ben, 60, LimitPeriod.MONTH)
        assert spend(shop, ben, 10).status_code == 409
        limit(ada, ben, 0)
        clock.shift(timedelta(days=40))
        assert spend(shop, ben, 10).status_code == 409
        limit(ada, ben, None)
        assert spend(shop, ben, 10).status_code == 201


def test_who_drew_or_gave_is_merged_and_parted_and_points_still_find_home(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    other = shop.enrol()
    ref = spend(shop, ben, 300).json()["order"]["ref"]
    merged = merge_members(going_id=ben.pk, staying_id=other.pk, actor="staff:1", now=now())
    assert spend(shop, other, 50).status_code == 201
    bring_back(shop, ref, None)
    assert balances(ada, ben, other) == [450, 0, 100]
    undo_merge(merged.pk, actor="staff:1", now=now())
    assert balances(ada, ben, other) == [450, 100, 0]


def test_what_was_drawn_from_who_is_erased_stays(shop: Shop, pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    ref = spend(shop, ben, 300).json()["order"]["ref"]
    leave_household(ada.pk, because=PlaceEnd.ERASED, actor="test", now=now())
    Member.objects.filter(pk=ada.pk).update(state=MemberState.ERASED)
    bring_back(shop, ref, None)
    assert balances(ada, ben) == [300, 300]


def test_the_app_shows_what_the_household_can_spend(shop: Shop, pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    shown = app_of(ben).get("/api/v1/me/household/points").json()
    assert shown == {"own": 100, "drawable": 500, "spendable": 600, "limit_left": None}
    limit(ada, ben, 50)
    shown = app_of(ben).get("/api/v1/me/household/points").json()
    assert shown == {"own": 100, "drawable": 50, "spendable": 150, "limit_left": 50}
    alone = shop.enrol()
    assert app_of(alone).get("/api/v1/me/household/points").json()["code"] == "no_household"
    join(ada, alone)
    assert app_of(alone).get("/api/v1/me/household/points").json()["spendable"] == 600


def test_the_wallet_and_the_till_show_what_the_household_adds(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    limit(ada, ben, 50)
    shared = {"drawable": 50, "spendable": 150, "limit_left": 50}
    mine = app_of(ben).get("/api/v1/me/wallet").json()
    assert (mine["spendable"], mine["household"]) == (100, shared)
    seen = shop.post("till/lookup", {"member": {"ref": ben.ref}}).json()["wallet"]
    assert (seen["spendable"], seen["household"]) == (100, shared)
    leave_household(ben.pk, actor="test", now=now())
    assert app_of(ben).get("/api/v1/me/wallet").json() == mine | {"household": None}
    assert shop.post("till/lookup", {"member": {"ref": ben.ref}}).json()["wallet"]["household"] is None


@pytest.mark.parametrize(
    ("asked", "limited", "says"),
    [
        (601, None, "100 of their own and 500 of the household's; the others have no more."),
        (151, 50, "100 of their own and 50 of the household's; their limit leaves no more today."),
    ],
)
def test_a_refused_hold_says_what_can_be_spent_and_why_not_more(
    shop: Shop, pair: tuple[Member, Member], asked: int, limited: int | None, says: str
) -> None:
    ada, ben = pair
    limit(ada, ben, limited)
    refused = hold(shop, ben, asked).json()
    assert refused["detail"] == f"{asked - 1} points can be spent now, {says}"
    assert refused["spendable"] == asked - 1


def told_of(member: Member) -> str:
    """All that the copy of a member's data tells."""
    held = [one for floor in list_floors().values() for one in floor.holds() if one.is_told]
    return "\n".join(row for one in held for row in read_rows(one, member.pk))


def test_a_copy_tells_of_a_household_what_was_ones_own(shop: Shop, pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    assert redeem_by_app(ben, gift(shop, 300)).status_code == 201
    assert '"name": "Home"' in told_of(ada)
    hand_over(ada.pk, HouseholdPlace.objects.get(member=ben).ref)
    rename_household(ben.pk, name="Without Ada")
    expel(ben.pk, HouseholdPlace.objects.get(member=ada).ref, actor=f"member:{ben.pk}", now=now())
    told = told_of(ada)
    assert '"left_because": "expelled"' in told
    assert "pool_out" in told
    for of_others in (
        "Without Ada",
        f"member:{ben.pk}",
        f'"from_member_id": {ada.pk}',
        f'"head_id": {ben.pk}',
    ):
        assert of_others not in told
    drawn = [row for row in told.splitlines() if "from_lot_id" in row]
    assert len(drawn) == 1
    assert "member_id" not in drawn[0]


def test_terms_may_let_households_share_none(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(households_share=False)
    ada, ben = shop.enrol(), shop.enrol()
    buy(shop, ada, 5_000)
    buy(shop, ben, 1_000)
    family(ada, ben)
    assert spend(shop, ben, 110).status_code == 409
    assert hold(shop, ben, 101).json()["detail"] == "100 points can be spent now."
    assert redeem_by_app(ben, gift(shop, 101)).json()["missing_points"] == 1
    assert app_of(ben).get("/api/v1/me/wallet").json()["household"] is None
    assert app_of(ben).get("/api/v1/me/household/points").json()["spendable"] == 100
    assert balances(ada, ben) == [500, 100]
    ProgrammeTerms.objects.update(households_share=True)
    ref = spend(shop, ben, 110).json()["order"]["ref"]
    ProgrammeTerms.objects.update(households_share=False)
    bring_back(shop, ref, None)
    assert balances(ada, ben) == [500, 100]


@pytest.mark.parametrize(("end", "left"), [("release", 0), ("capture", -500)])
def test_never_5_points_that_a_housemate_has_set_aside_are_owed_when_their_purchase_comes_back(
    open_shop: Callable[..., Shop], end: str, left: int
) -> None:
    shop = open_shop(when_spent=WhenSpent.CLAMP)
    ada, ben = shop.enrol(), shop.enrol()
    family(ada, ben)
    bought = buy(shop, ada, 5_000)
    held = hold(shop, ben, 500).json()["hold"]["ref"]

    tell(shop, f"orders/{bought}/cancel", {"return_number": "B-1"})
    assert Wallet.objects.get(member=ada).debt == 500
    tell(shop, f"holds/{held}/{end}", {})

    assert balances(ada, ben) == [left, 0]
