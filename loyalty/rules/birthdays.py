"""The days around a birthday. Who was born on 29 February has it on the 28th in years without one."""

from datetime import date, timedelta

import msgspec


class Window(msgspec.Struct, frozen=True):
    """A first and a last day, both among it."""

    first: date
    last: date

    def has(self, day: date) -> bool:
        return self.first <= day <= self.last


def window_around(day: date, birthday: tuple[int, int], *, days_before: int, days_after: int) -> Window:
    """The window around a birthday that is open on a day, or else the next one to open.

    :param birthday: month and day.
    """
    before, after = timedelta(days_before), timedelta(days_after)
    years = range(max(day.year - 1, date.min.year), min(day.year + 1, date.max.year) + 1)
    birthdays = [_in(year, birthday) for year in years]
    windows = [Window(falls_on - before, falls_on + after) for falls_on in birthdays]
    return next((one for one in windows if one.last >= day), windows[-1])


def _in(year: int, birthday: tuple[int, int]) -> date:
    try:
        return date(year, *birthday)
    except ValueError:
        return date(year, 2, 28)
