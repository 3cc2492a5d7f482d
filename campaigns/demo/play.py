"""The demo shop's challenges: a stamp card, a mission and a streak, counted on the real shoppers' past."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.demo import shop
from loyalty.models import Challenge
from loyalty.rules.challenges import (
    ChallengeDefinition,
    GivesPoints,
    GivesVoucher,
    Mission,
    Purchases,
    StampCard,
    Streak,
)
from loyalty.rules.conditions import Hours
from loyalty.rules.scope import Scope
from loyalty.rules.vouchers import ProductFor, VoucherDefinition
from loyalty.services.challenge_drafts import start_challenge, write_challenge
from loyalty.services.challenge_past import catch_up
from loyalty.services.vouchers import open_series

WRITER, STARTER = "demo", "demo.second"
"""Nobody starts what they wrote."""

YOGURT = Scope(categories=["Yogurt"])
FREE_YOGURT = VoucherDefinition(gives=ProductFor(scope=YOGURT), valid_days=60)
STAMP_CARD = ChallengeDefinition(
    goal=StampCard(stamps=9, of=Purchases(scope=YOGURT)), gives=GivesVoucher(series="free-yogurt"), most=None
)
BREAKFASTS = ChallengeDefinition(
    goal=Mission(
        times=3,
        on_different_days=True,
        of=Purchases(conditions=[Hours(starts=time(6), ends=time(11))]),
    ),
    gives=GivesPoints(points=150),
    badge="Early bird",
)
WEEKS = ChallengeDefinition(
    goal=Streak(length=4, unit="week"), gives=GivesPoints(points=100), badge="Regular", most=None
)


def start_challenges(programme_id: int, now: datetime) -> None:
    """Open the shop's challenges, and count what its members did since they began."""
    if Challenge.objects.filter(programme_id=programme_id).exists():
        return
    open_series(
        programme_id=programme_id,
        code="free-yogurt",
        name="Free yogurt",
        definition=FREE_YOGURT,
        by=WRITER,
        now=now,
    )
    today = datetime.combine(now.astimezone(ZoneInfo(shop.TIMEZONE)), time(), ZoneInfo(shop.TIMEZONE))
    for code, name, words, definition, since in (
        (
            "yogurt-card",
            "The yogurt card",
            "Nine yogurts, the tenth is on us.",
            STAMP_CARD,
            today - timedelta(60),
        ),
        ("breakfasts", "Three breakfasts", "Come by before eleven.", BREAKFASTS, today.replace(day=1)),
        ("weeks", "Every week", "Four weeks in a row.", WEEKS, today - timedelta(90)),
    ):
        draft = write_challenge(
            programme_id=programme_id,
            code=code,
            name=name,
            words=words,
            definition=definition,
            live_from=since,
            by=WRITER,
            now=now,
        )
        start_challenge(draft.pk, read=draft.digest(), by=STARTER, now=now)
    while catch_up(now=now):
        pass
