"""A member's movements, tier and offers, for lists and apps."""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from config.ground.refusals import NotFound
from members.queries.members import WHO_THEY_ARE


class EntryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of points. `seq` numbers a wallet's entries without gaps."""

    seq: int
    kind: str
    points: int
    balance_after: int
    reason: str
    order_ref: str
    happened_at: datetime
    recorded_at: datetime


class BenefitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A benefit in the member's hands; `state` is granted, used or expired."""

    code: str
    kind: str
    title: str
    description: str
    granted_at: datetime
    valid_until: datetime
    state: str


class StepAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the ladder, what it asks for within the ladder's window, and in words.

    `threshold_minor`, `points`, `visits`: null where it does not ask for it; `needs`: any one of them, or all.
    """

    code: str
    name: str
    threshold_minor: int | None
    points: int | None
    visits: int | None
    needs: str
    is_held: bool
    benefits: list[str]


class OfferAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A personal offer that can be used now."""

    ref: str
    title: str
    valid_from: datetime
    valid_until: datetime
    uses_left: int


def find_member_id(ref: str) -> int:
    """
    :raises NotFound: nobody goes by this ref.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT m.id FROM members_member m WHERE m.id = {WHO_THEY_ARE} AND m.state = 'active'",  # noqa: S608
            [ref],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound(f"There is no member {ref}.")
    return int(row[0])


def find_home_programme(member_id: int, code: str | None) -> tuple[int, str]:
    """Id and currency of the programme asked for, or the one the member has had a wallet in the longest, or the first.

    :raises NotFound: there is no such programme.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.id, p.currency FROM omnichannel_programme p
            LEFT JOIN loyalty_wallet w ON w.programme_id = p.id AND w.member_id = %s
            WHERE %s::text IS NULL OR p.code = %s::text ORDER BY w.id, p.id LIMIT 1
            """,
            [member_id, code, code],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound(f"There is no programme {code}.")
    return int(row[0]), str(row[1])


def list_entries(member_id: int, programme_id: int, *, before: int | None, limit: int) -> list[EntryAnswer]:
    """The wallet's entries, newest first, those numbered below `before`; one more than `limit` if there are more."""
    return [
        EntryAnswer(**row)
        for row in _rows(
            """
            SELECT e.seq, e.kind, e.points, e.balance_after, e.reason, e.order_ref, e.happened_at, e.recorded_at
            FROM loyalty_wallet w JOIN loyalty_entry e ON e.wallet_id = w.id
            WHERE w.member_id = %s AND w.programme_id = %s AND (%s::bigint IS NULL OR e.seq < %s::bigint)
            ORDER BY e.seq DESC LIMIT %s
            """,
            [member_id, programme_id, before, before, limit + 1],
        )
    ]


def list_benefits(member_id: int, programme_id: int, *, now: datetime) -> list[BenefitAnswer]:
    """The benefits the member was granted, the latest first."""
    return [
        BenefitAnswer(**row)
        for row in _rows(
            """
            SELECT b.code, b.kind, b.title, b.description, g.granted_at, g.valid_until,
              CASE WHEN g.used_at IS NOT NULL THEN 'used' WHEN g.valid_until <= %s THEN 'expired' ELSE 'granted' END
                AS state
            FROM loyalty_wallet w
            JOIN loyalty_benefitgrant g ON g.wallet_id = w.id
            JOIN loyalty_benefit b ON b.id = g.benefit_id
            WHERE w.member_id = %s AND w.programme_id = %s AND g.granted_at <= %s
            ORDER BY g.granted_at DESC, g.id DESC LIMIT 200
            """,
            [now, member_id, programme_id, now],
        )
    ]


def list_steps(member_id: int, programme_id: int, *, now: datetime) -> list[StepAnswer]:
    """The ladder, lowest first, and which steps the member holds."""
    return [
        StepAnswer(**row)
        for row in _rows(
            """
            SELECT t.code, t.name, CASE t.rank WHEN 0 THEN 0 ELSE t.threshold_minor END AS threshold_minor,
              t.points, t.visits, t.needs, t.rank = 0 OR EXISTS (
                SELECT FROM loyalty_tierstanding s JOIN loyalty_wallet w ON w.id = s.wallet_id
                WHERE w.member_id = %s AND w.programme_id = %s AND s.tier_id = t.id
                  AND s.from_at <= %s AND s.until_at > %s
              ) AS is_held,
              ARRAY(SELECT b.title::text FROM loyalty_benefit b WHERE b.tier_id = t.id AND b.is_active ORDER BY b.id)
                AS benefits
            FROM loyalty_steps(loyalty_ladder_at(%s, %s), %s) t ORDER BY t.rank
            """,
            [member_id, programme_id, now, now, programme_id, now, programme_id],
        )
    ]


def list_offers(member_id: int, *, now: datetime) -> list[OfferAnswer]:
    """The personal offers that can be used now, those ending first in front."""
    return [
        OfferAnswer(**row)
        for row in _rows(
            """
            SELECT ref, title, valid_from, valid_until, max_uses - uses AS uses_left FROM loyalty_grant
            WHERE member_id = %s AND uses < max_uses AND valid_from <= %s AND valid_until > %s
            ORDER BY valid_until, id LIMIT 200
            """,
            [member_id, now, now],
        )
    ]


def _rows(statement: str, parameters: list[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
