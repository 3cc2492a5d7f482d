"""What the demo grocer gives for points: twelve rewards, some of them redeemed by real shoppers."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.demo.shop import BUSIEST_STORE, PROMOTED_DEPARTMENT, TIMEZONE
from loyalty.rules.scope import Scope
from loyalty.rules.vouchers import (
    AmountOff,
    FreeShipping,
    GiftCard,
    PercentOff,
    ProductFor,
    VoucherDefinition,
)
from loyalty.services.rewards import RewardDraft

GOODS_DAYS = 90
"""Vouchers for goods are good for so long."""

SERIES: tuple[tuple[str, str, VoucherDefinition], ...] = (
    ("reward-050", "0.50 off", VoucherDefinition(gives=AmountOff(minor=50), valid_days=GOODS_DAYS)),
    ("reward-500", "5.00 off", VoucherDefinition(gives=AmountOff(minor=500), valid_days=GOODS_DAYS)),
    ("reward-1000", "10.00 off", VoucherDefinition(gives=AmountOff(minor=1_000), valid_days=GOODS_DAYS)),
    (
        "reward-fresh",
        "A fifth off fruit and vegetables",
        VoucherDefinition(
            gives=PercentOff(percent=20, most_minor=500, scope=Scope(departments=[PROMOTED_DEPARTMENT])),
            valid_days=GOODS_DAYS,
        ),
    ),
    (
        "reward-pastry",
        "A pastry for nothing",
        VoucherDefinition(gives=ProductFor(scope=Scope(departments=["Pastry"])), valid_days=GOODS_DAYS),
    ),
    ("reward-shipping", "Free shipping", VoucherDefinition(gives=FreeShipping(), valid_days=GOODS_DAYS)),
    ("reward-card", "Gift card of 20.00", VoucherDefinition(gives=GiftCard(minor=2_000))),
)

REDEEMED = ("half-off", "tote-bag", "mug", "tea-tin", "half-off", "tea-evening", "tote-bag", "free-pastry")
"""What the shoppers with the most points redeem, one after the other."""


def rewards(now: datetime, stores: dict[str, int]) -> tuple[RewardDraft, ...]:
    """
    :param stores: id of each store that keeps mugs, by its code.
    """
    return (*_vouchers(), *_gifts(stores), *_experiences(now))


def _vouchers() -> tuple[RewardDraft, ...]:
    def voucher(code: str, series: str, title: str, points: int, spanish: str, **more: object) -> RewardDraft:
        told = {"kind": "voucher", "series": series, "words": {"es": (spanish, "")}} | more
        return RewardDraft(code=code, title=title, points=points, **told)  # type: ignore[arg-type]  # named above

    return (
        voucher("half-off", "reward-050", "0.50 off", 500, "0.50 de descuento"),
        voucher("five-off", "reward-500", "5.00 off", 4_500, "5.00 de descuento"),
        voucher("ten-off", "reward-1000", "10.00 off", 8_500, "10.00 de descuento", tier="silver"),
        voucher(
            "fresh-fifth",
            "reward-fresh",
            "A fifth off fruit and vegetables",
            2_000,
            "Un quinto menos en fruta y verdura",
            most_per_period=1,
            period="week",
        ),
        voucher(
            "free-pastry",
            "reward-pastry",
            "A pastry for nothing",
            1_500,
            "Un pastel gratis",
            most_per_period=2,
            period="month",
        ),
        voucher("free-shipping", "reward-shipping", "Free shipping", 1_000, "Envío gratis"),
        voucher("gift-card", "reward-card", "Gift card of 20.00", 18_000, "Tarjeta de 20.00", stock=500),
    )


def _gifts(stores: dict[str, int]) -> tuple[RewardDraft, ...]:
    return (
        RewardDraft(
            code="tote-bag",
            title="Cotton bag",
            description="A bag for everything you carry home, with our tea-house on it.",
            kind="gift",
            points=2_000,
            stock=300,
            words={"es": ("Bolsa de algodón", "Para llevar todo a casa.")},
        ),
        RewardDraft(
            code="mug",
            title="Stoneware mug",
            description="Thrown and glazed by a potter of the town. Fetch it at your store.",
            kind="gift",
            points=6_000,
            stock=60,
            stocks={place_id: 30 if code == BUSIEST_STORE else 15 for code, place_id in stores.items()},
            most_per_member=2,
            words={"es": ("Taza de gres", "Recógela en tu tienda.")},
        ),
        RewardDraft(
            code="tea-tin",
            title="Tin of spring oolong",
            kind="gift",
            points=3_000,
            cash_minor=400,
            stock=120,
            words={"es": ("Lata de oolong de primavera", "")},
        ),
    )


def _experiences(now: datetime) -> tuple[RewardDraft, ...]:
    return (
        RewardDraft(
            code="tea-evening",
            title="Evening of teas",
            description="Seven teas of one spring, and the person who picked them.",
            kind="experience",
            points=5_000,
            tier="gold",
            stock=20,
            most_per_member=1,
            happens_at=_evening(now, days=24),
            cancel_hours=48,
            words={"es": ("Noche de tés", "Siete tés de una primavera.")},
        ),
        RewardDraft(
            code="baking-class",
            title="Baking with our pastry cook",
            kind="experience",
            points=7_500,
            cash_minor=1_500,
            stock=8,
            most_per_member=1,
            happens_at=_evening(now, days=38),
            cancel_hours=72,
            words={"es": ("Hornear con nuestra pastelera", "")},
        ),
    )


def _evening(now: datetime, *, days: int) -> datetime:
    """Half past six in the shop's town, so many days from now."""
    zone = ZoneInfo(TIMEZONE)
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=days), time(18, 30), tzinfo=zone)
