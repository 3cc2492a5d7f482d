"""What capped rules would have given so far, as past purchases are settled anew, member by member."""

from datetime import datetime

from loyalty.rules.basket import Use
from loyalty.rules.compile import Programme
from loyalty.rules.settle import Settlement

Counts = dict[str, dict[str, int]]
"""Rule -> day (ISO), or "" for all time -> points."""


class Counters:
    """Counters of one member and of all members together, which begin empty.

    :param of_all: goes on from what earlier members were given, and is written to.
    """

    def __init__(self, programme: Programme, of_all: Counts) -> None:
        self._is_capped = bool(programme.capped)
        self._zone = programme.terms.zone
        self._of_all = of_all
        self._of_member: Counts = {}

    def used(self, at: datetime) -> list[Use]:
        """What counts for a purchase of the member at this moment."""
        if not self._is_capped:
            return []
        day = at.astimezone(self._zone).date().isoformat()
        buckets = ("", day[:7], day)
        return [
            Use(rule=rule, bucket=bucket, of_member=of_member, points=days[bucket])
            for of_member, counts in ((False, self._of_all), (True, self._of_member))
            for rule, days in counts.items()
            for bucket in buckets
            if bucket in days
        ]

    def take_note(self, settlement: Settlement) -> None:
        """What a settled purchase counts for the next ones."""
        for award in settlement.awards:
            for limit in award.limits:
                days = (self._of_member if limit.of_member else self._of_all).setdefault(award.rule, {})
                days[limit.bucket] = days.get(limit.bucket, 0) + award.points
