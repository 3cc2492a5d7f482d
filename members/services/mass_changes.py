"""Changing what is known of many members at once, and giving it back: the set-based sibling of `profiles`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from config.outbox.services import Announcement, publish_many
from members.events import MemberChanged
from members.rules.identities import IdentityClaim
from members.rules.people import Person


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a member is to be called from now on, and by what they go in addition."""

    member_id: int
    ref: str
    person: Person
    claims: tuple[IdentityClaim, ...] = ()


def change_many(changes: Sequence[Change], *, source: str, now: datetime) -> dict[int, list[IdentityClaim]]:
    """Write what differs, and announce it, in the caller's transaction, which has locked the members.

    :param source: stands beside the identities.
    :return: member -> identities that are theirs since; what somebody else has by now stays with them.
    """
    if not changes:
        return {}
    rows = [{"id": one.member_id, **msgspec.structs.asdict(one.person)} for one in changes]
    claims = list(
        dict.fromkeys((one.member_id, claim.kind, claim.value) for one in changes for claim in one.claims)
    )
    added: dict[int, list[IdentityClaim]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [msgspec.json.encode(rows).decode()])
        cursor.execute(_ADD, [source, now, msgspec.json.encode(claims).decode()])
        for member_id, kind, value in cursor.fetchall():
            added.setdefault(member_id, []).append(IdentityClaim(kind, value))
    announce_changed({one.member_id: one.ref for one in changes}, now=now)
    return added


def announce_changed(refs: Mapping[int, str], *, now: datetime) -> None:
    """:param refs: member -> ref."""
    _announce({member_id: MemberChanged(member_ref=ref) for member_id, ref in refs.items()}, now)


def announce_answers(refs: Mapping[int, str], *, now: datetime) -> None:
    """Say that nothing changed but what these members answer: member -> ref."""
    told = {member_id: MemberChanged(member_ref=ref, is_of_wishes=True) for member_id, ref in refs.items()}
    _announce(told, now)


def _announce(events: Mapping[int, MemberChanged], now: datetime) -> None:
    changed: list[Any] = [
        Announcement(event=event, member_id=member_id, happened_at=now) for member_id, event in events.items()
    ]
    publish_many(changed, now=now)


_WRITE = """
UPDATE members_member m SET given_name = r.given_name, family_name = r.family_name, display_name = r.display_name,
    language = r.language, birth_date = r.birth_date, birth_month = r.birth_month, birth_day = r.birth_day
FROM json_to_recordset(%s::json) AS r(id bigint, given_name text, family_name text, display_name text, language text,
    birth_date date, birth_month int, birth_day int)
WHERE m.id = r.id
"""
_ADD = """
INSERT INTO members_identity (id, kind, value, member_id, source, recorded_at)
SELECT id, c->>1, c->>2, (c->>0)::bigint, %s, %s
FROM (SELECT nextval(pg_get_serial_sequence('members_identity', 'id')) AS id, c
    FROM json_array_elements(%s::json) AS a(c)) numbered
ORDER BY (c->>1) COLLATE "C", (c->>2) COLLATE "C"
ON CONFLICT (kind, value) DO NOTHING RETURNING member_id, kind, value
"""
