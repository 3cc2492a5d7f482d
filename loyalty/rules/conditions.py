"""When a rule holds: the conditions it can set, as typed data. All of a rule's conditions must hold."""

from datetime import date, datetime, time
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from loyalty.rules.recurrence import ensure_recurrence
from loyalty.rules.scope import Scope

Moment = Annotated[datetime, Meta(tz=True)]
"""With its offset from UTC, or it could be any."""

WallTime = Annotated[time, Meta(tz=False)]
"""In no zone of its own."""

Names = Annotated[list[str], Meta(min_length=1, max_length=200)]


class TierIs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="tier_is"):
    """The member stands on one of these tiers at the moment of the purchase."""

    tiers: Names


class HasLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="has_label"):
    """The member is in one of these segments (codes)."""

    labels: Names


class FirstPurchase(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="first_purchase"
):
    """The member bought nothing in the programme before, as far as it was told; what came back counts too."""


class Birthday(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="birthday"):
    """Bought on the member's birthday, or so many days before or after it, in the programme's timezone.

    Who was born on 29 February has it on the 28th in other years.
    """

    days_before: Annotated[int, Meta(ge=0, le=180)] = 0
    days_after: Annotated[int, Meta(ge=0, le=180)] = 0


class PlaceIs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="place_is"):
    """Bought in one of these stores or web shops (codes)."""

    places: Names


class ChannelIs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="channel_is"):
    """Bought in a store, or in a web shop."""

    channel: Literal["store", "web_shop"]


class PaidBy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="paid_by"):
    """At least one payment of the purchase is of one of these kinds, as the till calls them."""

    kinds: Names


class Spends(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spends"):
    """The lines in scope come to at least `minimum_minor`, by the rule's basis."""

    minimum_minor: Annotated[int, Meta(ge=1, le=10**12)]
    scope: Scope = Scope()


class Buys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="buys"):
    """The lines in scope hold at least so many pieces."""

    pieces: Annotated[int, Meta(ge=1, le=100_000)]
    scope: Scope = Scope()


class Period(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="period"):
    """Bought at `starts_at` or later and before `ends_at`."""

    starts_at: Moment
    ends_at: Moment


class Weekdays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="weekdays"):
    """Bought on one of these days, 1 Monday to 7 Sunday, in the programme's timezone."""

    days: Annotated[list[Annotated[int, Meta(ge=1, le=7)]], Meta(min_length=1, max_length=7)]


class Hours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hours"):
    """Bought at `starts` or later and before `ends`, wall time of the programme's timezone; may cross midnight."""

    starts: WallTime
    ends: WallTime


class Recurs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="recurs"):
    """Bought on a day that recurs, counted from `first_on`, between two wall times of the programme's timezone.

    A window that ends before it starts reaches into the next day; one that starts and ends alike is the whole day.

    :ivar rrule: days as RFC 5545 writes them: `FREQ=MONTHLY;BYDAY=1FR` is each first Friday of a month.
    """

    rrule: Annotated[str, Meta(min_length=6, max_length=200)]
    first_on: date
    starts: WallTime = time(0)
    ends: WallTime = time(0)

    def __post_init__(self) -> None:
        ensure_recurrence(self.rrule, self.first_on)


Condition = (
    TierIs
    | HasLabel
    | FirstPurchase
    | Birthday
    | PlaceIs
    | ChannelIs
    | PaidBy
    | Spends
    | Buys
    | Period
    | Weekdays
    | Hours
    | Recurs
)
