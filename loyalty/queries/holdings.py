"""What a member holds, for the pages of the staff: wallets, lots, movements, benefits and offers."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import connection

from loyalty.queries.wallets import read_wallet
from loyalty.rules.answers import WalletAnswer

SHOWN = 10
"""So many rows a panel shows."""


class Holding(msgspec.Struct, frozen=True):
    """A wallet and its figures at the moment asked for."""

    wallet_id: int
    programme_id: int
    programme: str
    currency: str
    timezone: str
    wallet: WalletAnswer


class LotHeld(msgspec.Struct, frozen=True):
    """A lot. `expires_at` None: it never expires; `state` at the moment asked for: open, pending, expired or empty."""

    id: int
    wallet_id: int
    order_ref: str
    credited: int
    remaining: int
    available_from: datetime
    expires_at: datetime | None
    state: str


class Movement(msgspec.Struct, frozen=True):
    """An entry of a wallet."""

    id: int
    wallet_id: int
    seq: int
    kind: str
    points: int
    balance_after: int
    reason: str
    order_ref: str
    actor: str
    happened_at: datetime


class BenefitHeld(msgspec.Struct, frozen=True):
    """A benefit the member was granted; `state` is scheduled, granted, used or expired."""

    title: str
    tier: str
    valid_until: datetime
    state: str


class OfferHeld(msgspec.Struct, frozen=True):
    """A personal offer; `state` is open, scheduled, used up or expired."""

    id: int
    title: str
    valid_from: datetime
    valid_until: datetime
    uses: int
    max_uses: int
    state: str


def list_holdings(member_id: int, *, now: datetime) -> list[Holding]:
    """The member's wallets with their figures, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT w.id, p.id, p.name, p.currency, p.timezone, loyalty_wallet_facts(w.member_id, p.id, %s)::text
            FROM loyalty_wallet w JOIN omnichannel_programme p ON p.id = w.programme_id
            WHERE w.member_id = %s ORDER BY w.id
            """,
            [now, member_id],
        )
        return [
            Holding(wallet_id, programme_id, name, currency, timezone, read_wallet(facts))
            for wallet_id, programme_id, name, currency, timezone, facts in cursor.fetchall()
        ]


def list_lots(wallet_ids: Sequence[int], *, now: datetime, limit: int = SHOWN) -> list[LotHeld]:
    """Lots, those with points left first, soonest to expire in front; then the empty and expired ones, latest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.id, l.wallet_id, l.order_ref, l.credited, l.remaining, l.available_from, l.expires_at, s.state
            FROM loyalty_wallet w JOIN loyalty_lot l ON l.member_id = w.member_id AND l.wallet_id = w.id
            CROSS JOIN LATERAL (SELECT CASE WHEN l.remaining = 0 THEN 'empty'
              WHEN l.expires_at <= %(now)s THEN 'expired' WHEN l.available_from > %(now)s THEN 'pending'
              ELSE 'open' END AS state) s
            WHERE w.id = ANY (%(wallets)s::bigint[])
            ORDER BY s.state IN ('empty', 'expired'),
              CASE WHEN s.state IN ('open', 'pending') THEN l.expires_at END NULLS LAST, l.id DESC
            LIMIT %(limit)s
            """,
            {"now": now, "wallets": list(wallet_ids), "limit": limit},
        )
        return [LotHeld(*row) for row in cursor.fetchall()]


def list_movements(wallet_ids: Sequence[int], *, limit: int = SHOWN) -> list[Movement]:
    """The latest entries of these wallets, newest first; each wallet's index is read backwards."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.id, e.wallet_id, e.seq, e.kind, e.points, e.balance_after, e.reason, e.order_ref, e.actor,
              e.happened_at
            FROM unnest(%s::bigint[]) AS w(id)
            CROSS JOIN LATERAL (SELECT * FROM loyalty_entry WHERE wallet_id = w.id ORDER BY seq DESC LIMIT %s) e
            ORDER BY e.recorded_at DESC, e.id DESC LIMIT %s
            """,
            [list(wallet_ids), limit, limit],
        )
        return [Movement(*row) for row in cursor.fetchall()]


def list_benefits_held(wallet_ids: Sequence[int], *, now: datetime, limit: int = SHOWN) -> list[BenefitHeld]:
    """Benefits granted to these wallets, the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT b.title, t.name, g.valid_until, CASE WHEN g.used_at IS NOT NULL THEN 'used'
              WHEN g.valid_until <= %s THEN 'expired' WHEN g.granted_at > %s THEN 'scheduled' ELSE 'granted' END
            FROM loyalty_benefitgrant g
            JOIN loyalty_benefit b ON b.id = g.benefit_id JOIN loyalty_tier t ON t.id = b.tier_id
            WHERE g.wallet_id = ANY (%s::bigint[]) ORDER BY g.granted_at DESC, g.id DESC LIMIT %s
            """,
            [now, now, list(wallet_ids), limit],
        )
        return [BenefitHeld(*row) for row in cursor.fetchall()]


def list_offers_held(member_id: int, *, now: datetime, limit: int = SHOWN) -> list[OfferHeld]:
    """Personal offers, those that end last in front, whatever became of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT g.id, g.title, g.valid_from, g.valid_until, g.uses, g.max_uses, CASE
              WHEN g.uses >= g.max_uses THEN 'used up' WHEN g.valid_until <= %(now)s THEN 'expired'
              WHEN g.valid_from > %(now)s THEN 'scheduled' ELSE 'open' END
            FROM loyalty_grant g WHERE g.member_id = %(member)s ORDER BY g.valid_until DESC, g.id DESC LIMIT %(limit)s
            """,
            {"now": now, "member": member_id, "limit": limit},
        )
        return [OfferHeld(*row) for row in cursor.fetchall()]
