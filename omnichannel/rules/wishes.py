"""What a member wishes of messages, and what that means for one that is about to go out."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

ONCE_IN = {"weekly": timedelta(days=7), "monthly": timedelta(days=30)}
"""How often news and offers may come -> at most one in so long."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How often a member wants news and offers (any, weekly, monthly, never), and the hours of `zone` (IANA) in which
    nothing rings; both or none are said."""

    frequency: str = "any"
    quiet_from: time | None = None
    quiet_until: time | None = None
    zone: str = "UTC"


def why_not(message_class: str, wish: Wish, *, last_at: datetime | None, now: datetime) -> str | None:
    """Why a message does not go out at all; None if it may.

    :param last_at: when news or an offer went out to the member last.
    """
    if message_class != "marketing":
        return None
    if wish.frequency == "never":
        return "the member wishes no news and offers"
    once_in = ONCE_IN.get(wish.frequency)
    if once_in is None or last_at is None or last_at <= now - once_in:
        return None
    return f"the member wishes one in {once_in.days} days, and had one on {last_at:%Y-%m-%d}"


def quiet_ends(wish: Wish, *, now: datetime) -> datetime | None:
    """When the quiet hours are over in which this moment lies; None if it lies in none.

    Wall time of the member's zone: where an hour comes twice the second one counts, where it is left out the one after.
    """
    if wish.quiet_from is None or wish.quiet_until is None:
        return None
    zone = ZoneInfo(wish.zone)
    local = now.astimezone(zone)
    at = local.time()
    if wish.quiet_from < wish.quiet_until:
        is_quiet = wish.quiet_from <= at < wish.quiet_until
    else:
        is_quiet = at >= wish.quiet_from or at < wish.quiet_until
    if not is_quiet:
        return None
    ends_on = local.date() + timedelta(days=at >= wish.quiet_until)
    ends = datetime.combine(ends_on, wish.quiet_until, tzinfo=zone)
    return max(ends.replace(fold=fold).astimezone(now.tzinfo) for fold in (0, 1))
