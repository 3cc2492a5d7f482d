"""What a member can spend with their household, in numbers and in words. Pure."""

import msgspec

from loyalty.rules.answers import WalletAnswer

_PERIODS = {"day": "today", "week": "this week", "month": "this month"}


class HouseholdPoints(msgspec.Struct, frozen=True, kw_only=True):
    """What the database tells: points of the others that can be drawn now, and what the limit of the member leaves of
    its day, week or month; None without one."""

    drawable: int
    limit_left: int | None
    limit_per: str


class HouseholdAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a member can spend with their household.

    `spendable`: the member's own and the `drawable` of the others together. `limit_left`: of the limit that the head
    has set, so much is left in its period; null without one.
    """

    drawable: int
    spendable: int
    limit_left: int | None


class SharedWalletAnswer(WalletAnswer, frozen=True, kw_only=True):
    """A wallet as it stands: the member's own points, and `household`, null for who shares points with nobody."""

    household: HouseholdAnswer | None


def shared_wallet(wallet: WalletAnswer, points: HouseholdPoints | None) -> SharedWalletAnswer:
    """The wallet with what the household adds to it."""
    household = (
        HouseholdAnswer(
            drawable=points.drawable,
            spendable=wallet.spendable + points.drawable,
            limit_left=points.limit_left,
        )
        if points
        else None
    )
    return SharedWalletAnswer(**msgspec.structs.asdict(wallet), household=household)


def spendable_words(own: int, points: HouseholdPoints | None, *, owes: bool) -> str:
    """How many points can be spent, and where a household is, why not more.

    150 points can be spent now, 100 of their own and 50 of the household's; their limit leaves no more this month.
    """
    if points is None:
        return f"{own} points can be spent now."
    parts = f"{own} of their own and {points.drawable} of the household's"
    if owes:
        why = "who owes points draws none"
    elif points.limit_left is not None and points.limit_left <= points.drawable:
        why = f"their limit leaves no more {_PERIODS[points.limit_per]}"
    else:
        why = "the others have no more"
    return f"{own + points.drawable} points can be spent now, {parts}; {why}."
