"""Holds as they stand at a moment."""

from datetime import datetime

import msgspec
from django.db import connection

from loyalty.rules.holds import HoldNow

_decoder = msgspec.json.Decoder(HoldNow)


def find_hold(ref: str, programme_id: int, *, now: datetime, member_id: int | None = None) -> HoldNow | None:
    """A hold of a programme; of this member if one is named."""
    found = _read(
        """
        SELECT loyalty_hold_body(h, %(now)s)::text FROM loyalty_hold h
        JOIN loyalty_wallet w ON w.id = h.wallet_id AND w.member_id = h.member_id
        WHERE h.ref = %(ref)s AND w.programme_id = %(programme)s
          AND (%(member)s::bigint IS NULL OR h.member_id = %(member)s)
        """,
        {"now": now, "ref": ref, "programme": programme_id, "member": member_id},
    )
    return found[0] if found else None


def list_holds(wallet_id: int, *, now: datetime, limit: int) -> list[HoldNow]:
    """A wallet's holds, those that count first, the latest in front."""
    return _read(
        """
        SELECT loyalty_hold_body(h, %(now)s)::text FROM loyalty_hold h WHERE h.wallet_id = %(wallet)s
        AND h.member_id = (SELECT member_id FROM loyalty_wallet WHERE id = %(wallet)s)
        ORDER BY h.state = 'held' AND h.expires_at > %(now)s DESC, h.held_at DESC, h.id DESC LIMIT %(limit)s
        """,
        {"now": now, "wallet": wallet_id, "limit": limit},
    )


def _read(statement: str, parameters: dict[str, str | int | datetime | None]) -> list[HoldNow]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [_decoder.decode(row) for (row,) in cursor.fetchall()]
