"""Asking for members who may be one person."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Case, QuerySet, Value, When

from members.models import CommonName, LikelyPair, LikenessWeights, PairState
from members.rules.likeness import Weights
from members.rules.likeness_learning import Lesson
from members.rules.likeness_weights import DEFAULT
from members.rules.portraits import Portrait, portrait

MOST_ALIKE = 50
"""A key that more members share says nothing of any of them."""

_PORTRAITS = """
SELECT m.id, m.given_name, m.family_name, m.display_name, m.birth_date, m.birth_month, m.birth_day,
    coalesce(k.phones, '{}'), coalesce(k.emails, '{}'), coalesce(k.ids, '{}')
FROM members_member m
CROSS JOIN LATERAL (
    SELECT array_agg(i.value) FILTER (WHERE i.kind = 'phone') AS phones,
        array_agg(i.value) FILTER (WHERE i.kind = 'email') AS emails,
        array_agg(i.value) FILTER (WHERE i.kind = 'external') AS ids
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


def shares_of_names() -> tuple[dict[str, float], int]:
    """Name -> share of the members who bear it, and how many members there were when they were counted."""
    names = list(CommonName.objects.all())
    members = max((name.members for name in names), default=0)
    return {name.name: name.bearers / name.members for name in names}, members


def current_weights() -> Weights:
    """The newest version."""
    newest = LikenessWeights.objects.order_by("-version").first()
    return msgspec.convert(newest.weights, Weights) if newest else DEFAULT


def list_lessons() -> list[Lesson]:
    """What colleagues have decided, by what was found."""
    decided = LikelyPair.objects.filter(state__in=[PairState.SAME, PairState.DIFFERENT])
    counted: dict[tuple[str, ...], list[int]] = {}
    for findings, state in decided.values_list("findings", "state"):
        counted.setdefault(tuple(findings), [0, 0])[state == PairState.DIFFERENT] += 1
    return [Lesson(findings, same, strangers) for findings, (same, strangers) in counted.items()]


def waiting_first(pairs: QuerySet[LikelyPair, Any]) -> QuerySet[LikelyPair, Any]:
    """Pairs to be looked at, then those put off, then decided ones; the likeliest first."""
    waits = Case(
        When(state=PairState.OPEN, then=Value(0)),
        When(state=PairState.LATER, then=Value(1)),
        default=Value(2),
    )
    return pairs.order_by(waits, "-score", "-pk")


def lock_pair(pair_id: int) -> LikelyPair:
    """A pair, locked until commit."""
    return LikelyPair.objects.select_for_update().get(pk=pair_id)
