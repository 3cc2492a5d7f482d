"""Asking for members who may be one person."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from django.db import connection

from members.models import LikelyPair, LikenessWeights, PairState
from members.rules.likeness import Weights
from members.rules.likeness_learning import Lesson
from members.rules.likeness_weights import DEFAULT
from members.rules.namesakes import NameCounts
from members.rules.portraits import Portrait, portrait

MOST_ALIKE = 50
"""A key that more members share says nothing of any of them."""

LIKELIEST_FIRST = ("-score", "-id")

_PORTRAITS = """
SELECT m.id, m.given_name, m.family_name, m.display_name, m.birth_date, m.birth_month, m.birth_day,
    coalesce(k.phones, '{}'), coalesce(k.emails, '{}'), coalesce(k.ids, '{}')
FROM members_member m
CROSS JOIN LATERAL (
    SELECT array_agg(i.value ORDER BY i.id) FILTER (WHERE i.kind = 'phone') AS phones,
        array_agg(i.value ORDER BY i.id) FILTER (WHERE i.kind = 'email') AS emails,
        array_agg(i.value ORDER BY i.id) FILTER (WHERE i.kind = 'external') AS ids
    FROM members_identity i WHERE i.member_id = m.id
) k
WHERE m.id = ANY(%s::bigint[]) AND m.state = 'active'
"""

_CANDIDATES = """
SELECT DISTINCT mine.member_id, other FROM members_searchkey mine
CROSS JOIN LATERAL (
    SELECT array_agg(few.member_id) AS ids FROM (
        SELECT k.member_id FROM members_searchkey k WHERE k.key = mine.key LIMIT %(most)s + 1
    ) few
) alike
CROSS JOIN LATERAL unnest(alike.ids) AS other
WHERE mine.member_id = ANY(%(ids)s::bigint[]) AND cardinality(alike.ids) BETWEEN 2 AND %(most)s
    AND (other < mine.member_id OR other > mine.member_id AND %(both)s)
"""


def list_portraits(member_ids: Sequence[int]) -> dict[int, Portrait]:
    """Portraits of those among these who are active. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_PORTRAITS, [list(member_ids)])
        return {row[0]: _portrait(row[1:]) for row in cursor.fetchall()}


def _portrait(row: tuple[Any, ...]) -> Portrait:
    given, family, display, born_on, month, day, phones, emails, ids = row
    birth = f"{born_on:%Y%m%d}" if born_on else f"0000{month:02d}{day:02d}" if month else ""
    return portrait(
        given_name=given,
        family_name=family,
        other_names=display,
        birth=birth,
        phones=phones,
        emails=emails,
        ids=ids,
    )


def list_candidates(member_ids: Sequence[int], *, only_earlier: bool) -> list[tuple[int, int]]:
    """Pairs (later member, other) of these members and whoever shares a search key with them. One statement.

    :param only_earlier: leave out members who came later than they; whoever checks everybody meets each pair once.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, {"ids": list(member_ids), "most": MOST_ALIKE, "both": not only_earlier})
        return sorted({(max(pair), min(pair)) for pair in cursor.fetchall()})


def list_keys(member_ids: Sequence[int]) -> dict[int, set[int]]:
    """The search keys of these members. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member_id, array_agg(key) FROM members_searchkey WHERE member_id = ANY(%s::bigint[])"
            " GROUP BY member_id",
            [list(member_ids)],
        )
        return {member_id: set(keys) for member_id, keys in cursor.fetchall()}


def list_active_ids(*, after: int, limit: int) -> list[int]:
    """Ids of active members in their order, those after one already seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM members_member WHERE id > %s AND state = 'active' ORDER BY id LIMIT %s",
            [after, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def list_names(*, after: int, limit: int) -> dict[int, Portrait]:
    """What active members are called, and nothing else of them, in the order of their ids; those after one already
    seen. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, given_name, family_name, display_name FROM members_member"
            " WHERE id > %s AND state = 'active' ORDER BY id LIMIT %s",
            [after, limit],
        )
        return {
            member_id: portrait(given_name=given, family_name=family, other_names=display)
            for member_id, given, family, display in cursor.fetchall()
        }


def counts_of_names(names: Collection[str]) -> NameCounts:
    """How common these names are; nothing of those that few bear. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, bearers, members FROM members_commonname WHERE name = ANY(%s::text[])",
            [list(names)],
        )
        rows = cursor.fetchall()
    return NameCounts({name: bearers for name, bearers, _ in rows}, rows[0][2] if rows else 0)


def current_weights() -> Weights:
    """The newest version."""
    newest = LikenessWeights.objects.order_by("-version").first()
    return _weights(newest) if newest else DEFAULT


def weights_of(version: int) -> Weights:
    """Those of a version, as long as it is kept; those that come with the product are the first."""
    made = LikenessWeights.objects.filter(version=version).first()
    return _weights(made) if made else DEFAULT


def _weights(made: LikenessWeights) -> Weights:
    """What a version knows nothing of weighs as it does in the product."""
    kept = msgspec.convert(made.weights, Weights)
    return msgspec.structs.replace(kept, findings={**DEFAULT.findings, **kept.findings})


def list_lessons() -> list[Lesson]:
    """What colleagues have decided, by what was found."""
    decided = LikelyPair.objects.filter(state__in=[PairState.SAME, PairState.DIFFERENT])
    counted: dict[tuple[str, ...], list[int]] = {}
    for findings, state in decided.values_list("findings", "state"):
        counted.setdefault(tuple(findings), [0, 0])[state == PairState.DIFFERENT] += 1
    return [Lesson(findings, same, strangers) for findings, (same, strangers) in counted.items()]


def find_next_pair() -> LikelyPair | None:
    """Of the pairs to be looked at the likeliest."""
    return LikelyPair.objects.filter(state=PairState.OPEN).order_by(*LIKELIEST_FIRST).first()


def lock_pair(pair_id: int) -> LikelyPair:
    """A pair, locked until commit."""
    return LikelyPair.objects.select_for_update().get(pk=pair_id)
