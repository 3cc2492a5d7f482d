"""What capped rules gave so far, as a batch of purchases or acts goes along."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from loyalty.queries.caps import find_uses, lock_uses
from loyalty.rules.awards import Award
from loyalty.rules.basket import Use
from loyalty.rules.compile import Terms


class CapsSoFar:
    """Counters of the rules that are live at the moments of the batch.

    Those that all members share are locked until the batch is booked, so that nobody else comes near a cap meanwhile.
    """

    def __init__(
        self, terms: Terms, asked: Iterable[tuple[datetime, Iterable[str]]], member_ids: Iterable[int]
    ) -> None:
        """
        :param asked: each moment with the codes of the capped rules that count then.
        """
        self._zone = terms.zone
        self._uses: dict[int | None, dict[tuple[str, str], int]] = defaultdict(dict)
        """By member (None: what all share), then by rule and bucket."""
        self._capped: set[str] = set()
        days: set[str] = set()
        for at, capped in asked:
            if capped:
                self._capped.update(capped)
                days.add(self._day(at))
        if not self._capped:
            return
        id_, codes = terms.programme_id, sorted(self._capped)
        lock_uses(id_, codes, days)
        for member_id, use in find_uses(id_, member_ids, codes, days):
            self._uses[member_id][use.rule, use.bucket] = use.points

    def used(self, member_id: int, at: datetime) -> list[Use]:
        """What counts for this member at this moment."""
        if not self._capped:
            return []
        buckets = "", self._day(at)[:7], self._day(at)
        return [
            Use(rule=rule, bucket=bucket, of_member=whose is not None, points=points)
            for whose in (None, member_id)
            for (rule, bucket), points in self._uses[whose].items()
            if bucket in buckets
        ]

    def take_note(self, member_id: int, awards: Iterable[Award]) -> None:
        """What was given counts for the next ones of the batch."""
        for award in awards:
            for limit in award.limits:
                counters = self._uses[member_id if limit.of_member else None]
                counter = award.rule, limit.bucket
                counters[counter] = counters.get(counter, 0) + award.points

    def _day(self, at: datetime) -> str:
        return at.astimezone(self._zone).date().isoformat()
