"""What a programme declares of its ladder: the window that counts, what counts in it, and how long a tier is held."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from loyalty.rules.definition import Basis

FOR_EVER = datetime(9000, 1, 1, tzinfo=UTC)
"""The end of what is held for ever."""

Days = Annotated[int, Meta(ge=1, le=3_650)]
Code = Annotated[str, Meta(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a declaration; a field that nobody knows is refused."""


class RollingDays(_Part, frozen=True, kw_only=True, tag="days"):
    """The last so many days, today among them."""

    days: Days = 365


class RollingMonths(_Part, frozen=True, kw_only=True, tag="months"):
    """The last so many months: since the day after the same day so many months ago."""

    months: Annotated[int, Meta(ge=1, le=60)] = 12


class CalendarYear(_Part, frozen=True, kw_only=True, tag="year"):
    """The running year; it begins with the first day of `starts_month`."""

    starts_month: Annotated[int, Meta(ge=1, le=12)] = 1


class CalendarQuarter(_Part, frozen=True, kw_only=True, tag="quarter"):
    """The running quarter; the first one begins with `starts_month`."""

    starts_month: Annotated[int, Meta(ge=1, le=12)] = 1


class Anniversary(_Part, frozen=True, kw_only=True, tag="anniversary"):
    """The member's own year: it begins with the day of their enrolment, and the same day of each later year."""


Window = RollingDays | RollingMonths | CalendarYear | CalendarQuarter | Anniversary
_PERIODS = (CalendarYear, CalendarQuarter, Anniversary)


class ForDays(_Part, frozen=True, kw_only=True, tag="days"):
    """So many days, the day of the purchase among them."""

    days: Days = 365


class ForPeriods(_Part, frozen=True, kw_only=True, tag="periods"):
    """The rest of the running period, and so many whole periods after it."""

    following: Annotated[int, Meta(ge=0, le=5)] = 1


class Demand(_Part, frozen=True, kw_only=True):
    """What a step asks for within the window: the lowest nothing, each other one at least one of the three.

    :ivar threshold_minor: spend in minor units, by the ladder's basis. Exactly as much reaches it.
    :ivar points: earned by purchases, whatever became of them since.
    :ivar visits: purchases, or days with one, as the ladder counts them.
    :ivar needs: whether any one of them is enough, or all have to be reached.
    """

    tier: Code
    threshold_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    points: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    visits: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    needs: Literal["any", "all"] = "any"

    @property
    def asked(self) -> tuple[int | None, int | None, int | None]:
        return self.threshold_minor, self.points, self.visits


ALL_PAID = Basis(with_shipping=True, with_gift_cards=True)
"""All the money paid."""


A_YEAR = RollingDays()


class LadderTerms(_Part, frozen=True, kw_only=True):
    """How tiers are reached and kept.

    :ivar spend: which amounts count as spend; what is booked already stays as it was counted.
    :ivar visits: whether each purchase is a visit, or each day with one.
    :ivar grace_days: a tier is held so much longer than it would be.
    :ivar falls: by one step at a time, held as long again, or to what the member reached by itself.
    :ivar never_down: a tier once reached is held for ever.
    :ivar on_return: whether a step that was reached only by what came back is taken back with it.
    """

    window: Window = RollingDays()
    lasts: ForDays | ForPeriods = ForDays()
    spend: Basis = ALL_PAID
    visits: Literal["purchases", "days"] = "days"
    grace_days: Annotated[int, Meta(ge=0, le=366)] = 0
    falls: Literal["to_what_is_reached", "one_step"] = "to_what_is_reached"
    never_down: bool = False
    on_return: Literal["keep", "take"] = "keep"


class LadderDefinition(LadderTerms, frozen=True, kw_only=True):
    """A ladder: its terms, and its steps, the lowest first.

    :ivar when_live: what becomes of members who hold more than this ladder would give them, when it begins: they keep
        it until its end, or go down at once (by one step, where it falls by one step).
    """

    steps: Annotated[list[Demand], Meta(min_length=1, max_length=50)]
    when_live: Literal["keep", "review"] = "keep"

    @property
    def terms(self) -> LadderTerms:
        return LadderTerms(**{name: getattr(self, name) for name in LadderTerms.__struct_fields__})


