"""Days that recur, between the few patterns that the form offers and the recurrence that is kept."""

import re
from typing import Any

PATTERNS = [
    ("", "none"),
    ("weekday", "A weekday of each month (the first Friday)"),
    ("day", "A day of each month (the 15th)"),
    ("weeks", "Every so many weeks"),
    ("year", "The same day each year"),
    ("rrule", "As RFC 5545 writes it"),
]
PLACES = [("1", "first"), ("2", "second"), ("3", "third"), ("4", "fourth"), ("-1", "last")]

_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY = re.compile(r"FREQ=MONTHLY;BYDAY=(1|2|3|4|-1)(MO|TU|WE|TH|FR|SA|SU)")
_DAY = re.compile(r"FREQ=MONTHLY;BYMONTHDAY=(\d{1,2})")
_WEEKS = re.compile(r"FREQ=WEEKLY;INTERVAL=(\d{1,3});BYDAY=(MO|TU|WE|TH|FR|SA|SU)")


def rrule_of(answers: dict[str, Any]) -> str:
    """The recurrence that the fields say."""
    number = answers["recurs_number"] or 1
    weekday = _CODES[int(answers["recurs_weekday"] or 0)]
    match answers["recurs_pattern"]:
        case "weekday":
            return f"FREQ=MONTHLY;BYDAY={answers['recurs_place'] or 1}{weekday}"
        case "day":
            return f"FREQ=MONTHLY;BYMONTHDAY={number}"
        case "weeks":
            return f"FREQ=WEEKLY;INTERVAL={number};BYDAY={weekday}"
        case "year":
            return "FREQ=YEARLY"
        case _:
            return str(answers["recurs_rrule"]).strip()


def answers_of_rrule(rrule: str) -> dict[str, Any]:
    """What stands in the fields for a recurrence; the inverse of `rrule_of`."""
    if found := _WEEKDAY.fullmatch(rrule):
        place, day = found.groups()
        pattern = {
            "recurs_pattern": "weekday",
            "recurs_place": place,
            "recurs_weekday": str(_CODES.index(day)),
        }
    elif found := _DAY.fullmatch(rrule):
        pattern = {"recurs_pattern": "day", "recurs_number": int(found[1])}
    elif found := _WEEKS.fullmatch(rrule):
        weeks, day = found.groups()
        pattern = {
            "recurs_pattern": "weeks",
            "recurs_number": int(weeks),
            "recurs_weekday": str(_CODES.index(day)),
        }
    elif rrule == "FREQ=YEARLY":
        pattern = {"recurs_pattern": "year"}
    else:
        pattern = {"recurs_pattern": "rrule", "recurs_rrule": rrule}
    return pattern
