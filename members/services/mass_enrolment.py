"""Many becoming members at once, as an import brings them: a handful of statements, however many rows."""

import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from config.ground.ids import new_ref
from config.ground.refusals import Refusal
from config.outbox.services import Announcement, publish_many
from members.errors import IdentitiesOfTwoMembers, IdentityMissing
from members.events import MemberEnrolled
from members.queries.members import find_owners
from members.rules.cards import card_number
from members.rules.consents import ConsentWord
from members.rules.identities import IdentityClaim, IdentityKind, claim
from members.rules.people import Person, person
from members.services.enrolment import Enrolled

MOST_ROWS = 50_000
"""Of one call: its arrays and its transaction stay within a few dozen megabytes."""

_MOST_ATTEMPTS = 5


class Newcomer(msgspec.Struct, frozen=True, kw_only=True):
    """One row of an import, as somebody wrote it. At least one of phone, email, card and external is needed.

    :ivar external: `source:id`.
    :ivar further: phones, addresses, cards and ids beside those, after them in the order of who is reached by what.
    :ivar enrolled_at: when it truly happened, if that is known.
    :ivar consent_at: when the words of `consents` were said, if that is known; else when they were enrolled.
    :ivar evidence: where the consents stand in writing.
    """

    phone: str = ""
    email: str = ""
    card: str = ""
    external: str = ""
    further: tuple[IdentityClaim, ...] = ()
    given_name: str = ""
    family_name: str = ""
    display_name: str = ""
    language: str = ""
    birth_date: date | None = None
    birth_month: int | None = None
    birth_day: int | None = None
    place_code: str = ""
    enrolled_at: datetime | None = None
    consents: tuple[ConsentWord, ...] = ()
    consent_at: datetime | None = None
    evidence: str = ""

    def said_at(self, now: datetime) -> datetime:
        return self.consent_at or self.enrolled_at or now


Outcome = Enrolled | Refusal
"""What became of a row: a member, new or known; or the reason why not."""


class _Founder(msgspec.Struct, frozen=True):
    """A row that makes a new member, with everything that will be written for it."""

    row: int
    member_id: int
    ref: str
    claims: tuple[IdentityClaim, ...]
    person: Person
    newcomer: Newcomer


class _TakenMeanwhile(Exception):  # noqa: N818 - never leaves this file
    """Somebody claimed one of the identities between our look and our write."""


def enrol_many(
    newcomers: Sequence[Newcomer],
    *,
    via: str,
    region: str,
    programme_code: str = "",
    actor: str,
    now: datetime,
) -> list[Outcome]:
    """`enrol` for a batch. Safe to repeat: who is a member already is answered and left as they are.

    Rows that share an identity are one person; the first of them makes the member. Where others enrol the same people
    at every attempt, the batch goes on in halves.

    :param newcomers: at most `MOST_ROWS`.
    :param region: two letters; where phone numbers without a country code are at home.
    :return: one outcome per row, in the order of the rows.
    """
    readings = [_read(newcomer, region) for newcomer in newcomers]
    for _ in range(_MOST_ATTEMPTS):
        try:
            with transaction.atomic():
                outcomes, founders = _sort_out(newcomers, readings)
                _write(founders, via=via, actor=actor, now=now)
                _announce(founders, via=via, programme_code=programme_code, now=now)
        except _TakenMeanwhile:
            continue
        return outcomes
    if len(newcomers) == 1:
        raise RuntimeError("The same person is being enrolled elsewhere without end.")
    middle = len(newcomers) // 2
    return [
        outcome
        for half in (newcomers[:middle], newcomers[middle:])
        for outcome in enrol_many(
            half, via=via, region=region, programme_code=programme_code, actor=actor, now=now
        )
    ]


_Reading = tuple[tuple[IdentityClaim, ...], Person] | Refusal


def _read(newcomer: Newcomer, region: str) -> _Reading:
    try:
        named = [
            claim(kind, text, region=region, pointer=f"/{kind}")
            for kind in ("phone", "email", "card", "external")
            if (text := getattr(newcomer, kind))
        ]
        claims = tuple(dict.fromkeys([*named, *newcomer.further]))
        who = person(**{name: getattr(newcomer, name) for name in Person.__struct_fields__})
    except Refusal as refusal:
        return refusal
    return (claims, who) if claims else IdentityMissing()


