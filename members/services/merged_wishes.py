"""Wishes and attributes in a merge: the quieter wish holds, what only the other said is said, and both come undone.

When one of several merges is undone, those after it are taken back first and carried again: what they found may have
come with the one that goes. Only what came back so is carried again; what somebody has changed since stays as it is.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, TypedDict

import msgspec
from django.db import connection

from members.models import AttributeValue, Merge, Preference
from members.queries.merges import list_merges_into_after, lock_merge
from members.queries.preferences import PreferenceFacts, get_preferences
from members.rules.preferences import PARTS, parts_to_take

MERGING = "merge"


class Said(TypedDict):
    """Part of the wishes -> what its fields said before, never a text that somebody wrote; attribute -> the row."""

    wishes: dict[str, list[Any]]
    attributes: dict[str, int]


def carry_what_was_said(merge: Merge, *, only: Collection[str] | None = None, now: datetime) -> Said:
    """Let who stays say what the one who goes said, where that is quieter or they said nothing.

    :param only: parts of wishes and ids of attributes; None for all.
    :return: for taking the merge apart.
    """
    return {"wishes": _carry_wishes(merge, only, now), "attributes": _carry_attributes(merge, only, now)}


def give_back_what_was_said(merge: Merge, *, holders: Collection[int], now: datetime) -> None:
    """Let who stays say what they said before, unless somebody has changed it since.

    :param holders: who stayed, and whom they went on to.
    """
    later = [lock_merge(id_) for id_ in list_merges_into_after(holders, after=merge.pk)]
    came_back: dict[int, set[str]] = defaultdict(set)
    for one in (*reversed(later), merge):
        came_back[one.into_id] |= _give_back(one, now=now)
    for one in later:
        one.moved["members"]["said"] = carry_what_was_said(one, only=came_back[one.into_id], now=now)
        one.save(update_fields=["moved"])


def _give_back(merge: Merge, *, now: datetime) -> set[str]:
    said: Said | None = merge.moved["members"].get("said")
    if said is None:
        return set()
    return _give_wishes_back(merge, said, now=now) | _give_attributes_back(merge, said)


def _carry_wishes(merge: Merge, only: Collection[str] | None, now: datetime) -> dict[str, list[Any]]:
    own, other = (msgspec.structs.asdict(get_preferences(id_)) for id_ in (merge.into_id, merge.member_id))
    taken = [part for part in parts_to_take(own, other) if only is None or part in only]
    before = {part: msgspec.to_builtins([own[field] for field in PARTS[part]]) for part in taken}
    _write(merge.into_id, {field: other[field] for part in taken for field in PARTS[part]}, now=now)
    return before


def _give_wishes_back(merge: Merge, said: Said, *, now: datetime) -> set[str]:
    """The parts that still say what the merge brought."""
    own, other = (msgspec.structs.asdict(get_preferences(id_)) for id_ in (merge.into_id, merge.member_id))
    kept = [part for part in said["wishes"] if all(own[field] == other[field] for field in PARTS[part])]
    before = {
        field: value for part in kept for field, value in zip(PARTS[part], said["wishes"][part], strict=True)
    }
    facts = msgspec.convert(before, PreferenceFacts)
    _write(merge.into_id, {field: getattr(facts, field) for field in before}, now=now)
    return set(kept)


def _write(member_id: int, values: dict[str, Any], *, now: datetime) -> None:
    if values:
        Preference.objects.update_or_create(member_id=member_id, defaults={**values, "changed_at": now})


_CARRY = """
INSERT INTO members_attributevalue (member_id, attribute_id, text, number, day, is_yes, choices, source, changed_at)
SELECT %(into)s, v.attribute_id, v.text, v.number, v.day, v.is_yes, v.choices, %(source)s, %(now)s
FROM members_attributevalue v JOIN members_attribute a ON a.id = v.attribute_id
WHERE v.member_id = %(going)s AND (v.choices IS NULL OR v.choices <@ a.allowed)
    AND (%(only)s::text[] IS NULL OR v.attribute_id::text = ANY (%(only)s::text[]))
ORDER BY v.attribute_id
ON CONFLICT (member_id, attribute_id) DO NOTHING RETURNING attribute_id, id
"""


def _carry_attributes(merge: Merge, only: Collection[str] | None, now: datetime) -> dict[str, int]:
    """A choice that is offered no more stays with who made it."""
    told: dict[str, Any] = {
        "into": merge.into_id,
        "going": merge.member_id,
        "source": MERGING,
        "now": now,
        "only": None if only is None else sorted(only),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CARRY, told)
        return {str(attribute_id): id_ for attribute_id, id_ in cursor.fetchall()}


def _give_attributes_back(merge: Merge, said: Said) -> set[str]:
    """Those that nobody has said anew."""
    carried = AttributeValue.objects.filter(
        member_id=merge.into_id, pk__in=said["attributes"].values(), source=MERGING
    )
    still = set(carried.values_list("attribute_id", flat=True))
    carried.delete()
    return {str(attribute_id) for attribute_id in still}
