"""A member's way up a ladder of tiers, walked anew from what they did."""

from collections.abc import Mapping
from datetime import date, datetime, time

import msgspec

from loyalty.rules.tiers import (
    Enrolled,
    Ladder,
    Measures,
    Standing,
    counts_since,
    standings_after,
    step_held,
)


class Day(msgspec.Struct, frozen=True, array_like=True):
    """What counts towards tiers of one day: spend in minor units, points that purchases earned, purchases."""

    minor: int = 0
    points: int = 0
    visits: int = 0

    def and_(self, more: "Day") -> "Day":
        """Both together."""
        return Day(self.minor + more.minor, self.points + more.points, self.visits + more.visits)


def measured(days: Mapping[date, Day], since: date, until: date) -> Measures:
    """What the days from one until another come to, both among them."""
    counted = [day for on, day in days.items() if since <= on <= until]
    return Measures(
        minor=sum(day.minor for day in counted),
        points=sum(day.points for day in counted),
        visits=sum(day.visits for day in counted),
        days=sum(day.visits > 0 for day in counted),
    )


class Ascent:
    """Where a member would stand on a ladder.

    :param days: what counted on the days before the first purchase; each day counts from its beginning.
    """

    def __init__(self, ladder: Ladder, member: Enrolled, days: Mapping[date, Day]) -> None:
        self.ladder = ladder
        self.member = member
        self.days: dict[date, Day] = {}
        self.standings: dict[tuple[int, datetime], Standing] = {}
        for on in sorted(days):
            self.count(days[on], at=datetime.combine(on, time(), member.zone))

    def tier_at(self, at: datetime) -> str:
        """The code of the tier held, "" without a ladder."""
        step = step_held(self.ladder, list(self.standings.values()), at)
        return step.code if step else ""

    def count(self, more: Day, *, at: datetime) -> None:
        """Count what happened, and stand where it leads."""
        on = at.astimezone(self.member.zone).date()
        self.days[on] = self.days.get(on, Day()).and_(more)
        measures = measured(self.days, counts_since(self.ladder, on, self.member), on)
        standings = list(self.standings.values())
        for each in standings_after(self.ladder, standings, measures, at=at, member=self.member):
            self.standings[each.tier_id, each.from_at] = each
