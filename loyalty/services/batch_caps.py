"""What capped rules gave so far, as a batch of purchases or acts goes along."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime

from loyalty.queries.caps import find_uses, lock_uses
from loyalty.rules.awards import Award
from loyalty.rules.basket import Use
from loyalty.rules.compile import LiveRule, Terms
from loyalty.rules.meeting import month_of, shared_counters


class CapsSoFar:
    """Counters of the rules that are live at the moments of the batch.

    Those that all members share are locked until the batch is booked, so that nobody else comes near a cap meanwhile.
    """

    def __init__(
        self, terms: Terms, asked: Iterable[tuple[datetime, Collection[LiveRule]]], member_ids: Iterable[int]
    ) -> None:
        """
        :param asked: each moment with the capped rules that count then.
        """
        self._zone = terms.zone
        self._uses: dict[tuple[int | None, str], dict[str, int]] = defaultdict(dict)
        """By member (None: what all share) and bucket, then by rule."""
        self._capped: set[str] = set()
        days: set[date] = set()
        shared: set[tuple[str, str]] = set()
        for at, capped in asked:
            if codes := {rule.code for rule in capped}:
                self._capped |= codes
                days.add(day := self._day(at))
                shared |= shared_counters(capped, day)
        if not self._capped:
            return
        lock_uses(terms.programme_id, shared)
        isos = [day.isoformat() for day in days]
        for member_id, use in find_uses(terms.programme_id, member_ids, sorted(self._capped), isos):
            self._uses[member_id, use.bucket][use.rule] = use.points

    def used(self, member_id: int, at: datetime) -> list[Use]:
        """What counts for this member at this moment."""
        if not self._capped:
            return []
        day = self._day(at)
        return [
            Use(rule=rule, bucket=bucket, of_member=whose is not None, points=points)
            for whose in (None, member_id)
            for bucket in ("", month_of(day), day.isoformat())
            for rule, points in self._uses.get((whose, bucket), {}).items()
        ]

    def take_note(self, member_id: int, awards: Iterable[Award]) -> None:
        """What was given counts for the next ones of the batch."""
        for award in awards:
            for limit in award.limits:
                counters = self._uses[member_id if limit.of_member else None, limit.bucket]
                counters[award.rule] = counters.get(award.rule, 0) + award.points

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()
