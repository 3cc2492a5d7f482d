"""Reviews of tiers: lifted, prolonged, lowered, announced once; given by colleagues; taken back with what came back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.ground.models import JobRun
from config.outbox.models import Event
from loyalty.models import BenefitGrant, TierReview, Wallet
from loyalty.queries.wallets import get_wallet
from loyalty.rules.ladders import Demand, ForDays, LadderDefinition
from loyalty.services import tier_reviews
from loyalty.services.tier_reviews import review_tiers, tell_of_ends
from members.models import Member
from tests.loyalty.conftest import LADDER, Shop, basket, climbed_by

pytestmark = pytest.mark.django_db
OpenShop = Callable[..., Shop]
EASY = [
    Demand(tier="basic"),
    Demand(tier="silver", threshold_minor=1_000),
    Demand(tier="gold", threshold_minor=2_000),
]
HARD = [
    Demand(tier="basic"),
    Demand(tier="silver", threshold_minor=100_000),
    Demand(tier="gold", threshold_minor=200_000),
]


def now() -> datetime:
    return datetime.now(UTC)


def tier_of(shop: Shop, member: Member, at: datetime | None = None) -> str:
    tier = get_wallet(member.pk, shop.programme.pk, now=at or now()).tier
    assert tier is not None
    return tier.code


def told(member: Member, name: str) -> list[tuple[str, str]]:
    events = Event.objects.filter(name=f"loyalty.{name}", member_id=member.pk).order_by("id")
    other = "previous_code" if name == "tier_reached" else "next_code"
    return [(event.payload["tier_code"], event.payload[other]) for event in events]


def test_a_review_lifts_whom_another_ladder_lifts_once(shop: Shop, clock: Any) -> None:
    members = [shop.enrol() for _ in range(3)]
    for member, paid in zip(members, (999, 1_000, 2_500), strict=True):
        shop.commit(basket(paid, member=member))
    climbed_by(shop.programme, LadderDefinition(steps=EASY))
    assert review_tiers(now=now()) == 2
    assert review_tiers(now=now()) == 0
    assert [tier_of(shop, member) for member in members] == ["basic", "silver", "gold"]
    assert [told(member, "tier_reached") for member in members] == [
        [],
        [("silver", "basic")],
        [("gold", "basic")],
    ]
    assert BenefitGrant.objects.filter(member=members[2]).count() == 1
    assert (
        JobRun.objects.filter(name="loyalty.review_tiers").last().detail == "2 lifted, 0 prolonged, 0 lowered"
    )


def test_a_review_that_is_killed_goes_on_where_it_stood(
    shop: Shop, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tier_reviews, "WALLETS_PER_PIECE", 1)
    members = [shop.enrol() for _ in range(3)]
    for member in members:
        shop.commit(basket(1_000, member=member))
    climbed_by(shop.programme, LadderDefinition(steps=EASY))
    wallets = list(Wallet.objects.order_by("pk").values_list("pk", flat=True))
    [ladder] = tier_reviews.list_live_ladders(now=now())
    TierReview.objects.create(
        programme=shop.programme,
        ladder=ladder,
        reviewed_on=now().date(),
        last_wallet_id=wallets[0],
        started_at=now(),
    )
    assert review_tiers(now=now()) == 2
    review = TierReview.objects.get()
    assert (review.lifted, review.finished_at) == (2, now())
    assert [tier_of(shop, member) for member in members] == ["basic", "silver", "silver"]


def test_who_holds_more_keeps_it_until_its_end_or_goes_down_when_a_ladder_says_so(
    shop: Shop, clock: Any
) -> None:
    member = shop.enrol()
    shop.commit(basket(50_000, member=member))
    clock.shift(timedelta(hours=1))
    climbed_by(shop.programme, LadderDefinition(steps=HARD))
    review_tiers(now=now())
    assert tier_of(shop, member) == "gold"
    clock.shift(timedelta(hours=1))
    climbed_by(shop.programme, LadderDefinition(steps=HARD, when_live="review", falls="one_step"))
    review_tiers(now=now())
    assert tier_of(shop, member) == "silver"
    clock.shift(timedelta(days=1))
    review_tiers(now=now())
    assert tier_of(shop, member) == "silver", "only when it begins"
    assert tell_of_ends(now=now()) == 1
    assert told(member, "tier_left") == [("gold", "silver")]


def test_a_short_term_goes_on_as_long_as_what_counts_reaches_it(open_shop: OpenShop, clock: Any) -> None:
    shop = open_shop(ladder=LadderDefinition(steps=LADDER.steps, lasts=ForDays(days=30)))
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    codes = []
    for _ in range(26):
        clock.shift(timedelta(days=15))
        review_tiers(now=now())
        codes.append(tier_of(shop, member))
    assert codes == ["silver"] * 25 + ["basic"]


def test_an_end_is_announced_thirty_and_seven_days_before_and_when_it_has_come_once_each(
    shop: Shop, clock: Any
) -> None:
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    begun = now()
    counts = []
    for days in (0, 336, 337, 358, 359, 364, 366, 400):
        clock.move_to(begun + timedelta(days=days))
        counts.append((tell_of_ends(now=now()), tell_of_ends(now=now())))
    assert counts == [(0, 0), (1, 0), (0, 0), (1, 0), (0, 0), (0, 0), (1, 0), (0, 0)]
    assert told(member, "tier_falling") == [("silver", "basic")] * 2
    assert told(member, "tier_left") == [("silver", "basic")]


def test_who_reached_it_again_is_not_warned(shop: Shop, clock: Any) -> None:
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    clock.shift(timedelta(days=300))
    shop.commit(basket(10_000, member=member))
    clock.shift(timedelta(days=60))
    assert tell_of_ends(now=now()) == 0


def _return(shop: Shop, ref: str, number: str) -> dict[str, Any]:
    answer = shop.post(
        f"orders/{ref}/cancel", {"return_number": number}, **{"Idempotency-Key": f"key-{number}"}
    )
    assert answer.status_code == 201, answer.content
    tier: dict[str, Any] = answer.json()["wallet"]["tier"]
    return tier


@pytest.mark.parametrize(("on_return", "codes"), [("take", ["basic", "basic"]), ("keep", ["gold", "gold"])])
def test_a_step_that_only_what_came_back_had_reached_is_taken_or_kept(
    open_shop: OpenShop, clock: Any, on_return: str, codes: list[str]
) -> None:
    shop = open_shop(ladder=LadderDefinition(steps=LADDER.steps, on_return=on_return))
    member = shop.enrol()
    small = shop.commit(basket(9_000, member=member)).json()["order"]["ref"]
    clock.shift(timedelta(days=1))
    big = shop.commit(basket(45_000, member=member)).json()["order"]["ref"]
    clock.shift(timedelta(days=1))
    assert [_return(shop, big, "B-1")["code"], _return(shop, small, "B-2")["code"]] == codes


def test_a_return_leaves_the_step_that_other_purchases_reach_until_the_end_they_carry_it(
    open_shop: OpenShop, clock: Any
) -> None:
    shop = open_shop(ladder=LadderDefinition(steps=LADDER.steps, on_return="take"))
    member = shop.enrol()
    first = shop.commit(basket(10_000, member=member)).json()["wallet"]["tier"]
    clock.shift(timedelta(days=300))
    again = shop.commit(basket(10_000, member=member)).json()
    assert again["wallet"]["tier"]["until"] > first["until"]
    clock.shift(timedelta(days=1))
    kept = _return(shop, again["order"]["ref"], "B-1")
    assert (kept["code"], kept["until"]) == ("silver", first["until"])
    clock.shift(timedelta(days=63))
    late = shop.commit(basket(1_000, member=member)).json()
    assert late["wallet"]["tier"]["until"] > first["until"]
    assert _return(shop, late["order"]["ref"], "B-2")["until"] == first["until"]
    clock.shift(timedelta(days=1))
    assert tier_of(shop, member) == "basic"
