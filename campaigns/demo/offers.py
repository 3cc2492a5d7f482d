"""Whom the demo grocer writes to, and with what."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns.demo.shop import TIMEZONE
from campaigns.rules.conditions import (
    BirthdayThisMonth,
    BoughtWithin,
    ConsentsTo,
    HoldsTier,
    NotBoughtWithin,
    SpentAtLeast,
)
from campaigns.rules.offers import ExtraPoints, FavouriteCategoryPoints
from campaigns.rules.plans import Plan
from campaigns.rules.schedules import Daily, Once
from campaigns.rules.segments import AllOf, Condition

NOBODY_LIKES = [
    "Coupon",
    "Coupon and miscellaneous items",
    "Coupons / store / manufacturers'",
    "Fuel",
    "Tickets",
]
"""Categories of the data that are no goods one could like."""

SEGMENTS: tuple[tuple[str, str, Condition], ...] = (
    ("active", "Bought within two months", BoughtWithin(days=60)),
    ("gold-and-up", "Gold and platinum", HoldsTier(tiers=["gold", "platinum"])),
    ("sleeping", "Were here, not for two months", NotBoughtWithin(days=60)),
    ("birthday", "Birthday this month", BirthdayThisMonth()),
    (
        "big-baskets",
        "Spent 300.00 in a quarter and may be written to",
        AllOf(
            of=[
                SpentAtLeast(amount_minor=30_000, days=90),
                ConsentsTo(channel="email", purpose="marketing"),
            ]
        ),
    ),
)


def favourite_week(now: datetime) -> Plan:
    """Triple points on what each member likes most, going out a minute or two from `now`."""
    at = (now + timedelta(minutes=2)).astimezone(ZoneInfo(TIMEZONE))
    return Plan(
        offer=FavouriteCategoryPoints(percent=300, except_categories=NOBODY_LIKES),
        schedule=Once(on=at.date(), at=at.time().replace(second=0, microsecond=0)),
        title="{{ offer.words }} this week",
        valid_days=7,
    )


def birthday_gift(now: datetime) -> Plan:
    """Points for a birthday; a draft to play with."""
    return Plan(
        offer=ExtraPoints(points=500, minimum_minor=1_000),
        schedule=Daily(starts_on=now.date(), at=datetime.min.time().replace(hour=9)),
        title="Happy birthday: {{ offer.words }}",
        valid_days=30,
    )
