"""What happened with a member, newest first, told by every floor for what it holds, and merged here."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

LAST_ID = 2**63 - 1


class Mark(msgspec.Struct, frozen=True):
    """A place in the timeline: what stands behind it is older, or of a later kind, or was written before."""

    at: datetime
    kind: str
    id: int


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a timeline.

    :ivar people: the member, and who was merged into them.
    :ivar limit: so many happenings at the most.
    :ivar before: what follows behind this mark; None from the newest on.
    :ivar kinds: only these; empty for all.
    :ivar programme_id: only what belongs to this programme, or to none.
    :ivar place_id: only what belongs to this store: a key of a store asks.
    :ivar viewer_id: the colleague who looks, where it matters that they serve particular stores.
    :ivar is_own: the member looks; what colleagues write for colleagues is left out.
    """

    people: tuple[int, ...]
    now: datetime
    limit: int
    before: Mark | None = None
    kinds: frozenset[str] = frozenset()
    programme_id: int | None = None
    place_id: int | None = None
    viewer_id: int | None = None
    is_own: bool = False

    def wants(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds

    def bound(self, kind: str) -> tuple[datetime, int]:
        """What a kind tells next has a (moment, id) below this: of one moment, kinds stand in their own order."""
        if self.before is None:
            return self.now, LAST_ID
        if kind == self.before.kind:
            return self.before.at, self.before.id
        return self.before.at, LAST_ID if kind > self.before.kind else 0


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a timeline.

    :ivar words: what happened, for people who read English; `facts`: the same for machines.
    :ivar where: the store or shop, "" for none.
    :ivar ref: by which it is found elsewhere, "" for nothing.
    :ivar page: `app_model` of the admin's page about it, of the row `row`; "" for none.
    :ivar is_personal: its words were written by or about people, and are masked.
    """

    at: datetime
    kind: str
    id: int
    words: str
    where: str = ""
    ref: str = ""
    facts: dict[str, Any] = {}
    page: str = ""
    row: int = 0
    is_personal: bool = False

    @property
    def mark(self) -> Mark:
        return Mark(self.at, self.kind, self.id)


class Remark(msgspec.Struct, frozen=True):
    """What one floor adds to a line that another tells, such as the points of a purchase."""

    words: str
    facts: dict[str, Any]


def merged(told: Iterable[Iterable[Happening]], *, limit: int) -> list[Happening]:
    """The newest of what several floors told, each newest first."""
    everything = [one for floor in told for one in floor]
    return sorted(everything, key=_newest_first)[:limit]


def _newest_first(one: Happening) -> tuple[float, str, int]:
    age = datetime(9999, 1, 1, tzinfo=UTC) - one.at
    return age.days * 86_400_000_000 + age.seconds * 1_000_000 + age.microseconds, one.kind, -one.id
