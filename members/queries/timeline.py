"""A member's timeline, over all floors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from config.ground.refusals import InvalidInput
from members import member_data
from members.rules.timeline import Asked, Happening, Mark, Remark, merged


def kinds_named(text: str | None) -> frozenset[str]:
    """Kinds as a request names them, with commas between; none for all.

    :raises InvalidInput: there is no such kind.
    """
    named = frozenset((text or "").split(",")) - {""}
    known = member_data.list_kinds()
    for kind in sorted(named - known.keys()):
        detail = f"There is no kind {kind!r}; there are {', '.join(sorted(known))}."
        raise InvalidInput(errors=[{"pointer": "/kinds", "code": "invalid", "detail": detail, "in": "query"}])
    return named


def cursor_key(one: Happening) -> list[Any]:
    """What a page's cursor keeps of its last line."""
    return [one.at.isoformat(), one.kind, one.id]


def mark_of(seen: Sequence[Any] | None) -> Mark | None:
    """The mark that a cursor kept; None for none."""
    return Mark(datetime.fromisoformat(seen[0]), seen[1], seen[2]) if seen else None


def list_timeline(asked: Asked) -> list[Happening]:
    """What happened with a member, newest first: a statement for each floor, and one for what upper ones add to it."""
    floors = member_data.list_floors().values()
    found = merged((floor.timeline(asked) for floor in floors), limit=asked.limit)
    remarks = [floor.remarks(asked.people, found) for floor in floors]
    return [_with(one, [told[one.ref] for told in remarks if one.ref in told]) for one in found]


def _with(one: Happening, remarks: Sequence[Remark]) -> Happening:
    facts = dict(one.facts)
    for remark in remarks:
        facts |= remark.facts
    words = ", ".join([one.words, *(remark.words for remark in remarks if remark.words)])
    return msgspec.structs.replace(one, words=words, facts=facts)
