"""Households that share a tier: everybody stands as high as the one who stands highest by their own, and no longer."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from config.outbox.delivery import deliver_due
from config.outbox.models import Event
from config.staff.roles import STORE_MANAGER
from loyalty.models import Benefit, BenefitGrant, ProgrammeTerms, Tier, TierStanding, Wallet
from loyalty.models.tiers import BY_HOUSEHOLD
from loyalty.queries.wallets import get_wallet
from loyalty.rules.ladders import Demand, LadderDefinition
from loyalty.services.corrections import Colleague
from loyalty.services.given_tiers import end_given_tier, give_tier
from loyalty.services.household_tiers import level_household_tiers
from loyalty.services.tier_reviews import review_tiers, tell_of_ends
from loyalty.services.verification import verify_ledger
from members.models import Household, Member
from members.services.erasing import IN_FLIGHT, erase_member
from members.services.erasures import ask_for_own_erasure
from members.services.households import expel, leave_household
from members.services.merging import merge_members, undo_merge
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket, climbed_by
from tests.loyalty.families import family, join
from tests.loyalty.test_erasing_laws import GRACE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
BY = Colleague(id=1, name="staff:1", email="", roles=[])
SILVER, GOLD = 10_000, 50_000


def now() -> datetime:
    return datetime.now(UTC)


def hear() -> None:
    """All news arrive, those of news as well; what is so by then holds."""
    while deliver_due(now=now()):
        pass
    assert verify_ledger(now=now()) == []


def tiers(*people: Member) -> list[str]:
    found = []
    for one in people:
        wallet = Wallet.objects.get(member=one)
        tier = get_wallet(one.pk, wallet.programme_id, now=now()).tier
        assert tier is not None
        found.append(tier.code)
    return found


def given(*, to: Member | None = None) -> int:
    """So many tiers are given by households now."""
    rows = TierStanding.objects.filter(given_by__startswith=BY_HOUSEHOLD, until_at__gt=now())
    return (rows.filter(member=to) if to else rows).count()


def give(one: Member, tier: str = "gold", days: int = 90) -> None:
    step = Tier.objects.get(code=tier)
    until = now() + timedelta(days=days)
    give_tier(Wallet.objects.get(member=one), step.pk, until=until, reason="test", by=BY, now=now())


def take(one: Member, tier: str = "gold") -> None:
    step = Tier.objects.get(code=tier)
    end_given_tier(Wallet.objects.get(member=one), step.pk, reason="test", by=BY, now=now())
    tell_of_ends(now=now())


@pytest.fixture
def shop(open_shop: Callable[..., Shop], clock: Any) -> Shop:
    shop: Shop = open_shop(households_share_tier=True)
    Benefit.objects.update(uses=None)
    return shop


@pytest.fixture
def pair(shop: Shop) -> tuple[Member, Member]:
    """Ada, who reached gold, and Ben, who bought a little, in one household."""
    ada, ben = shop.enrol(), shop.enrol()
    shop.commit(basket(GOLD, member=ada))
    shop.commit(basket(100, member=ben))
    family(ada, ben)
    hear()
    return ada, ben


def test_who_joins_stands_as_high_as_the_highest_and_who_leaves_has_their_own(
    pair: tuple[Member, Member], clock: Any
) -> None:
    ada, ben = pair
    assert tiers(ada, ben) == ["gold", "gold"]
    reached = Event.objects.get(name="loyalty.tier_reached", member_id=ben.pk)
    assert (reached.payload["tier_code"], reached.payload["previous_code"]) == ("gold", "basic")
    assert BenefitGrant.objects.filter(member=ben, valid_until__gt=now()).count() == 1
    assert given(to=ada) == 0

    clock.shift(timedelta(days=1))
    leave_household(ben.pk, actor="test", now=now())
    hear()
    assert tiers(ada, ben) == ["gold", "basic"]
    assert not BenefitGrant.objects.filter(member=ben, valid_until__gt=now()).exists()
    tell_of_ends(now=now())
    assert Event.objects.get(name="loyalty.tier_left", member_id=ben.pk).payload["next_code"] == "basic"


def test_who_never_bought_anything_stands_there_as_well(shop: Shop) -> None:
    ada, ben = shop.enrol(), shop.enrol()
    shop.commit(basket(GOLD, member=ada))
    Wallet.objects.filter(member=ben).delete()
    family(ada, ben)
    hear()
    assert tiers(ada, ben) == ["gold", "gold"]


def test_what_one_reaches_is_theirs_and_stays_when_they_leave(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    shop.commit(basket(SILVER, member=ben))
    hear()
    assert tiers(ada, ben) == ["gold", "gold"]
    leave_household(ada.pk, actor="test", now=now())
    hear()
    assert tiers(ada, ben) == ["gold", "silver"]


def test_who_climbs_takes_the_others_with_them(shop: Shop) -> None:
    ada, ben, cleo = people = [shop.enrol() for _ in range(3)]
    family(*people)
    hear()
    shop.commit(basket(SILVER, member=ben))
    hear()
    assert tiers(ada, ben, cleo) == ["silver"] * 3
    give(cleo, "gold", days=30)
    hear()
    assert tiers(ada, ben, cleo) == ["gold"] * 3


def test_of_two_who_stand_as_high_one_falls_and_nobody_else(
    shop: Shop, pair: tuple[Member, Member], clock: Any
) -> None:
    ada, ben = pair
    cleo = shop.enrol()
    join(ada, cleo)
    give(ben, days=900)
    hear()
    clock.shift(timedelta(hours=1))
    assert tiers(ada, ben, cleo) == ["gold"] * 3
    take(ben)
    hear()
    assert tiers(ada, ben, cleo) == ["gold"] * 3
    place = Household.objects.get().places.get(member=ben)
    expel(ada.pk, place.ref, actor="test", now=now())
    hear()
    assert tiers(ada, ben, cleo) == ["gold", "basic", "gold"]


def erase(one: Member) -> None:
    request = ask_for_own_erasure(one.pk, actor="test", now=now() - GRACE - IN_FLIGHT)
    assert not erase_member(request.pk, now=now() - IN_FLIGHT)
    hear()
    assert erase_member(request.pk, now=now())
    hear()


def test_a_fall_takes_the_others_down_at_once_and_by_no_job(shop: Shop, clock: Any) -> None:
    ada, ben = shop.enrol(), shop.enrol()
    family(ada, ben)
    shop.commit(basket(100, member=ada))
    give(ada, days=30)
    hear()
    assert tiers(ada, ben) == ["gold", "gold"]
    clock.shift(timedelta(days=30))
    assert tiers(ada, ben) == ["basic", "basic"]
    give(ada, days=30)
    hear()
    clock.shift(timedelta(hours=1))
    take(ada)
    hear()
    assert tiers(ada, ben) == ["basic", "basic"]


def test_the_review_prolongs_what_the_other_holds_longer_by_now(
    shop: Shop, pair: tuple[Member, Member], clock: Any
) -> None:
    ada, ben = pair
    ends = TierStanding.objects.get(member=ben).until_at
    clock.shift(timedelta(days=200))
    shop.commit(basket(GOLD, member=ada))
    review_tiers(now=now())
    assert TierStanding.objects.get(member=ben).until_at > ends
    clock.move_to(ends)
    assert tiers(ada, ben) == ["gold", "gold"]
    assert verify_ledger(now=now()) == []


def test_the_review_looks_at_what_is_ones_own(shop: Shop, pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    shop.commit(basket(900, member=ben))
    steps = [
        Demand(tier="basic"),
        Demand(tier="silver", threshold_minor=1_000),
        Demand(tier="gold", threshold_minor=50_000),
    ]
    climbed_by(shop.programme, LadderDefinition(steps=steps))
    review_tiers(now=now())
    leave_household(ben.pk, actor="test", now=now())
    hear()
    assert tiers(ada, ben) == ["gold", "silver"]


def test_terms_that_share_no_tier_any_more_end_it_and_others_never_began(
    shop: Shop, pair: tuple[Member, Member], open_shop: Callable[..., Shop], clock: Any
) -> None:
    ada, ben = pair
    ProgrammeTerms.objects.update(households_share_tier=False)
    clock.shift(timedelta(days=1))
    review_tiers(now=now())
    assert tiers(ada, ben) == ["gold", "basic"]
    assert given() == 0
    ProgrammeTerms.objects.update(households_share_tier=True)
    clock.shift(timedelta(days=1))
    review_tiers(now=now())
    assert tiers(ada, ben) == ["gold", "gold"]


def test_terms_share_no_tier_unless_they_say_so(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    ada, ben = shop.enrol(), shop.enrol()
    shop.commit(basket(GOLD, member=ada))
    shop.commit(basket(100, member=ben))
    family(ada, ben)
    hear()
    review_tiers(now=now())
    assert tiers(ada, ben) == ["gold", "basic"]


def test_a_merge_carries_what_is_ones_own_and_nothing_of_the_household(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    ada, ben = pair
    dora = shop.enrol()
    shop.commit(basket(100, member=dora))
    merged = merge_members(going_id=ada.pk, staying_id=dora.pk, actor="staff:1", now=now())
    hear()
    assert tiers(dora, ben) == ["gold", "gold"]
    undo_merge(merged.pk, actor="staff:1", now=now())
    hear()
    assert tiers(ada, ben, dora) == ["gold", "gold", "basic"]
    merge_members(going_id=ben.pk, staying_id=dora.pk, actor="staff:1", now=now())
    leave_household(dora.pk, actor="test", now=now())
    hear()
    assert tiers(ada, dora) == ["gold", "basic"]


def test_who_comes_by_a_merge_with_a_tier_gives_it_to_their_household(
    shop: Shop, pair: tuple[Member, Member]
) -> None:
    _, ben = pair
    eve, fay = shop.enrol(), shop.enrol()
    family(eve, fay)
    shop.commit(basket(GOLD, member=ben))
    leave_household(ben.pk, actor="test", now=now())
    merge_members(going_id=ben.pk, staying_id=eve.pk, actor="staff:1", now=now())
    hear()
    assert tiers(eve, fay) == ["gold", "gold"]


@pytest.mark.parametrize(("who", "left"), [(0, "basic"), (1, "gold")])
def test_who_is_erased_gives_nothing_and_holds_nothing(
    pair: tuple[Member, Member], who: int, left: str
) -> None:
    erase(pair[who])
    assert tiers(pair[1 - who]) == [left]
    assert given() == 0
    assert not TierStanding.objects.filter(member=pair[who], reason__startswith="Shared").exists()


@pytest.mark.usefixtures("pair")
def test_every_news_may_come_again() -> None:
    rows = list(TierStanding.objects.order_by("pk").values_list("pk", "until_at", "given_by"))
    news = Event.objects.count()
    assert level_household_tiers([Household.objects.get().pk], now=now()) == 0
    assert list(TierStanding.objects.order_by("pk").values_list("pk", "until_at", "given_by")) == rows
    assert Event.objects.count() == news


def test_who_goes_to_another_household_has_its_tier(shop: Shop, pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    eve = shop.enrol()
    shop.commit(basket(SILVER, member=eve))
    family(eve)
    leave_household(ben.pk, actor="test", now=now())
    join(eve, ben)
    hear()
    assert tiers(ada, ben, eve) == ["gold", "silver", "silver"]


def test_a_colleague_gives_and_ends_beside_the_household(pair: tuple[Member, Member]) -> None:
    ada, ben = pair
    give(ben, "gold", days=10)
    assert given(to=ben) == 1
    take(ben)
    hear()
    assert tiers(ada, ben) == ["gold", "gold"]


def test_the_admin_says_that_it_came_by_the_household_and_why_it_is_not_ended_there(
    pair: tuple[Member, Member],
) -> None:
    _, ben = pair
    wallet, client = Wallet.objects.get(member=ben), Client()
    client.force_login(in_role(STORE_MANAGER))
    page = client.get(f"/admin/members/member/{ben.pk}/change/").content.decode()
    assert "By the household" in page
    assert "end_tier" not in page
    address = f"/admin/loyalty/wallet/{wallet.pk}/end_tier/"
    answer = client.post(address, {"tier": Tier.objects.get(code="gold").pk, "reason": "x"}, follow=True)
    assert "Gold comes by the household: it ends when" in answer.content.decode()
    assert tiers(ben) == ["gold"]
    listed = client.get(f"/admin/loyalty/wallet/{wallet.pk}/give_tier/").content.decode()
    assert "Shared by the household." in listed


@pytest.mark.usefixtures("pair")
def test_never_a_tier_of_a_household_without_a_reason(clock: Any) -> None:
    TierStanding.objects.filter(given_by="").update(until_at=now())
    assert verify_ledger(now=now()) == []
    clock.shift(timedelta(days=3))
    [found] = verify_ledger(now=now())
    assert found.law == "a household gives no tier that nobody else of it stands on"
