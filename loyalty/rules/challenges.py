"""What a challenge asks for and what it gives: typed data like rules, validated on entry, published as JSON Schema.

A *unit* is what progress is counted in: a stamp, a purchase or act that counts, a day, week or month, a friend. So many
units complete a challenge once.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from loyalty.rules.conditions import Buys, ChannelIs, Hours, PaidBy, PlaceIs, Recurs, Spends, Weekdays
from loyalty.rules.definition import Minor, Points
from loyalty.rules.scope import Scope

Needed = Annotated[int, Meta(ge=1, le=1_000)]
Code = Annotated[str, Meta(min_length=1, max_length=60)]

FactCondition = PlaceIs | ChannelIs | PaidBy | Spends | Buys | Weekdays | Hours | Recurs
"""Conditions on the purchase itself: they hold or not whenever, and in whatever order, purchases are told."""


class Purchases(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="purchases"):
    """Purchases of which lines in scope were kept that cost something, and for which all conditions hold."""

    scope: Scope = Scope()
    conditions: Annotated[list[FactCondition], Meta(max_length=20)] = []


class Acts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="acts"):
    """Acts of one type (code): reviews, check-ins ..."""

    act: Annotated[str, Meta(min_length=1, max_length=40)]


class StampCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="stamp_card"):
    """A card with room for so many stamps; a full one gives way to the next.

    :ivar per: a stamp for each piece in scope, for each purchase (or act), or for each full `amount_minor` that a
        purchase pays in money for what is in scope; the rest of it stamps nothing.
    """

    stamps: Needed
    per: Literal["piece", "purchase", "amount"] = "piece"
    amount_minor: Minor | None = None
    of: Purchases | Acts = Purchases()

    def __post_init__(self) -> None:
        if (self.per == "amount") != (self.amount_minor is not None):
            raise ValueError("Say the amount of a stamp where stamps are for amounts, and only there.")
        if isinstance(self.of, Acts) and self.per != "purchase":
            raise ValueError("Each act is a stamp: say per purchase.")


class Mission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="mission"):
    """So many purchases or acts.

    :ivar on_different_days: of one day of the programme's calendar only one counts.
    """

    times: Needed
    of: Purchases | Acts = Purchases()
    on_different_days: bool = False


class Streak(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="streak"):
    """A purchase or act on so many days in a row, or in so many weeks (from Monday) or months of the calendar."""

    length: Annotated[int, Meta(ge=2, le=1_000)]
    unit: Literal["day", "week", "month"]
    of: Purchases | Acts = Purchases()


class Referral(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="referral"):
    """A friend who joined by the member's code, and of whose purchases one was paid and kept.

    :ivar minimum_minor: what was paid in money for what the friend kept of it comes to at least so much.
    :ivar kept_days: and so many whole days have passed since, in which it might have come back.
    :ivar friend_gives: what the friend gets for it, once.
    """

    minimum_minor: Minor = 1
    kept_days: Annotated[int, Meta(ge=0, le=365)] = 14
    friend_gives: "Gives | None" = None


Goal = StampCard | Mission | Streak | Referral


class GivesPoints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="points"):
    """So many points, with the maturity and expiry of points that are earned when it is given."""

    points: Points


class GivesVoucher(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="voucher"):
    """A voucher of this series (code)."""

    series: Code


Gives = GivesPoints | GivesVoucher


class ChallengeDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A challenge.

    :ivar badge: what the badge is called that a member wears for good who completed it once; empty: there is none.
    :ivar most: how often a member can complete it; None: as often as they like.
    """

    goal: Goal
    gives: Gives | None = None
    badge: Annotated[str, Meta(max_length=60)] = ""
    most: Annotated[int, Meta(ge=1, le=10_000)] | None = 1

    def __post_init__(self) -> None:
        if self.gives is None and not self.badge:
            raise ValueError("A challenge gives points, a voucher or a badge.")


def needed_by(goal: Goal) -> int:
    """So many units complete it once."""
    match goal:
        case StampCard(stamps=needed) | Mission(times=needed) | Streak(length=needed):
            return needed
        case Referral():
            return 1


def counted_of(goal: Goal) -> Purchases | Acts | None:
    """What is counted; None where friends are."""
    return None if isinstance(goal, Referral) else goal.of
