"""Goods that were ordered to be collected, and are handed over."""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

TO_COLLECT = "collect"
"""The fulfilment of a purchase whose goods are collected."""


class Collectable(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase, as far as its collection goes. `member_id` is None while nobody has claimed it."""

    ref: str
    number: str
    member_id: int | None
    programme_id: int
    fulfilment: str
    placed_at: datetime
    collected_at: datetime | None
    is_cancelled: bool


_FIND = """
SELECT json_build_object('ref', ref, 'number', number, 'member_id', member_id, 'programme_id', programme_id,
  'fulfilment', fulfilment, 'placed_at', placed_at, 'collected_at', collected_at, 'is_cancelled', is_cancelled)::text
FROM (
  SELECT ref, number, member_id, programme_id, fulfilment, placed_at, collected_at, state = 'cancelled' AS is_cancelled
  FROM omnichannel_order WHERE ref = %(ref)s
  UNION ALL
  SELECT ref, number, NULL, programme_id, fulfilment, placed_at, collected_at,
    returns->-1->>'state' IS NOT DISTINCT FROM 'cancelled'
  FROM omnichannel_unclaimedorder WHERE ref = %(ref)s
) o
WHERE programme_id = %(programme)s
"""
_MARK = """
WITH claimed AS (
  UPDATE omnichannel_order SET collected_at = %(at)s
  WHERE ref = %(ref)s AND member_id = %(member)s AND collected_at IS NULL AND state <> 'cancelled' RETURNING 1),
nobody_s AS (
  UPDATE omnichannel_unclaimedorder SET collected_at = %(at)s
  WHERE ref = %(ref)s AND %(member)s::bigint IS NULL AND collected_at IS NULL
    AND returns->-1->>'state' IS DISTINCT FROM 'cancelled' RETURNING 1)
SELECT (SELECT count(*) FROM claimed) + (SELECT count(*) FROM nobody_s)
"""


def find_collectable(ref: str, *, programme_id: int) -> Collectable | None:
    """The purchase with this ref; None if there is none in the programme."""
    row = _row(_FIND, {"ref": ref, "programme": programme_id})
    return msgspec.json.decode(row, type=Collectable) if row else None


def mark_collected(ref: str, *, member_id: int | None, at: datetime) -> bool:
    """Write down when its goods were handed over, once.

    :param member_id: whose purchase it is; None for one that nobody has claimed.
    :return: False if it is not theirs, was cancelled, or was written down before.
    """
    return bool(_row(_MARK, {"ref": ref, "member": member_id, "at": at}))


def _row(statement: str, asked: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        found = cursor.fetchone()
    return found[0] if found else None