def _sort_out(
    newcomers: Sequence[Newcomer], readings: Sequence[_Reading]
) -> tuple[list[Outcome], list[_Founder]]:
    """Who is known, who is new, and whose identities belong to several."""
    claimed = {claim for reading in readings if not isinstance(reading, Refusal) for claim in reading[0]}
    owners: dict[IdentityClaim, tuple[int, str]] = find_owners(claimed)
    ids = iter(_reserve_ids(len(newcomers)))
    outcomes: list[Outcome] = []
    founders: list[_Founder] = []
    for row, (newcomer, reading) in enumerate(zip(newcomers, readings, strict=True)):
        if isinstance(reading, Refusal):
            outcomes.append(reading)
            continue
        claims, who = reading
        holders = {owners[claim] for claim in claims if claim in owners}
        if len(holders) > 1:
            refs = ", ".join(sorted(ref for _, ref in holders))
            outcomes.append(IdentitiesOfTwoMembers(f"The identities of this row belong to {refs}."))
        elif holders:
            member_id, ref = holders.pop()
            outcomes.append(Enrolled(member_id=member_id, ref=ref, is_new=False))
        else:
            founder = _Founder(row, next(ids), new_ref("mem"), claims, who, newcomer)
            founders.append(founder)
            owners.update(dict.fromkeys(claims, (founder.member_id, founder.ref)))
            outcomes.append(Enrolled(member_id=founder.member_id, ref=founder.ref, is_new=True))
    return outcomes, founders


def _reserve_ids(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('members_member', 'id')) FROM generate_series(1, %s)",
            [count],
        )
        return [row[0] for row in cursor.fetchall()]


def _write(founders: Sequence[_Founder], *, via: str, actor: str, now: datetime) -> None:
    if not founders:
        return
    _claim_identities(founders, via=via, now=now)
    _copy(
        "members_member (id, ref, given_name, family_name, display_name, language, birth_date, birth_month,"
        " birth_day, state, enrolled_at, enrolled_via, enrolled_at_place, card_secret, recorded_at)",
        (_member_row(founder, via=via, now=now) for founder in founders),
    )
    said = [(founder, word) for founder in founders for word in founder.newcomer.consents]
    if said:
        _copy(
            "members_consentevent (member_id, channel, purpose, is_given, source, place_code, text_version,"
            " actor, evidence, happened_at, recorded_at)",
            (
                (
                    founder.member_id,
                    word.channel.value,
                    word.purpose.value,
                    word.is_given,
                    via,
                    founder.newcomer.place_code,
                    word.text_version,
                    actor,
                    founder.newcomer.evidence,
                    founder.newcomer.said_at(now),
                    now,
                )
                for founder, word in said
            ),
        )
        newest = {(founder.member_id, word.channel, word.purpose): (founder, word) for founder, word in said}
        _copy(
            "members_consent (member_id, channel, purpose, is_given, changed_at)",
            (
                (member_id, channel.value, purpose.value, word.is_given, founder.newcomer.said_at(now))
                for (member_id, channel, purpose), (founder, word) in newest.items()
            ),
        )


def _member_row(founder: _Founder, *, via: str, now: datetime) -> tuple[Any, ...]:
    who = founder.person
    return (
        founder.member_id,
        founder.ref,
        who.given_name,
        who.family_name,
        who.display_name,
        who.language,
        who.birth_date,
        who.birth_month,
        who.birth_day,
        "active",
        founder.newcomer.enrolled_at or now,
        via,
        founder.newcomer.place_code,
        os.urandom(32),
        now,
    )


def _claim_identities(founders: Sequence[_Founder], *, via: str, now: datetime) -> None:
    """Write the directory first: it decides. Members follow in the same transaction, as its foreign key allows.

    Written in the order of the values, so that two who write the same wait and do not block each other; the ids are in
    the order of the row, for of several phones or addresses the oldest is the one that messages go to.

    :raises _TakenMeanwhile: if not all could be written.
    """
    wanted = [
        (claim.kind, claim.value, founder.member_id, source)
        for founder in founders
        for claim, source in _claims_with_card(founder, via)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_identity (id, kind, value, member_id, source, verified_at, recorded_at)"
            " SELECT id, claim->>0, claim->>1, (claim->>2)::bigint, claim->>3,"
            " CASE WHEN claim->>3 = 'house' THEN %s::timestamptz END, %s"
            " FROM (SELECT nextval(pg_get_serial_sequence('members_identity', 'id')) AS id, claim"
            " FROM json_array_elements(%s::json) AS c(claim)) numbered"
            ' ORDER BY (claim->>0) COLLATE "C", (claim->>1) COLLATE "C"'
            " ON CONFLICT (kind, value) DO NOTHING",
            [now, now, msgspec.json.encode(wanted).decode()],
        )
        if cursor.rowcount != len(wanted):
            raise _TakenMeanwhile


def _claims_with_card(founder: _Founder, via: str) -> list[tuple[IdentityClaim, str]]:
    claims = [(claim, via) for claim in founder.claims]
    if all(claim.kind != IdentityKind.CARD for claim in founder.claims):
        number = card_number(secrets.randbelow(10**10))
        claims.append((IdentityClaim(IdentityKind.CARD, number), "house"))
    return claims


def _copy(target: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _announce(founders: Sequence[_Founder], *, via: str, programme_code: str, now: datetime) -> None:
    publish_many(
        [
            Announcement(
                event=MemberEnrolled(
                    member_ref=founder.ref,
                    via=via,
                    place_code=founder.newcomer.place_code,
                    programme_code=programme_code,
                ),
                member_id=founder.member_id,
                happened_at=founder.newcomer.enrolled_at or now,
            )
            for founder in founders
        ],
        now=now,
    )
