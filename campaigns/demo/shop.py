"""What the demo grocer promises: terms, tiers, rules."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.staff.roles import ADMINISTRATOR, FINANCE, STORE_MANAGER
from loyalty.rules.definition import (
    Cap,
    FixedPoints,
    ForAct,
    Multiplier,
    Period,
    PerStep,
    PlaceIs,
    PropertyFrom,
    RuleDefinition,
    Scope,
    TierIs,
    Weekdays,
)
from loyalty.services.fraud import RuleDraft as FraudRuleDraft
from loyalty.services.programmes import BenefitDraft, TermsDraft, TierDraft

CODE = "grocer"
NAME = "Regulars demo grocer"
TIMEZONE = "America/New_York"
CURRENCY = "USD"
REGION = "US"

BUSIEST_STORE = "356"
STORES_WITH_TILLS = (BUSIEST_STORE, "406", "375")
WEB_SHOP = "web"
PROMOTED_DEPARTMENT = "Produce"

OPENED_AT = datetime(2020, 1, 1, tzinfo=ZoneInfo(TIMEZONE))
"""Rules without a period of their own hold from here on, for the whole of the imported history."""

TERMS = TermsDraft(
    burn_points=10,
    burn_minor=1,
    expiry_kind="inactivity",
    expiry_days=60,
    welcome_points=50,
    proof_above=5_000,
    transfer_points_a_day=2_000,
)

COST_PER_POINTS, COST_MINOR = 10, 1
"""What a point that is outstanding costs the house: as much as it pays."""

LIMITS = {STORE_MANAGER: 200, FINANCE: 2_000, ADMINISTRATOR: 2_000}
"""Role -> how many points it corrects alone."""

FRAUD = (
    FraudRuleDraft(
        name="One card at one till all day", what="same_till", per="member_till", within="day", more_than=4
    ),
    FraudRuleDraft(
        name="Points as no household earns them",
        what="points_earned",
        per="member",
        within="day",
        more_than=20_000,
        is_holding=True,
    ),
    FraudRuleDraft(
        name="Generous colleagues", what="corrections", per="staff", within="day", more_than=5_000
    ),
)
"""What is watched for fraud."""

TASTING = "tea-tasting"
LADDER = (
    TierDraft(code="member", name="Member", threshold_minor=0),
    TierDraft(
        code="silver",
        name="Silver",
        threshold_minor=50_000,
        benefits=(
            BenefitDraft(
                code="free-shipping",
                kind="free_shipping",
                title="Free shipping",
                description="The web shop sends your orders for nothing.",
                uses=None,
                is_each_year=True,
            ),
            BenefitDraft(
                code="birthday-cake",
                kind="birthday_gift",
                title="A cake for your birthday",
                description="Around your birthday our bakery gives you a small cake.",
                is_each_year=True,
            ),
        ),
    ),
    TierDraft(
        code="gold",
        name="Gold",
        threshold_minor=150_000,
        benefits=(
            BenefitDraft(
                code=TASTING,
                kind="event",
                title="Evening tea tasting",
                description="An evening of teas that are not on the shelf yet: book your seat in the app.",
            ),
        ),
    ),
    TierDraft(
        code="platinum",
        name="Platinum",
        threshold_minor=350_000,
        benefits=(
            BenefitDraft(
                code="concierge",
                kind="concierge",
                title="A person to call",
                description="One number, one person, who gets for you what we do not have.",
            ),
        ),
    ),
)


def rules(now: datetime) -> list[tuple[str, str, RuleDefinition]]:
    """Code, name and definition of each rule; the one with a period runs around `now`, in whole days."""
    zone = ZoneInfo(TIMEZONE)
    today = datetime.combine(now.astimezone(zone), time(), tzinfo=zone)
    starts_at, ends_at = today - timedelta(days=14), today + timedelta(days=28)
    around = Period(starts_at=starts_at.astimezone(UTC), ends_at=ends_at.astimezone(UTC))
    return [
        ("base", "Base points", RuleDefinition(effect=PerStep(points=10, step_minor=100))),
        ("silver", "Silver members", _times(125, TierIs(tiers=["silver"]))),
        ("gold", "Gold members", _times(150, TierIs(tiers=["gold"]))),
        ("platinum", "Platinum members", _times(200, TierIs(tiers=["platinum"]))),
        (
            "fresh-weeks",
            "Fresh weeks",
            RuleDefinition(
                effect=Multiplier(percent=200, scope=Scope(departments=[PROMOTED_DEPARTMENT])),
                conditions=[around],
            ),
        ),
        (
            "quiet-tuesdays",
            "Quiet Tuesdays on Maple Street",
            RuleDefinition(
                effect=FixedPoints(points=50, minimum_minor=2_000),
                conditions=[PlaceIs(places=[BUSIEST_STORE]), Weekdays(days=[2])],
            ),
        ),
        (
            "reviews",
            "Good reviews",
            RuleDefinition(
                effect=FixedPoints(points=50),
                act=ForAct(type="review", where=[PropertyFrom(property="rating", at_least=4)]),
                caps=[Cap(per="member_month", times=3)],
            ),
        ),
        (
            "app",
            "Our app",
            RuleDefinition(effect=FixedPoints(points=100), act=ForAct(type="app_install", once_per="member")),
        ),
    ]


def _times(percent: int, tier: TierIs) -> RuleDefinition:
    return RuleDefinition(effect=Multiplier(percent=percent), conditions=[tier])
