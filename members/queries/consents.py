"""Who allows what."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from django.db import connection

from members.models import Consent, ConsentEvent


class ConsentFacts(msgspec.Struct, frozen=True):
    """What a member said last about one channel and purpose."""

    channel: str
    purpose: str
    is_given: bool
    changed_at: datetime


def consenting(member_ids: Iterable[int], channel: str, purpose: str) -> set[int]:
    """Those of these members who allow it now. One statement."""
    given = Consent.objects.filter(channel=channel, purpose=purpose, is_given=True)
    return set(given.filter(member_id__in=list(member_ids)).values_list("member_id", flat=True))


def list_decided(member_ids: Iterable[int]) -> set[tuple[int, str, str]]:
    """(member, channel, purpose) of all that these members ever said yes or no to. One statement."""
    decided = Consent.objects.filter(member_id__in=list(member_ids))
    return set(decided.values_list("member_id", "channel", "purpose"))


def lock_consents(member_ids: Sequence[int]) -> dict[tuple[int, str, str], tuple[bool, datetime]]:
    """(member, channel, purpose) -> what holds and since when; locked until commit."""
    held = Consent.objects.filter(member_id__in=member_ids).order_by("pk").select_for_update()
    rows = held.values_list("member_id", "channel", "purpose", "is_given", "changed_at")
    return {(who, channel, purpose): (given, at) for who, channel, purpose, given, at in rows}


def list_words_without(member_ids: Sequence[int], evidence: str) -> dict[tuple[int, str, str], bool]:
    """(member, channel, purpose) -> what would hold, were there nothing whose evidence begins so. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT, [list(member_ids), evidence])
        return {(who, channel, purpose): given for who, channel, purpose, given in cursor.fetchall()}


_WITHOUT = """
SELECT DISTINCT ON (member_id, channel, purpose) member_id, channel, purpose, is_given FROM members_consentevent
WHERE member_id = ANY(%s::bigint[]) AND NOT starts_with(evidence, %s)
ORDER BY member_id, channel, purpose, happened_at DESC, id DESC
"""


def list_consents(member_id: int) -> list[ConsentFacts]:
    """All that a member ever said yes or no to, as it holds now."""
    rows = Consent.objects.filter(member_id=member_id).order_by("channel", "purpose")
    return [ConsentFacts(*row) for row in rows.values_list("channel", "purpose", "is_given", "changed_at")]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One word of a member, as it was written down. `written_by`: what kind of actor did: member, staff, key."""

    is_given: bool
    source: str
    place_code: str
    text_version: str
    written_by: str
    happened_at: datetime
    recorded_at: datetime


def list_evidence(member_id: int, channel: str, purpose: str) -> list[Evidence]:
    """Every word of a member about one channel and purpose, in the order in which they were written down."""
    rows = ConsentEvent.objects.filter(member_id=member_id, channel=channel, purpose=purpose).order_by("pk")
    return [
        Evidence(
            is_given=row.is_given,
            source=row.source,
            place_code=row.place_code,
            text_version=row.text_version,
            written_by=row.actor.partition(":")[0],
            happened_at=row.happened_at,
            recorded_at=row.recorded_at,
        )
        for row in rows
    ]


def find_consent(member_id: int, channel: str, purpose: str) -> ConsentFacts | None:
    """What holds for one channel and purpose; None if the member never spoke of it."""
    return next(
        (one for one in list_consents(member_id) if (one.channel, one.purpose) == (channel, purpose)), None
    )


def get_consent(member_id: int, channel: str, purpose: str) -> ConsentFacts:
    """What holds for one channel and purpose of which the member has spoken."""
    said = Consent.objects.filter(member_id=member_id, channel=channel, purpose=purpose)
    return ConsentFacts(*said.values_list("channel", "purpose", "is_given", "changed_at").get())
