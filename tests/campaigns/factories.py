"""A small shop for the tests of campaigns: a programme with tiers, members who enrol, and purchases through
checkout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import factory

from campaigns.models import Campaign, Segment
from campaigns.rules.conditions import BoughtWithin
from campaigns.rules.offers import FavouriteCategoryPoints
from campaigns.rules.plans import Plan
from campaigns.rules.schedules import Once
from campaigns.rules.segments import AnyOf, Condition, Not
from campaigns.services.campaigns import make_campaign, schedule_campaign
from campaigns.services.features import Touched, learn
from campaigns.services.segments import make_segment
from loyalty.models import ProgrammeTerms, Rule, RuleVersion, Tier
from loyalty.rules.basket import Line
from loyalty.rules.ladders import Demand, LadderDefinition
from loyalty.rules.purchase import Purchase
from loyalty.services.checkout import commit_purchase
from loyalty.services.ladders import publish_ladder
from loyalty.services.purchase_facts import Teller
from members.rules.consents import Channel, ConsentWord, Purpose
from members.rules.identities import claim
from members.rules.people import person
from members.services.enrolment import enrol
from omnichannel.models import Place, Programme
from omnichannel.services.keys import make_key

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""A Friday, ten in the morning in New York."""

EVERYONE: Condition = AnyOf(of=[BoughtWithin(days=3650), Not(of=BoughtWithin(days=3650))])
_number = count(1)


class ProgrammeFactory(factory.django.DjangoModelFactory[Programme]):
    class Meta:
        model = Programme

    code = factory.Sequence(lambda n: f"shop-{n}")
    name = "Corner Shop"
    timezone = "America/New_York"
    currency = "USD"
    region = "US"


class PlaceFactory(factory.django.DjangoModelFactory[Place]):
    class Meta:
        model = Place

    programme = factory.SubFactory(ProgrammeFactory)
    code = "S1"
    name = "Main Street"


@dataclass(frozen=True)
class Shop:
    """A programme that is open for business, with one store and the tiers basic, silver and gold."""

    programme: Programme
    place: Place
    teller: Teller
    key: str


def open_shop(**programme: Any) -> Shop:
    """A programme with terms, one earning rule (10 points for each full 1.00), tiers and a store."""
    place = PlaceFactory(programme=ProgrammeFactory(**programme))
    ProgrammeTerms.objects.create(programme=place.programme)
    ladder = {"basic": None, "silver": 10_000, "gold": 50_000}
    for rank, code in enumerate(ladder):
        Tier.objects.create(programme=place.programme, code=code, name=code.title(), rank=rank)
    steps = [Demand(tier=code, threshold_minor=threshold) for code, threshold in ladder.items()]
    publish_ladder(
        programme_id=place.programme_id,
        definition=LadderDefinition(steps=steps),
        made_by="test",
        now=NOW,
    )
    RuleVersion.objects.create(
        rule=Rule.objects.create(programme=place.programme, code="base", name="Base"),
        version=1,
        definition={"effect": {"type": "per_step", "points": 10, "step_minor": 100}},
        live_from=datetime(2020, 1, 1, tzinfo=UTC),
        made_by="test",
        made_at=datetime(2020, 1, 1, tzinfo=UTC),
    )
    key = make_key(name="test", scopes=["till", "campaigns"], place_id=place.pk, now=NOW)
    return Shop(place.programme, place, Teller(key_id=key.id, name="test"), key.text)


def join(
    shop: Shop,
    *,
    agrees: Sequence[str] = ("email", "inbox"),
    email: bool = True,
    name: str = "Ada",
    birth_month: int | None = None,
    now: datetime = NOW,
) -> int:
    """Enrol a member who agrees to marketing on these channels; his features are learnt. Returns the member's id."""
    n = next(_number)
    identities = [claim("external", f"test:{n}")]
    if email:
        identities.append(claim("email", f"member{n}@example.com"))
    enrolled = enrol(
        identities=identities,
        person=person(given_name=name, birth_month=birth_month, birth_day=1 if birth_month else None),
        via="app",
        programme_code=shop.programme.code,
        consents=[
            ConsentWord(channel=Channel(channel), purpose=Purpose.MARKETING, is_given=True)
            for channel in agrees
        ],
        actor="test",
        now=now,
    )
    learn([Touched(enrolled.member_id, shop.programme.code)], now=now)
    return enrolled.member_id


def ref_of(member_id: int) -> str:
    from members.models import Member

    return Member.objects.get(pk=member_id).ref


def buy(
    shop: Shop,
    member_id: int,
    *,
    category: str = "tea",
    amount_minor: int = 1_000,
    department: str = "drinks",
    at: datetime = NOW,
    is_learnt: bool = True,
) -> Purchase:
    """Commit a purchase of one line through checkout, and let the features learn of it."""
    purchase = basket(
        shop, member_id, category=category, amount_minor=amount_minor, department=department, at=at
    )
    commit_purchase(purchase=purchase, teller=shop.teller, now=max(at, NOW))
    if is_learnt:
        learn([Touched(member_id, shop.programme.code, at)], now=max(at, NOW))
    return purchase


def basket(
    shop: Shop,
    member_id: int,
    *,
    category: str = "tea",
    amount_minor: int = 1_000,
    department: str = "drinks",
    at: datetime = NOW,
) -> Purchase:
    """A purchase of one line, not committed."""
    return Purchase(
        number=f"R{next(_number)}",
        source="till",
        programme_id=shop.programme.pk,
        programme_code=shop.programme.code,
        place_id=shop.place.pk,
        place_code=shop.place.code,
        till_id=None,
        placed_at=at,
        told_at=at,
        timezone=shop.programme.timezone,
        currency=shop.programme.currency,
        lines=[
            Line(
                sku=category.upper(),
                quantity=1,
                unit_price_minor=amount_minor,
                category=category,
                department=department,
            )
        ],
        member=("ref", ref_of(member_id)),
    )


def define(shop: Shop, tree: Condition = EVERYONE, *, code: str = "", now: datetime = NOW) -> Segment:
    """A segment; by default everyone is in it."""
    return make_segment(
        programme_id=shop.programme.pk,
        code=code or f"segment-{next(_number)}",
        name="Somebody",
        tree=tree,
        by="test",
        now=now,
    )


def plan(**parts: Any) -> Plan:
    """Triple points on the favourite category, once, today at eleven local time, unless said otherwise."""
    local = NOW.replace(tzinfo=None)
    parts.setdefault("offer", FavouriteCategoryPoints(percent=300))
    parts.setdefault("schedule", Once(on=local.date(), at=local.time().replace(hour=11)))
    return Plan(**parts)


def draft_campaign(
    shop: Shop, *, segment: Segment | None = None, now: datetime = NOW, **parts: Any
) -> Campaign:
    """A campaign that is a draft."""
    return make_campaign(
        programme_id=shop.programme.pk,
        segment=segment or define(shop),
        code=f"campaign-{next(_number)}",
        name="Your favourite",
        plan=plan(**parts),
        by="test",
        now=now,
    )


def scheduled_campaign(shop: Shop, *, now: datetime = NOW, **parts: Any) -> Campaign:
    """A campaign that is due at eleven local time."""
    return schedule_campaign(draft_campaign(shop, now=now, **parts).pk, now=now)