def fault_in(ladder: LadderDefinition) -> str | None:
    """Why it is no ladder, in words; None if it is one."""
    if isinstance(ladder.lasts, ForPeriods) and not isinstance(ladder.window, _PERIODS):
        return "A rolling window has no periods: say for how many days a tier is held."
    codes = [step.tier for step in ladder.steps]
    if len(set(codes)) < len(codes):
        return "Each tier stands on the ladder once."
    if any(asked is not None for asked in ladder.steps[0].asked):
        return "Everybody stands on the lowest tier: it asks for nothing."
    for step in ladder.steps[1:]:
        if not any(step.asked):
            return f"Say what reaches {step.tier}."
    for below, above in pairwise(ladder.steps[1:]):
        if fault := _too_easy(below, above):
            return fault
    return None


def _too_easy(below: Demand, above: Demand) -> str | None:
    """Each next step asks for more of whatever both ask for."""
    for less, more, what in zip(below.asked, above.asked, ("spend", "points", "visits"), strict=True):
        if less is not None and more is not None and more <= less:
            return f"{above.tier} must ask for more {what} than {below.tier}."
    return None


def window_starts_on(window: Window, day: date, enrolled_on: date) -> date:
    """The first day that still counts on `day`."""
    match window:
        case RollingDays(days=days):
            return day - timedelta(days=days - 1)
        case RollingMonths(months=months):
            return _months_on(day, -months) + timedelta(days=1)
        case _:
            return _period_starts_on(window, day, enrolled_on)


def _period_starts_on(window: Window, day: date, enrolled_on: date) -> date:
    match window:
        case CalendarYear(starts_month=month):
            return date(day.year - (day.month < month), month, 1)
        case CalendarQuarter(starts_month=month):
            return _months_on(day.replace(day=1), -((day.month - month) % 3))
        case _:
            years = day.year - enrolled_on.year
            begins = _months_on(enrolled_on, 12 * years)
            return begins if begins <= day else _months_on(enrolled_on, 12 * (years - 1))


def held_until(
    terms: LadderTerms, at: datetime, zone: ZoneInfo, enrolled_on: date, *, terms_more: int = 0
) -> datetime:
    """The end of a tier that is reached at a moment: a midnight in the programme's zone.

    :param terms_more: so many terms longer, for steps below, which are fallen back to.
    """
    if terms.never_down:
        return FOR_EVER
    day = at.astimezone(zone).date()
    if isinstance(terms.lasts, ForDays):
        end = day + timedelta(days=terms.lasts.days * (1 + terms_more))
    else:
        months = 3 if isinstance(terms.window, CalendarQuarter) else 12
        periods = 1 + terms.lasts.following + terms_more * max(terms.lasts.following, 1)
        begins = _period_starts_on(terms.window, day, enrolled_on)
        if isinstance(terms.window, Anniversary):
            end = _months_on(enrolled_on, 12 * (begins.year - enrolled_on.year + periods))
        else:
            end = _months_on(begins, months * periods)
    return datetime.combine(end + timedelta(days=terms.grace_days), time(), tzinfo=zone).astimezone(UTC)


def _months_on(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a month that is shorter."""
    count = day.year * 12 + day.month - 1 + months
    first = date(count // 12, count % 12 + 1, 1)
    last = (date(first.year + first.month // 12, first.month % 12 + 1, 1) - timedelta(days=1)).day
    return first.replace(day=min(day.day, last))


def longest_window_days(windows: Iterable[Window]) -> int:
    """On any day at most so many days count."""
    longest = 366
    for window in windows:
        match window:
            case RollingDays(days=days):
                longest = max(longest, days)
            case RollingMonths(months=months):
                longest = max(longest, months * 31)
    return longest
