"""Finding members who may be one person, and writing down what colleagues decide about them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import connection, transaction

from config.ground.jobs import Progress, run_job
from members.errors import PairAlreadyDecided
from members.models import LikelyPair, LikenessWeights, Member, PairState
from members.models.members import MemberState
from members.queries.duplicates import (
    counts_of_names,
    current_weights,
    list_active_ids,
    list_candidates,
    list_keys,
    list_lessons,
    list_portraits,
    lock_pair,
)
from members.rules.likeness import Likeness, Weights, likeness
from members.rules.likeness_learning import learn
from members.rules.likeness_weights import DEFAULT
from members.rules.namesakes import names_of
from members.rules.portraits import Portrait, search_keys
from members.services.common_names import count_common_names

KEYED_AT_ONCE = 5_000
COMPARED_AT_ONCE = 1_000

Alike = dict[tuple[int, int], Likeness]


@transaction.atomic
def look_for_duplicates_of(member_ids: Sequence[int], *, now: datetime) -> int:
    """Compare new or changed members with all who share a search key with them. Safe to repeat.

    :return: how many pairs may be one person.
    """
    portraits = list_portraits(member_ids)
    _write_keys(member_ids, portraits)
    weights = current_weights()
    found = _compare(member_ids, only_earlier=False, weights=weights)
    _write_pairs(found, weights, now=now)
    _forget(member_ids, on_both_sides=True, before=now)
    return len(found)


def check_all_members(*, now: datetime) -> int:
    """Compare all members with all who share a search key: names are counted, everybody gets their keys, then pairs are
    weighed, in pieces that commit for themselves. Safe to repeat, and to be killed.

    :return: how many pairs may be one person.
    """
    with run_job("members.check_all_members", now) as progress:
        members = Member.objects.filter(state=MemberState.ACTIVE).count()
        progress.expect(2 * members)
        count_common_names()
        _key_everybody(progress)
        weights, found, after = current_weights(), 0, 0
        while ids := list_active_ids(after=after, limit=COMPARED_AT_ONCE):
            after = ids[-1]
            with transaction.atomic():
                alike = _compare(ids, only_earlier=True, weights=weights)
                _write_pairs(alike, weights, now=now)
                _forget(ids, on_both_sides=False, before=now)
            found += len(alike)
            progress.advance(len(ids))
        progress.note(f"{found:,} pairs may be one person")
    return found


def _key_everybody(progress: Progress) -> None:
    after = 0
    while ids := list_active_ids(after=after, limit=KEYED_AT_ONCE):
        after = ids[-1]
        with transaction.atomic():
            _write_keys(ids, list_portraits(ids))
        progress.advance(len(ids))


def _write_keys(member_ids: Sequence[int], portraits: dict[int, Portrait]) -> None:
    """Bring the search keys of these members up to date; who is not active any more has none."""
    held = list_keys(member_ids)
    new: list[tuple[int, int]] = []
    gone: list[tuple[int, int]] = []
    for member_id in sorted(member_ids):
        wanted = search_keys(portraits[member_id]) if member_id in portraits else set()
        has = held.get(member_id, set())
        new += [(key, member_id) for key in wanted - has]
        gone += [(key, member_id) for key in has - wanted]
    for rows, statement in ((gone, _DROP), (new, _ADD)):
        if rows:
            keys, ids = zip(*sorted(rows), strict=True)
            with connection.cursor() as cursor:
                cursor.execute(statement, [list(keys), list(ids)])


_ADD = """
INSERT INTO members_searchkey (key, member_id)
SELECT key, member_id FROM unnest(%s::bigint[], %s::bigint[]) AS r(key, member_id) ON CONFLICT DO NOTHING
"""
_DROP = """
DELETE FROM members_searchkey k USING unnest(%s::bigint[], %s::bigint[]) AS r(key, member_id)
WHERE k.key = r.key AND k.member_id = r.member_id
"""


def _compare(member_ids: Sequence[int], *, only_earlier: bool, weights: Weights) -> Alike:
    """The pairs of these members that may be one person."""
    candidates = list_candidates(member_ids, only_earlier=only_earlier)
    portraits = list_portraits(list({member_id for pair in candidates for member_id in pair}))
    counts = counts_of_names({name for one in portraits.values() for name in names_of(one)})
    found: Alike = {}
    for later, other in candidates:
        one, two = portraits.get(later), portraits.get(other)
        if one is not None and two is not None:
            weighed = likeness(one, two, weights, counts=counts)
            if weighed.score >= weights.review_from:
                found[later, other] = weighed
    return found


def _write_pairs(found: Alike, weights: Weights, *, now: datetime) -> None:
    """What somebody has decided about stays as it was when they decided: weights are learnt from it."""
    pairs = [
        {
            "member_id": later,
            "other_id": other,
            "score": weighed.score,
            "findings": weighed.findings,
            "is_certain": weighed.is_certain,
        }
        for (later, other), weighed in sorted(found.items())
    ]
    if pairs:
        told = msgspec.json.encode(pairs).decode()
        with connection.cursor() as cursor:
            cursor.execute(_WRITE_PAIRS, {"pairs": told, "version": weights.version, "now": now})


_WRITE_PAIRS = """
INSERT INTO members_likelypair AS held (member_id, other_id, score, findings, is_certain,
    weights_version, state, found_at, weighed_at, decided_by)
SELECT member_id, other_id, score, findings, is_certain, %(version)s, 'open', %(now)s, %(now)s, ''
FROM json_to_recordset(%(pairs)s::json)
    AS p(member_id bigint, other_id bigint, score float8, findings text[], is_certain boolean)
ON CONFLICT (member_id, other_id) DO UPDATE SET score = excluded.score, findings = excluded.findings,
    is_certain = excluded.is_certain, weights_version = excluded.weights_version, weighed_at = excluded.weighed_at
WHERE held.state IN ('open', 'later')
"""


def _forget(member_ids: Sequence[int], *, on_both_sides: bool, before: datetime) -> None:
    """Pairs that nobody decided about, and that are not alike any more."""
    stale = LikelyPair.objects.filter(state__in=[PairState.OPEN, PairState.LATER], weighed_at__lt=before)
    stale.filter(member_id__in=member_ids).delete()
    if on_both_sides:
        stale.filter(other_id__in=member_ids).delete()


@transaction.atomic
def decide_pair(pair_id: int, verdict: PairState, *, actor: str, now: datetime) -> LikelyPair:
    """Write down whether two members are one person, or that it is put off. Merging them is another step.

    :raises PairAlreadyDecided: somebody was faster.
    """
    pair = lock_pair(pair_id)
    if pair.state in (PairState.SAME, PairState.DIFFERENT):
        raise PairAlreadyDecided
    pair.state, pair.decided_by, pair.decided_at = verdict, actor, now
    pair.save(update_fields=["state", "decided_by", "decided_at"])
    return pair


@transaction.atomic
def learn_from_decisions(*, actor: str, now: datetime) -> LikenessWeights | None:
    """Make the next version of the weights from everything that was decided; None if nothing was.

    It starts from those that come with the product, for what earlier versions learnt from is among the lessons still.
    Pairs are weighed anew when their members change, or when all members are checked.
    """
    lessons = list_lessons()
    if not lessons:
        return None
    learnt = learn(lessons, start_from=msgspec.structs.replace(DEFAULT, version=current_weights().version))
    return LikenessWeights.objects.create(
        version=learnt.version,
        weights=msgspec.to_builtins(learnt),
        learnt_from=round(sum(lesson.same + lesson.strangers for lesson in lessons)),
        made_at=now,
        made_by=actor,
    )
