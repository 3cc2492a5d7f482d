"""Tiers of households as a law: whatever anybody holds, for how long, and whoever comes and goes."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from loyalty.errors.tiers import TierNotGiven
from loyalty.models import Wallet
from loyalty.queries.given_tiers import list_own_standings
from loyalty.queries.programmes import get_current_programme
from loyalty.rules.household_tiers import tiers_shared
from loyalty.rules.tiers import Ladder, Standing, Step, step_held
from loyalty.services.tier_reviews import review_tiers, tell_of_ends
from members.models import Member
from members.services.households import found_household, leave_household
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.families import join
from tests.loyalty.test_household_tiers import give, hear, take, tiers

START = datetime(2026, 5, 10, 16, tzinfo=UTC)
STEPS = ("basic", "silver", "gold", "palladium")
LADDER = Ladder(steps=tuple(Step(id=rank + 10, code=code, name=code) for rank, code in enumerate(STEPS)))
TOP = st.integers(11, 14)
STANDING = st.builds(
    lambda tier, after, days: Standing(
        tier_id=tier, from_at=START + timedelta(days=after), until_at=START + timedelta(days=after + days)
    ),
    TOP,
    st.integers(-5, 5),
    st.integers(1, 9),
)


@given(own=st.dictionaries(st.integers(1, 4), st.lists(STANDING, max_size=3), min_size=1))
def test_all_stand_as_high_as_the_highest_who_goes_on_and_nobody_higher(
    own: dict[int, list[Standing]],
) -> None:
    shared = tiers_shared(LADDER, own, now=START)
    assert shared.keys() == own.keys()
    for day in range(16):
        at = START + timedelta(days=day)
        most = max(rank(held, at) for held in own.values())
        sure = max(rank(going_on(held), at) for held in own.values())
        for member_id, given_until in shared.items():
            by_it = [
                Standing(tier_id=tier_id, from_at=START, until_at=until)
                for tier_id, until in given_until.items()
            ]
            assert rank(by_it, at) <= most
            assert sure <= rank([*own[member_id], *by_it], at) <= most


def rank(held: list[Standing], at: datetime) -> int:
    step = step_held(LADDER, held, at)
    assert step is not None
    return LADDER.steps.index(step)


def going_on(held: list[Standing]) -> list[Standing]:
    """Those that have begun: what begins later is seen when it does."""
    return [each for each in held if each.from_at <= START]


class SharingMachine(RuleBasedStateMachine):
    """Three members come and go, climb and fall in any order; whoever are together stand as high as their highest.

    Two of them are together from the beginning, of whom one stands higher.
    """

    open_shop: Any

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.atomic._from_testcase = True  # the relay begins transactions of its own

    def teardown(self) -> None:
        if hasattr(self, "travel"):
            self.travel.stop()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize()
    def open(self) -> None:
        self.travel = time_machine.travel(START, tick=False)
        self.clock = self.travel.start()
        self.shop: Shop = self.open_shop(households_share_tier=True)
        self.people = [self.shop.enrol() for _ in range(3)]
        self.inside: list[int] = []
        for one in self.people:
            self.shop.commit(basket(100, member=one))
        self.climb(who=0, minor=50_000)
        self.come_or_go(who=0)
        self.come_or_go(who=1)

    @rule(who=st.integers(0, 2))
    def come_or_go(self, who: int) -> None:
        now = datetime.now(UTC)
        if who in self.inside:
            leave_household(self.people[who].pk, actor="test", now=now)
            self.inside.remove(who)
        else:
            if self.inside:
                join(self.people[self.inside[0]], self.people[who])
            else:
                found_household(self.people[who].pk, name="Home", now=now)
            self.inside.append(who)

    @rule(who=st.integers(0, 2), minor=st.sampled_from([10_000, 50_000]))
    def climb(self, who: int, minor: int) -> None:
        self.shop.commit(basket(minor, member=self.people[who]))

    @rule(who=st.integers(0, 2), tier=st.sampled_from(["silver", "gold"]), days=st.integers(1, 60))
    def be_given(self, who: int, tier: str, days: int) -> None:
        with suppress(TierNotGiven):
            give(self.people[who], tier, days)

    @rule(who=st.integers(0, 2), tier=st.sampled_from(["silver", "gold"]))
    def be_taken(self, who: int, tier: str) -> None:
        with suppress(TierNotGiven):
            take(self.people[who], tier)

    @rule(days=st.sampled_from([1, 20, 200, 400]))
    def wait(self, days: int) -> None:
        self.clock.shift(timedelta(days=days))
        review_tiers(now=datetime.now(UTC))

    @invariant()
    def stand_together(self) -> None:
        self.clock.shift(timedelta(minutes=1))
        tell_of_ends(now=datetime.now(UTC))
        hear()
        own = [own_rank(one) for one in self.people]
        highest = max((own[who] for who in self.inside), default=0)
        expected = [STEPS[highest if who in self.inside else own[who]] for who in range(3)]
        assert tiers(*self.people) == expected


def own_rank(one: Member) -> int:
    wallet, now = Wallet.objects.get(member=one), datetime.now(UTC)
    ladder = get_current_programme(wallet.programme_id).ladder_at(now)
    step = step_held(ladder, list_own_standings(wallet.pk, now=now), now)
    assert step is not None
    return ladder.steps.index(step)


@pytest.mark.django_db
def test_whoever_are_together_stand_as_high_as_their_highest(open_shop: Any) -> None:
    class Machine(SharingMachine):
        pass

    Machine.open_shop = staticmethod(open_shop)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=10, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
