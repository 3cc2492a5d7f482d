"""Defining segments and keeping their membership true, always by difference and never by filling anew."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from campaigns.errors import ChangedMeanwhile, SegmentCodeTaken, SegmentTooLarge
from campaigns.models import Segment, SegmentVersion
from campaigns.queries import segments
from campaigns.queries.segment_sql import members_sql
from campaigns.rules.segments import Condition, is_affordable, sentence
from config.ground import typed
from loyalty.services.labels import drop_label, write_label

_DIFF = """
WITH wanted AS MATERIALIZED ({wanted}),
gone AS (
    DELETE FROM campaigns_segmentmember s
     WHERE s.segment_id = %s {only}
       AND NOT EXISTS (SELECT FROM wanted w WHERE w.member_id = s.member_id)
    RETURNING s.member_id),
come AS (
    INSERT INTO campaigns_segmentmember (member_id, segment_id, entered_at)
    SELECT member_id, %s, %s FROM wanted
        ON CONFLICT (member_id, segment_id) DO NOTHING
    RETURNING member_id),
moved AS (
    INSERT INTO campaigns_segmentmove (member_id, segment_id, version, kind, moved_at)
    SELECT member_id, %s, %s, 'exit', %s FROM gone
     UNION ALL
    SELECT member_id, %s, %s, 'entry', %s FROM come
    RETURNING kind)
SELECT count(*) FILTER (WHERE kind = 'entry'), count(*) FILTER (WHERE kind = 'exit') FROM moved
"""
"""What is wanted against what is there, in one statement: rows that stay are not touched."""


@transaction.atomic
def make_segment(
    *, programme_id: int, code: str, name: str, tree: Condition, by: str, now: datetime
) -> Segment:
    """Define a segment and find its members.

    :raises SegmentTooLarge: if the tree asks more than is affordable.
    :raises SegmentTooSlow: if finding its members takes too long.
    :raises SegmentCodeTaken: if the programme has this code.
    """
    _insist_on_affordable(tree)
    try:
        with transaction.atomic():
            segment = Segment.objects.create(programme_id=programme_id, code=code, name=name, made_at=now)
    except IntegrityError as taken:
        raise SegmentCodeTaken(pointer="/code") from taken
    return _define(segment, tree, by=by, now=now)


@transaction.atomic
def redefine_segment(
    segment_id: int, *, name: str, tree: Condition, seen_version: int, by: str, now: datetime
) -> Segment:
    """Give a segment a new definition. Members who still fit stay as they are; the others enter or leave.

    :param seen_version: the version the caller looked at.
    :raises ChangedMeanwhile: if there is a later one.
    """
    _insist_on_affordable(tree)
    segment = segments.lock_segment(segment_id)
    if segment.current_version != seen_version:
        raise ChangedMeanwhile
    segment.name = name
    segment.save(update_fields=["name"])
    if segments.tree_of(segments.get_version(segment)) == tree:
        return segment
    return _define(segment, tree, by=by, now=now)


def _define(segment: Segment, tree: Condition, *, by: str, now: datetime) -> Segment:
    segment.current_version += 1
    segment.save(update_fields=["current_version"])
    SegmentVersion.objects.create(
        segment=segment,
        number=segment.current_version,
        tree=typed.dump(tree),
        sentence=sentence(tree, segment.programme.currency),
        made_at=now,
        made_by=by,
    )
    return refresh_segment(segment.pk, now=now)


@transaction.atomic
def refresh_segment(segment_id: int, *, now: datetime) -> Segment:
    """Make the membership of a segment true for today, by difference. Any number may run at once."""
    segment = segments.lock_segment(segment_id)
    entries, exits = _move(segment, only=None, now=now)
    segment.size += entries - exits
    segment.refreshed_on = segments.day_in(segment.programme.timezone, now)
    segment.refreshed_at = now
    segment.save(update_fields=["size", "refreshed_on", "refreshed_at"])
    if segment.is_label:
        _write_down(segment)
    return segment


@transaction.atomic
def open_to_rules(segment_id: int, *, is_open: bool) -> None:
    """Let earning rules ask for a segment, or no longer: its members are written down to where rules are settled."""
    segment = segments.lock_segment(segment_id)
    segment.is_label = is_open
    segment.save(update_fields=["is_label"])
    if is_open:
        _write_down(segment)
    else:
        drop_label(programme_id=segment.programme_id, code=segment.code)


def _write_down(segment: Segment, *, only: Sequence[int] | None = None) -> None:
    write_label(
        programme_id=segment.programme_id,
        code=segment.code,
        name=segment.name,
        carriers=segments.list_member_ids(segment.pk, only=only),
        only=only,
    )


@transaction.atomic
def refresh_members(programme_id: int, member_ids: Sequence[int], *, now: datetime) -> None:
    """Look at these members again in every segment of the programme: whoever bought moves at once."""
    for segment in segments.list_segments(programme_id):
        locked = segments.lock_segment(segment.pk)
        entries, exits = _move(locked, only=list(member_ids), now=now)
        if locked.is_label and (entries or exits):
            _write_down(locked, only=member_ids)
        if entries != exits:
            locked.size += entries - exits
            locked.save(update_fields=["size"])


def refresh_all(programme_id: int, *, now: datetime) -> None:
    """Refresh every segment of a programme, each in its own transaction."""
    for segment in segments.list_segments(programme_id):
        refresh_segment(segment.pk, now=now)


def _move(segment: Segment, *, only: list[int] | None, now: datetime) -> tuple[int, int]:
    """Move members in and out; how many entered and how many left."""
    version = segments.get_version(segment)
    wanted = members_sql(
        segments.tree_of(version),
        programme_id=segment.programme_id,
        today=segments.day_in(segment.programme.timezone, now),
        only=only,
    )
    limit, limited = ("", []) if only is None else ("AND s.member_id = ANY(%s::bigint[])", [only])
    moved: list[Any] = [segment.pk, version.number, now]
    with segments.at_most(segments.REFRESH_TIMEOUT_MS), connection.cursor() as cursor:
        cursor.execute(
            _DIFF.format(wanted=wanted.text, only=limit),
            [*wanted.params, segment.pk, *limited, segment.pk, now, *moved, *moved],
        )
        entries, exits = cursor.fetchone()
    return entries, exits


def _insist_on_affordable(tree: Condition) -> None:
    if not is_affordable(tree):
        raise SegmentTooLarge(pointer="/tree")
