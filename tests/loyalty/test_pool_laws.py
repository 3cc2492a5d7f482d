"""Households in any order with all that moves points: nothing is made or lost, what nobody spent goes home."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from loyalty.models import Entry, Hold, LotMove, PooledLot, Wallet, WhenSpent
from loyalty.queries.merges import is_paying
from loyalty.services.expiry import book_expired_lots
from loyalty.services.merging import carry_what_came_since
from loyalty.services.verification import verify_ledger
from members.models import Household, HouseholdPlace, Member, Merge, MergeState
from members.queries.households import find_place
from members.services.households import leave_household
from members.services.merging import merge_members, undo_merge
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.families import family, join, limit
from tests.loyalty.test_transfers import give

PEOPLE = 4
WHO = st.integers(0, PEOPLE - 1)


def drawn_today(place: HouseholdPlace) -> int:
    """Points of the others that a member drew today in their place, and that did not go home since."""
    midnight = datetime.now(ZoneInfo("America/New_York")).replace(hour=0, minute=0, second=0, microsecond=0)
    lots = PooledLot.objects.filter(member=place.member, drawn_at__gte=max(midnight, place.joined_at))
    moves = LotMove.objects.filter(lot__in=lots.values("lot"), entry__kind__in=["pool_in", "pool_home"])
    return moves.aggregate(points=Sum("points"))["points"] or 0


def set_aside_before(place: HouseholdPlace) -> int:
    """What was promised to a till before the place was taken is paid, whatever the limit."""
    holds = Hold.objects.filter(member=place.member, held_at__lt=place.joined_at)
    return holds.aggregate(points=Sum("points_of_others"))["points"] or 0


class PoolMachine(RuleBasedStateMachine):
    """Four members of one shop, in up to two households."""

    open_shop: Any
    kinds: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def teardown(self) -> None:
        if hasattr(self, "clock"):
            self.clock.stop()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(policy=st.sampled_from(WhenSpent.values), runs_out=st.sampled_from(["rolling", "inactivity"]))
    def open(self, policy: str, runs_out: str) -> None:
        self.clock = time_machine.travel(datetime(2026, 2, 20, 17, tzinfo=UTC), tick=False)
        self.now = self.clock.start()
        self.shop: Shop = self.open_shop(
            expiry_kind=runs_out,
            expiry_days=60,
            maturity_days=2,
            when_spent=policy,
            transfer_points_a_day=None,
        )
        self.members: list[Member] = [self.shop.enrol() for _ in range(PEOPLE)]
        self.orders: list[str] = []
        self.holds: list[str] = []
        self.numbers = itertools.count(1)
        for who in range(PEOPLE - 1):
            self.buy(who, 5_000, 0)
        self.now.shift(timedelta(days=3))
        family(*self.members[1:])
        self.spend(PEOPLE - 1, 600)
        self.bring_back(len(self.orders) - 1, 0)
        self.give(1, 0, 10)

    def tell(self, path: str, body: dict[str, Any]) -> Any:
        key = f"K-{next(self.numbers)}"
        answer = self.shop.post(path, body, **{"Idempotency-Key": key})
        assert answer.status_code in (200, 201, 409, 422), answer.content
        return answer

    @rule(who=WHO, spends=st.integers(1, 2_500))
    def spend(self, who: int, spends: int) -> None:
        self.buy(who, 3_000, spends)

    @rule(who=WHO, minor=st.integers(100, 20_000), spends=st.sampled_from([0, 0, 200]))
    def buy(self, who: int, minor: int, spends: int) -> None:
        body = basket(minor, minor, member=self.members[who], spend_points=spends)
        answer = self.tell("checkout/commit", body)
        assert answer.status_code in (201, 409), answer.content
        if answer.status_code == 201:
            self.orders.append(answer.json()["order"]["ref"])

    @rule(who=WHO, points=st.integers(1, 2_500))
    def hold(self, who: int, points: int) -> None:
        answer = self.tell("holds", {"member": {"ref": self.members[who].ref}, "points": points})
        if answer.status_code == 201:
            self.holds.append(answer.json()["hold"]["ref"])

    @rule(which=st.integers(0, 20), part=st.integers(0, 3))
    def settle(self, which: int, part: int) -> None:
        if self.holds:
            hold = Hold.objects.get(ref=self.holds[which % len(self.holds)])
            points = hold.points * part // 3
            path = f"holds/{hold.ref}/{'capture' if points else 'release'}"
            told = self.tell(path, {"points": points} if points else {})
            assert told.status_code == 200 or hold.state != "held" or hold.expires_at <= datetime.now(UTC)

    @rule(which=st.integers(0, 20), minor=st.integers(100, 20_000), more=st.integers(-300, 300))
    def pay_by_hold(self, which: int, minor: int, more: int) -> None:
        if self.holds:
            hold = Hold.objects.get(ref=self.holds[which % len(self.holds)])
            body = basket(
                minor, minor, member=hold.member, hold=hold.ref, spend_points=max(hold.points + more, 0)
            )
            answer = self.tell("checkout/commit", body)
            if answer.status_code == 201:
                self.orders.append(answer.json()["order"]["ref"])

    @rule(who=WHO, to=WHO, points=st.integers(1, 600))
    def give(self, who: int, to: int, points: int) -> None:
        """Points of one's own, and of nobody else. Who was merged has no phone to sign in with."""
        if not self.members[who].identities.filter(kind="phone").exists():
            return
        wallet = Wallet.objects.get(member=self.members[who])
        answer = give(self.members[who], {"ref": self.members[to].ref}, points)
        assert answer.status_code in (200, 201, 401, 404, 409, 422, 429), answer.content
        if answer.status_code == 201:
            assert wallet.balance >= points

    @rule(which=st.integers(0, 50), line=st.integers(0, 1))
    def bring_back(self, which: int, line: int) -> None:
        if self.orders:
            lines = [{"line": line, "quantity": 1}]
            ref = self.orders[which % len(self.orders)]
            self.tell(f"orders/{ref}/returns", {"return_number": f"B-{next(self.numbers)}", "lines": lines})

    @rule(who=WHO)
    def leave(self, who: int) -> None:
        if find_place(self.members[who].pk):
            leave_household(self.members[who].pk, actor="test", now=datetime.now(UTC))

    @rule(who=WHO, most=st.sampled_from([None, 0, 100, 1_000]))
    def join(self, who: int, most: int | None) -> None:
        one = Member.objects.get(pk=self.members[who].pk)
        if one.state != "active" or find_place(one.pk):
            return
        self.now.shift(timedelta(seconds=1))  # what was drawn before lies before the place
        living = Household.objects.filter(head__isnull=False).first()
        if living is None or living.head is None:
            family(one)
        else:
            join(living.head, one)
            limit(living.head, one, most)

    @rule(going=WHO, staying=WHO)
    def merge(self, going: int, staying: int) -> None:
        one, other = (Member.objects.get(pk=self.members[who].pk) for who in (going, staying))
        if (
            going != staying
            and {one.state, other.state} == {"active"}
            and not is_paying([one.pk], now=datetime.now(UTC))
        ):
            merge_members(going_id=one.pk, staying_id=other.pk, actor="staff:1", now=datetime.now(UTC))

    @rule(which=st.integers(0, 10))
    def part(self, which: int) -> None:
        standing = list(Merge.objects.filter(state=MergeState.MERGED).order_by("pk"))
        everybody = [one.pk for one in self.members]
        if standing and not is_paying(everybody, now=datetime.now(UTC)):
            undo_merge(standing[which % len(standing)].pk, actor="staff:2", now=datetime.now(UTC))

    @rule(hours=st.sampled_from([1, 24, 24 * 3, 24 * 20]))
    def let_time_pass(self, hours: int) -> None:
        self.now.shift(timedelta(hours=hours))

    @rule()
    def run_the_clock(self) -> None:
        now = datetime.now(UTC)
        book_expired_lots(until=now, now=now)
        carry_what_came_since(now=now)

    @invariant()
    def it_balances(self) -> None:
        if not hasattr(self, "members"):
            return
        assert verify_ledger(now=datetime.now(UTC)) == []
        pooled = Entry.objects.filter(kind__startswith="pool").aggregate(points=Sum("points"))["points"]
        assert not pooled
        self.kinds.update(Entry.objects.values_list("kind", flat=True))
        assert not PooledLot.objects.exclude(lot__order_ref="").exists()
        living = HouseholdPlace.objects.filter(left_at=None)
        for place in living.exclude(limit_points=None):
            assert drawn_today(place) <= (place.limit_points or 0) + set_aside_before(place)
        assert not living.filter(household__head=None).exists()
        assert not living.exclude(member__state="active").exists()
        heads = Household.objects.filter(head__isnull=False, places__member=F("head"), places__left_at=None)
        assert heads.count() == Household.objects.filter(head__isnull=False).count()


@pytest.mark.django_db
def test_households_in_any_order_make_and_lose_nothing(open_shop: Any) -> None:
    class Machine(PoolMachine):
        kinds: set[str] = set()

    Machine.open_shop = staticmethod(open_shop)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert {"pool_out", "pool_in", "pool_home", "pool_back", "transfer_out"} <= Machine.kinds
