"""What comes with a tier given by hand, where the member reaches the tier as well, and where that comes back."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from config.outbox.models import Event
from loyalty.models import Benefit, BenefitGrant, Tier, Wallet
from loyalty.rules.ladders import LadderDefinition
from loyalty.services.corrections import Colleague
from loyalty.services.given_tiers import end_given_tier, give_tier
from members.models import Member
from tests.loyalty.conftest import LADDER, Shop, basket, laws_broken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
BY = Colleague(id=1, name="staff:1", email="", roles=[])
AUGUST, MAY_AFTER = datetime(2026, 8, 9, 4, tzinfo=UTC), datetime(2027, 5, 10, 4, tzinfo=UTC)


@pytest.fixture
def shop(open_shop: Any) -> Shop:
    """Its silver tier brings free shipping for a year, gold a tasting; what comes back takes steps back."""
    shop: Shop = open_shop(ladder=LadderDefinition(steps=LADDER.steps, on_return="take"))
    silver = Tier.objects.get(code="silver")
    Benefit.objects.create(
        tier=silver, code="shipping", kind="free_shipping", title="Free shipping", uses=None
    )
    return shop


@pytest.fixture
def member(shop: Shop) -> Member:
    """Just enrolled, and has bought nothing of weight."""
    member = shop.enrol()
    shop.commit(basket(100, member=member))
    return member


def give(member: Member, code: str, until: datetime) -> None:
    wallet, tier = Wallet.objects.get(member=member), Tier.objects.get(code=code)
    give_tier(wallet, tier.pk, until=until, reason="Friend", by=BY, now=datetime.now(UTC))


def end(member: Member, code: str) -> None:
    wallet, tier = Wallet.objects.get(member=member), Tier.objects.get(code=code)
    end_given_tier(wallet, tier.pk, reason="Over", by=BY, now=datetime.now(UTC))


def ends_of() -> dict[str, datetime]:
    """When each benefit ends; each was granted once."""
    rows = list(BenefitGrant.objects.values_list("benefit__code", "valid_until"))
    assert len(rows) == len(dict(rows))
    return dict(rows)


def buy(shop: Shop, member: Member, minor: int) -> str:
    ref: str = shop.commit(basket(minor, member=member)).json()["order"]["ref"]
    return ref


def cancel(shop: Shop, ref: str) -> None:
    key = {"Idempotency-Key": f"cancel-{ref}"}
    assert shop.post(f"orders/{ref}/cancel", {"return_number": f"B-{ref}"}, **key).status_code == 201


def test_what_is_reached_meanwhile_comes_once_and_is_announced_once(shop: Shop, member: Member) -> None:
    give(member, "gold", AUGUST)
    assert ends_of() == {"shipping": AUGUST, "tasting": AUGUST}

    buy(shop, member, 10_000)
    assert ends_of() == {"shipping": MAY_AFTER, "tasting": AUGUST}

    buy(shop, member, 40_000)
    assert ends_of() == {"shipping": MAY_AFTER, "tasting": MAY_AFTER}
    told = Event.objects.filter(name="loyalty.tier_reached").values_list("payload__tier_code", flat=True)
    assert list(told) == ["gold"]


def test_a_return_takes_back_what_reaching_added_and_leaves_what_was_given(
    shop: Shop, member: Member, clock: Any
) -> None:
    give(member, "gold", AUGUST)
    big = buy(shop, member, 50_000)
    clock.shift(timedelta(days=1))

    cancel(shop, big)

    assert ends_of() == {"shipping": AUGUST, "tasting": AUGUST}
    assert laws_broken() == []


def test_a_return_after_the_gift_takes_all_back(shop: Shop, member: Member, clock: Any) -> None:
    give(member, "gold", AUGUST)
    big = buy(shop, member, 50_000)
    clock.move_to(datetime(2026, 9, 1, 16, tzinfo=UTC))

    cancel(shop, big)

    assert set(ends_of().values()) == {datetime.now(UTC)}


def test_what_was_reached_before_the_gift_stays_as_long_as_the_gift(
    shop: Shop, member: Member, clock: Any
) -> None:
    silver = buy(shop, member, 10_000)
    clock.shift(timedelta(days=1))
    give(member, "gold", AUGUST)

    cancel(shop, silver)
    assert ends_of() == {"shipping": AUGUST, "tasting": AUGUST}

    buy(shop, member, 10_000)
    again = MAY_AFTER + timedelta(days=1)
    assert ends_of() == {"shipping": again, "tasting": AUGUST}


def test_what_only_the_gift_kept_ends_with_it(shop: Shop, member: Member, clock: Any) -> None:
    silver = buy(shop, member, 10_000)
    clock.shift(timedelta(days=1))
    give(member, "gold", AUGUST)
    cancel(shop, silver)

    end(member, "gold")

    assert set(ends_of().values()) == {datetime.now(UTC)}


def test_a_gift_given_anew_takes_nothing_of_what_the_member_reached(
    shop: Shop, member: Member, clock: Any
) -> None:
    give(member, "gold", AUGUST)
    clock.shift(timedelta(days=1))
    buy(shop, member, 10_000)
    reached = MAY_AFTER + timedelta(days=1)
    assert ends_of() == {"shipping": reached, "tasting": AUGUST}

    give(member, "gold", AUGUST + timedelta(days=9))
    assert ends_of() == {"shipping": reached, "tasting": AUGUST + timedelta(days=9)}

    end(member, "gold")
    assert ends_of() == {"shipping": reached, "tasting": datetime.now(UTC)}


def test_what_two_gifts_bring_lasts_as_long_as_either(shop: Shop, member: Member) -> None:
    december = datetime(2026, 12, 1, 5, tzinfo=UTC)
    give(member, "silver", december)
    give(member, "gold", AUGUST)
    assert ends_of() == {"shipping": december, "tasting": AUGUST}

    end(member, "silver")
    assert ends_of() == {"shipping": AUGUST, "tasting": AUGUST}


def test_a_benefit_that_ran_out_within_the_gift_comes_again_when_the_tier_is_reached(
    shop: Shop, member: Member, clock: Any
) -> None:
    Benefit.objects.filter(code="tasting").update(valid_days=30)
    give(member, "gold", datetime(2027, 1, 1, 5, tzinfo=UTC))
    clock.shift(timedelta(days=100))

    buy(shop, member, 50_000)

    tastings = BenefitGrant.objects.filter(benefit__code="tasting").order_by("pk")
    assert [one.valid_until.date() for one in tastings] == [date(2026, 6, 9), date(2026, 9, 17)]
