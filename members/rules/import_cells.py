"""What a cell of an import says: text without what spreadsheets put around it, days, moments, yes and no."""

import re
from datetime import UTC, date, datetime, time

from members.rules.import_fields import Mapping
from members.rules.people import EARLIEST_BIRTH

EARLIEST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)


class NotReadable(Exception):  # noqa: N818 - never leaves the rules of imports
    """The words for the problem."""


_FORMULA_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_ESCAPED = re.compile(r"'[=+\-@]")


def unwrapped(cell: str) -> str:
    """A cell without what spreadsheets put around text: `="0912"` and `'+886912`.

    >>> unwrapped('="0912"'), unwrapped("'+886912"), unwrapped(" O'Hara ")
    ('0912', '+886912', "O'Hara")
    """
    text = cell.strip()
    if wrapped := _FORMULA_TEXT.fullmatch(text):
        return wrapped[1].strip()
    return text[1:] if _ESCAPED.match(text) else text


def unbroken(text: str) -> str:
    if "\x00" in text or "\ufffd" in text:
        raise NotReadable("Letters of it are broken. Choose another encoding, or export the file as UTF-8.")
    return text


_ISO = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?$")


def read_day(text: str, order: str) -> date:
    """A day as people write it; which part comes first must be declared, for 03/04/1990 is two days.

    :raises NotReadable: with what to do.
    """
    text = _MIDNIGHT.sub("", text)
    if year_first := _ISO.fullmatch(text):
        year, month, day = map(int, year_first.groups())
    elif year_last := _YEAR_LAST.fullmatch(text):
        one, two, year = map(int, year_last.groups())
        if order == "ymd":
            raise NotReadable("Say in the mapping whether the day or the month comes first in dates.")
        day, month = (one, two) if order == "dmy" else (two, one)
    elif re.fullmatch(r"\d{5}", text):
        raise NotReadable(f"{text} is a spreadsheet's number for a day. Format the column as a date there.")
    else:
        raise NotReadable("It is no date with a year of four digits, such as 1990-04-03.")
    try:
        return date(year, month, day)
    except ValueError:
        other = " Is the order of day and month in the mapping right?" if month > 12 else ""
        raise NotReadable(f"There is no such day.{other}") from None


def birth_date(_field: str, text: str, mapping: Mapping, now: datetime) -> date:
    day = read_day(text, mapping.date_order)
    if day.year < EARLIEST_BIRTH or day > now.date():
        raise NotReadable(f"Nobody is born on {day}. Leave it empty if it is not known.")
    return day


def moment(_field: str, text: str, mapping: Mapping, now: datetime) -> datetime:
    """A day, which begins in UTC, or a moment as ISO 8601 has it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.combine(read_day(text, mapping.date_order), time())
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at < EARLIEST_MOMENT:
        raise NotReadable(
            f"Nothing is told of the years before {EARLIEST_MOMENT.year}. Is it the right column?"
        )
    if at > now:
        raise NotReadable("It lies in the future.")
    return at


_YES = {
    "yes",
    "y",
    "true",
    "t",
    "1",
    "x",
    "ja",
    "si",
    "sí",
    "oui",
    "on",
    "opted-in",
    "是",
    "有",
    "同意",
    "بله",
}
_NO = {
    "no",
    "n",
    "false",
    "f",
    "0",
    "nein",
    "non",
    "off",
    "opted-out",
    "否",
    "無",
    "无",
    "不同意",
    "خیر",
    "نه",
}


def yes_or_no(_field: str, text: str, _mapping: Mapping, _now: datetime) -> bool:
    word = text.casefold()
    if word not in _YES | _NO:
        raise NotReadable("Write yes or no, or leave it empty if they were never asked.")
    return word in _YES
