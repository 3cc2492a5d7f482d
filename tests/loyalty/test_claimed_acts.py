"""Acts of a device that became a member's: points where the type says so, once, and no challenge counts the others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction

from loyalty.models import ActSettlement, ChallengeProgress, Wallet
from loyalty.rules.challenges import Acts, Mission
from loyalty.services.verification import verify_ledger
from members.models import Member
from omnichannel.rules.behaviour import EventType
from omnichannel.rules.built_in_events import BUILT_IN
from omnichannel.services.event_types import declare_event_type
from omnichannel.services.visitors import claim_visits
from tests.loyalty.acting import deliver, rule_about, tell
from tests.loyalty.conftest import Shop
from tests.loyalty.playing import challenge

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 17, tzinfo=UTC)
DEVICE = "d-9f2c41d07be64a55"


@pytest.fixture(autouse=True)
def at_start() -> Any:
    with time_machine.travel(START, tick=False) as moved:
        yield moved


@pytest.fixture
def member(shop: Shop) -> Member:
    return shop.enrol()


def reviewed(id_: str, *, days_ago: int) -> dict[str, Any]:
    at = (START - timedelta(days=days_ago)).isoformat()
    return {"id": id_, "type": "review", "device": DEVICE, "happened_at": at}


def let_claimed_reviews_earn(shop: Shop, *, within_days: int) -> None:
    declared = EventType(
        code="review",
        title="Review",
        properties=BUILT_IN["review"].properties,
        claimed_within_days=within_days,
    )
    with transaction.atomic():
        declare_event_type(shop.programme.pk, declared)


def points(member: Member) -> int:
    assert verify_ledger(now=START) == []
    return sum(Wallet.objects.filter(member=member).values_list("balance", flat=True))


def test_a_claimed_act_earns_once_and_one_that_is_too_old_earns_nothing(shop: Shop, member: Member) -> None:
    rule_about(shop)
    let_claimed_reviews_earn(shop, within_days=7)
    old, young = tell(shop, reviewed("old", days_ago=9), reviewed("young", days_ago=3))
    assert not ActSettlement.objects.exists()

    for _ in range(2):
        claim_visits(member.pk, device=DEVICE, now=START)
        assert tell(shop, reviewed("old", days_ago=9), reviewed("young", days_ago=3)) == [old, young]

    assert points(member) == 50
    settled = ActSettlement.objects.get()
    assert (settled.act_ref, settled.happened_at) == (young, START - timedelta(days=3))


def test_no_challenge_that_counts_the_past_counts_what_may_not_earn(shop: Shop, member: Member) -> None:
    let_claimed_reviews_earn(shop, within_days=7)
    tell(shop, reviewed("old", days_ago=9), reviewed("young", days_ago=3))
    claim_visits(member.pk, device=DEVICE, now=START)
    deliver()

    challenge(shop, Mission(of=Acts(act="review"), times=2))

    assert not ChallengeProgress.objects.filter(completions__gt=0).exists()
    assert points(member) == 0
