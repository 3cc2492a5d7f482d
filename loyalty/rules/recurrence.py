"""Days that recur, as RFC 5545 writes them: no hours, so that wall time stays wall time when the clocks change."""

import re
from calendar import month_name
from datetime import date, datetime, timedelta
from functools import lru_cache

from dateutil.rrule import rrule, rrulestr

from config.ground.tongues import said
from config.ground.words import counted, listed

MOST_YEARS = 100
"""A recurrence ends so many years after its first day, so that none is reckoned for ever."""

_KNOWN = {
    "FREQ",
    "INTERVAL",
    "UNTIL",
    "BYDAY",
    "BYMONTH",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYSETPOS",
    "WKST",
}
_HIGHEST = {
    "INTERVAL": 999,
    "BYMONTH": 12,
    "BYMONTHDAY": 31,
    "BYYEARDAY": 366,
    "BYWEEKNO": 53,
    "BYSETPOS": 366,
}
"""What is said in whole numbers."""

_FROM_THE_END = {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"}
"""What may count backwards."""

_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_DAYS = {
    "MO": "Monday",
    "TU": "Tuesday",
    "WE": "Wednesday",
    "TH": "Thursday",
    "FR": "Friday",
    "SA": "Saturday",
    "SU": "Sunday",
}
_PLACES = {
    "1": "first",
    "2": "second",
    "3": "third",
    "4": "fourth",
    "5": "fifth",
    "-1": "last",
    "-2": "last but one",
}


def ensure_recurrence(text: str, first_on: date) -> None:
    """
    :raises ValueError: this is no recurrence of days, or none that we reckon with.
    """
    parts = _parts(text)
    unknown = [name for name in parts if name not in _KNOWN]
    if unknown:
        raise ValueError(f"{unknown[0]} cannot be said here; days recur by {', '.join(sorted(_KNOWN))}.")
    if parts.get("FREQ") not in _UNITS:
        raise ValueError("Say FREQ=DAILY, WEEKLY, MONTHLY or YEARLY.")
    if not date(2000, 1, 1) <= first_on < date(2200, 1, 1):
        raise ValueError("The first day must lie between 2000 and 2199.")
    _ensure_within(parts)
    try:
        days = _rule(text, first_on, until=_end(first_on))
        if not any(True for _ in days):
            raise ValueError("No day recurs like this.")
        words_of_recurrence(text)
    except (TypeError, KeyError, IndexError) as fault:
        raise ValueError("This is no recurrence as RFC 5545 writes it.") from fault


def is_recurring(text: str, first_on: date, day: date) -> bool:
    """Whether a day is one of those that recur. Each year is reckoned once."""
    return first_on <= day <= _end(first_on) and day in _days_of(text, first_on, day.year)


def words_of_recurrence(text: str) -> str:
    """How often, in words: `every first Friday of the month`; what is said oddly stays as it is written."""
    parts = _parts(text)
    until = parts.pop("UNTIL", "")
    interval = parts.pop("INTERVAL", "1")
    unit = _UNITS[parts.pop("FREQ")]
    parts.pop("WKST", None)
    days = [day.strip() for day in parts.pop("BYDAY", "").split(",") if day.strip()]
    on = [date_ for date_ in parts.pop("BYMONTHDAY", "").split(",") if date_]
    months = [said(month_name[int(month)]) for month in parts.pop("BYMONTH", "").split(",") if month]
    if parts or (days and on):
        return said("on days by {rule}", rule=text)
    if interval == "1":
        often, each = said(f"every {unit}"), said(f"each {unit}")
    else:
        units = counted(int(interval), unit)
        often, each = said("every {units}", units=units), said("each {units}", units=units)
    if days and unit == "week" and interval == "1":
        words = said("every {days}", days=listed([said(_DAYS[day[-2:]]) for day in days]))
    elif days:
        words = said("on {days} of {each}", days=listed([_weekday(day) for day in days]), each=each)
    elif on:
        named = [said("the last day") if day == "-1" else said("day {day}", day=day) for day in on]
        words = said("on {days} of {each}", days=listed(named), each=each)
    else:
        words = often
    if months:
        words = said("{often} in {months}", often=words, months=listed(months))
    last = f"{until[:4]}-{until[4:6]}-{until[6:8]}"
    return said("{often} until {day}", often=words, day=last) if until else words


def _ensure_within(parts: dict[str, str]) -> None:
    """
    :raises ValueError: a number is none, or beyond what there is; or a weekday is none.
    """
    for name, highest in _HIGHEST.items():
        for told in parts[name].split(",") if name in parts else ():
            number = told.removeprefix("-") if name in _FROM_THE_END else told
            if not _NUMBER.fullmatch(number) or not 1 <= int(number) <= highest:
                raise ValueError(f"{name} must lie between 1 and {highest}.")
    for told in parts["BYDAY"].split(",") if "BYDAY" in parts else ():
        if not _WEEKDAY.fullmatch(told):
            raise ValueError("BYDAY names days like FR, 1FR or -1FR.")


_NUMBER = re.compile(r"\+?[0-9]{1,3}")
_WEEKDAY = re.compile(rf"([+-]?[1-9][0-9]?)?({'|'.join(_DAYS)})")


def _weekday(day: str) -> str:
    place = day[:-2].removeprefix("+")
    named = said(_DAYS[day[-2:]])
    if not place:
        return named
    return said("the {place} {day}", place=said(_PLACES.get(place, place + ".")), day=named)


def _parts(text: str) -> dict[str, str]:
    """
    :raises ValueError: it is not made of `NAME=value` pairs.
    """
    pairs = [part.partition("=") for part in text.upper().split(";") if part]
    if not pairs or any(not value for _, _, value in pairs):
        raise ValueError("This is no recurrence as RFC 5545 writes it.")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _end(first_on: date) -> date:
    return first_on + timedelta(days=MOST_YEARS * 365)


@lru_cache(maxsize=4096)
def _days_of(text: str, first_on: date, year: int) -> frozenset[date]:
    days = _rule(text, first_on, until=min(date(year, 12, 31), _end(first_on)))
    return frozenset(day.date() for day in days if day.year == year)


def _rule(text: str, first_on: date, *, until: date) -> rrule:
    """The days from the first one until a day, each at midnight. They are bounded, for a rule may never match."""
    parts = _parts(text)
    last = datetime.combine(until, datetime.min.time())
    if "UNTIL" in parts:
        last = min(last, datetime.strptime(parts.pop("UNTIL")[:8], "%Y%m%d"))  # noqa: DTZ007 - a day, in no zone
    bounded = ";".join(f"{name}={value}" for name, value in parts.items())
    return rrulestr(
        f"{bounded};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=datetime.combine(first_on, datetime.min.time())
    )
