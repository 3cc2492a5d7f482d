"""Questions about segments: who is meant, who is in, and how many that would be."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from psycopg.errors import QueryCanceled

from campaigns.errors import MemberNotInProgramme, SegmentNotFound, SegmentTooSlow
from campaigns.models import Segment, SegmentMember, SegmentMove, SegmentVersion
from campaigns.queries.features import find_facts
from campaigns.queries.programmes import ProgrammeFacts, list_programmes
from campaigns.queries.segment_sql import count_sql
from campaigns.rules.segments import Condition, Judgement, judge
from config.ground import typed
from members.models import Member

COUNT_TIMEOUT_MS = 5_000
REFRESH_TIMEOUT_MS = 120_000


def segments_within(programme_id: int | None) -> QuerySet[Segment]:
    """The segments of a programme, or of all; the programme loaded."""
    found = Segment.objects.select_related("programme")
    return found if programme_id is None else found.filter(programme_id=programme_id)


def get_segment(ref: str, *, within: int | None) -> Segment:
    """The segment with this ref, its programme loaded.

    :param within: the programme to look in; None looks in all.
    :raises SegmentNotFound: if there is none.
    """
    segment = segments_within(within).filter(ref=ref).first()
    if segment is None:
        raise SegmentNotFound
    return segment


def lock_segment(segment_id: int) -> Segment:
    """Lock a segment until commit, so that its membership moves one refresh at a time."""
    return (
        Segment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("programme")
        .get(pk=segment_id)
    )


def list_segments(programme_id: int) -> list[Segment]:
    """The segments of a programme, in id order: the order in which they are locked."""
    return list(Segment.objects.filter(programme_id=programme_id).order_by("pk"))


def list_member_ids(segment_id: int, *, only: Sequence[int] | None = None) -> list[int]:
    """Ids of a segment's members, or of those of them who are among `only`."""
    members = SegmentMember.objects.filter(segment_id=segment_id)
    if only is not None:
        members = members.filter(member_id__in=only)
    return list(members.values_list("member_id", flat=True))


def list_stale_segments(now: datetime) -> list[Segment]:
    """Segments whose membership was last made true for an earlier day of their programme than today."""
    stale = []
    for programme in list_programmes():
        today = day_in(programme.timezone, now)
        outdated = Q(refreshed_on__lt=today) | Q(refreshed_on__isnull=True)
        stale += list(Segment.objects.filter(outdated, programme_id=programme.id).order_by("pk"))
    return stale


def get_version(segment: Segment) -> SegmentVersion:
    """The definition in force."""
    return SegmentVersion.objects.get(segment=segment, number=segment.current_version)


def versions_of(found: Sequence[Segment]) -> dict[int, SegmentVersion]:
    """The definitions in force of these segments, by segment id, in one statement."""
    current = SegmentVersion.objects.filter(segment__in=found, number=F("segment__current_version"))
    return {version.segment_id: version for version in current}


def tree_of(version: SegmentVersion) -> Condition:
    """The typed tree of a version."""
    tree: Condition = typed.load(Condition, version.tree)
    return tree


def members_of(segment: Segment) -> QuerySet[SegmentMember]:
    """Who is in, as of the last refresh; the member loaded."""
    return SegmentMember.objects.filter(segment=segment).select_related("member")


def list_moves(segment: Segment, member_id: int) -> list[SegmentMove]:
    """When a member entered and left, the latest first."""
    return list(SegmentMove.objects.filter(segment=segment, member_id=member_id).order_by("-pk")[:50])


def is_in(segment: Segment, member_id: int) -> bool:
    """Whether the member is in, as of the last refresh."""
    return SegmentMember.objects.filter(segment=segment, member_id=member_id).exists()


@dataclass(frozen=True, slots=True)
class Why:
    """Whether a member fits a segment now, leaf by leaf, whether he is in, and how he moved (latest first)."""

    judgement: Judgement
    is_in: bool
    moves: list[SegmentMove]


def get_why(segment: Segment, member_ref: str, *, now: datetime) -> Why:
    """Why a member is in or out.

    :raises MemberNotInProgramme: if the segment's programme does not know the member.
    """
    goes_by = Member.objects.filter(ref=member_ref).values_list("pk", "merged_into_id").first()
    member_id = goes_by and (goes_by[1] or goes_by[0])
    facts = None if member_id is None else find_facts(member_id, segment.programme_id)
    if facts is None:
        raise MemberNotInProgramme
    tree = tree_of(get_version(segment))
    today = day_in(segment.programme.timezone, now)
    return Why(
        judgement=judge(tree, facts, today, segment.programme.currency),
        is_in=is_in(segment, facts.member_id),
        moves=list_moves(segment, facts.member_id),
    )


def count_members(tree: Condition, programme: ProgrammeFacts, *, now: datetime) -> int:
    """How many members the tree means today, exactly. Writes nothing.

    :raises SegmentTooSlow: if it takes longer than `COUNT_TIMEOUT_MS`.
    """
    statement = count_sql(tree, programme_id=programme.id, today=day_in(programme.timezone, now))
    with at_most(COUNT_TIMEOUT_MS), connection.cursor() as cursor:
        cursor.execute(statement.text, statement.params)
        found: tuple[int] = cursor.fetchone()
    return found[0]


@contextmanager
def at_most(timeout_ms: int) -> Iterator[None]:
    """Let the database stop what runs longer than this. The limit ends with the block.

    :raises SegmentTooSlow: if it was stopped.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            (before,) = cursor.fetchone()
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(timeout_ms)])
            yield
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
    except OperationalError as stopped:
        if isinstance(stopped.__cause__, QueryCanceled):
            raise SegmentTooSlow from stopped
        raise


def day_in(zone: str, now: datetime) -> date:
    """The day it is in a timezone."""
    return now.astimezone(ZoneInfo(zone)).date()
