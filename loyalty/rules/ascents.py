"""A member's way up a ladder of tiers, walked anew from what they spent."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from loyalty.rules.tiers import WINDOW_DAYS, Standing, Step, standings_after, step_held, window_starts_on

DAYS_BEFORE = timedelta(days=2 * WINDOW_DAYS)
"""What was spent this long before still matters: a tier is held for a year, by what was spent in the year before it."""


class Ascent:
    """Where a member would stand on a ladder.

    :param spent: what counted on the days before the first purchase; each day counts from its beginning.
    """

    def __init__(self, ladder: Sequence[Step], zone: ZoneInfo, spent: Mapping[date, int]) -> None:
        self.ladder = ladder
        self.zone = zone
        self.days: dict[date, int] = {}
        self.standings: dict[tuple[int, datetime], Standing] = {}
        for day in sorted(spent):
            self.spend(spent[day], at=datetime.combine(day, time(), zone))

    def tier_at(self, at: datetime) -> str:
        """The code of the tier held, "" without a ladder."""
        step = step_held(self.ladder, list(self.standings.values()), at)
        return step.code if step else ""

    def spend(self, minor: int, *, at: datetime) -> None:
        """Count a purchase, and stand where it leads."""
        day = at.astimezone(self.zone).date()
        self.days[day] = self.days.get(day, 0) + minor
        since = window_starts_on(day)
        window = sum(spent for on, spent in self.days.items() if since <= on <= day)
        standings = list(self.standings.values())
        for each in standings_after(self.ladder, standings, window, at=at, zone=self.zone):
            self.standings[each.tier_id, each.from_at] = each
