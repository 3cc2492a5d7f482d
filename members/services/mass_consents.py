"""Words of many members at once, as an import brings them: a handful of statements, however many."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from config.outbox.services import Announcement, publish_many
from members.events import ConsentChanged
from members.rules.consents import ConsentWord


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """:ivar evidence: where it stands in writing."""

    member_id: int
    word: ConsentWord
    happened_at: datetime
    evidence: str


class Turned(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A word that holds from now on. `before` is None where nothing was ever said."""

    channel: str
    purpose: str
    before: bool | None
    after: bool
    at: datetime


def record_consents_of_many(
    said: Sequence[Said], *, source: str, actor: str, now: datetime
) -> dict[int, list[Turned]]:
    """`record_consents` for a batch, in the caller's transaction: every word is kept, what is older than what holds
    changes nothing.

    :return: member -> what holds since.
    """
    if not said:
        return {}
    rows = [_row(one) for one in said]
    told: dict[str, Any] = {
        "rows": msgspec.json.encode(rows).decode(),
        "source": source,
        "actor": actor,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, told)
        cursor.execute(_LET_HOLD, told)
        held = cursor.fetchall()
    turned: dict[int, list[Turned]] = {}
    for member_id, channel, purpose, before, after, at in held:
        one = Turned(channel=channel, purpose=purpose, before=before, after=after, at=at)
        turned.setdefault(member_id, []).append(one)
    publish_many(
        [
            Announcement(
                event=ConsentChanged(channel=one.channel, purpose=one.purpose, is_given=one.after),
                member_id=member_id,
                happened_at=one.at,
            )
            for member_id, several in turned.items()
            for one in several
            if bool(one.before) != one.after
        ],
        now=now,
    )
    return turned


def _row(one: Said) -> dict[str, Any]:
    return {
        "member_id": one.member_id,
        "channel": one.word.channel.value,
        "purpose": one.word.purpose.value,
        "is_given": one.word.is_given,
        "text_version": one.word.text_version,
        "happened_at": one.happened_at,
        "evidence": one.evidence,
    }


_ROWS = """json_to_recordset(%(rows)s::json) AS w(member_id bigint, channel text, purpose text, is_given bool,
    text_version text, happened_at timestamptz, evidence text)"""
_KEEP = f"""
INSERT INTO members_consentevent (member_id, channel, purpose, is_given, source, place_code, text_version, actor,
    evidence, happened_at, recorded_at)
SELECT member_id, channel, purpose, is_given, %(source)s, '', text_version, %(actor)s, evidence, happened_at, %(now)s
FROM {_ROWS}
"""  # noqa: S608 - our own text
_LET_HOLD = f"""
WITH w AS (
    SELECT DISTINCT ON (member_id, channel, purpose) * FROM {_ROWS}
    ORDER BY member_id, channel, purpose, happened_at DESC
), before AS (
    SELECT c.* FROM members_consent c JOIN w USING (member_id, channel, purpose)
), held AS (
    INSERT INTO members_consent AS held (member_id, channel, purpose, is_given, changed_at)
    SELECT member_id, channel, purpose, is_given, happened_at FROM w
    ON CONFLICT (member_id, channel, purpose) DO UPDATE
    SET is_given = excluded.is_given, changed_at = excluded.changed_at
    WHERE held.changed_at <= excluded.changed_at
    RETURNING member_id, channel, purpose, is_given, changed_at
)
SELECT h.member_id, h.channel, h.purpose, b.is_given, h.is_given, h.changed_at
FROM held h LEFT JOIN before b USING (member_id, channel, purpose)
"""  # noqa: S608 - our own text
