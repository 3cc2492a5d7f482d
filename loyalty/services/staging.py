"""Staging: orders of feeds laid out in the database, so that it can put millions of rows in order for us.

Everything happens in one transaction on a connection of its own: the table is temporary, seen by nobody else, and gone
when the transaction ends, however it ends. A pooler that shares connections between transactions is fine with that.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec
from django.db import Error, connection, connections
from psycopg import Connection

from loyalty.queries.importing import HISTORY_COMES
from loyalty.rules.feeds import Item, Move

_TABLE = """
    CREATE TEMPORARY TABLE staged (
        file smallint NOT NULL, row int NOT NULL, place text NOT NULL, number text NOT NULL, is_return bool NOT NULL,
        is_spoiled bool NOT NULL, placed_at timestamptz, member text, items text NOT NULL
    ) ON COMMIT DROP
"""

# An order is grouped within its file: told by two files it is told twice, and counts once by its receipt.
_ORDERS = """
    SELECT file, min(row), place, number, is_return,
        CASE WHEN %(weeks)s = 0 THEN min(placed_at)
            ELSE (min(placed_at) AT TIME ZONE %(zone)s + %(weeks)s * interval '7 days') AT TIME ZONE %(zone)s
        END AS moment,
        min(member), bool_or(is_spoiled) OR coalesce(min(member) <> max(member), false),
        '[' || string_agg(items, ',' ORDER BY row) || ']'
    FROM staged GROUP BY file, place, number, is_return
    ORDER BY moment, file, min(row)
"""


_FILLED = (
    "members_member",
    "members_identity",
    "members_consent",
    "omnichannel_place",
    "omnichannel_product",
    "omnichannel_order",
    "omnichannel_orderline",
    "omnichannel_orderreturn",
    "omnichannel_returnline",
    "omnichannel_returnslip",
    "omnichannel_receipt",
    "loyalty_wallet",
    "loyalty_entry",
    "loyalty_lot",
    "loyalty_lotmove",
    "loyalty_reversal",
    "loyalty_settlement",
    "loyalty_tierday",
    "loyalty_tierstanding",
)
"""The tables that an import fills."""


class Fragment(msgspec.Struct, frozen=True):
    """Rows of one order that stand together in a file. `member` is `kind:text`, None if nobody is named.

    :ivar is_spoiled: a row could not be read, so the order cannot be booked.
    """

    file: int
    row: int
    place_code: str
    number: str
    is_return: bool
    is_spoiled: bool
    placed_at: datetime | None
    member: str | None
    items: list[Item]


class StagedOrder(msgspec.Struct, frozen=True):
    """A whole order. `placed_at` is None only where it is spoiled; so is an order that names two members."""

    file: int
    row: int
    place_code: str
    number: str
    is_return: bool
    placed_at: datetime
    member: str | None
    is_spoiled: bool
    items: list[Item]


class Staging:
    """A staging table. Made by `open_staging`."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def take(self, fragments: Iterable[Fragment]) -> None:
        """Add fragments, by COPY."""
        encode = msgspec.json.Encoder().encode
        with self._connection.cursor() as cursor, cursor.copy("COPY staged FROM STDIN") as copy:
            for each in fragments:
                copy.write_row(
                    (
                        each.file,
                        each.row,
                        each.place_code,
                        each.number,
                        each.is_return,
                        each.is_spoiled,
                        each.placed_at,
                        each.member,
                        encode(each.items).decode(),
                    )
                )

    def count(self) -> int:
        """How many orders there are."""
        rows = self._rows(
            "SELECT count(*) FROM (SELECT FROM staged GROUP BY file, place, number, is_return) AS o"
        )
        return int(rows[0][0])

    def last_placed_at(self) -> datetime | None:
        """The moment of the last order, None if there is none."""
        last: datetime | None = self._rows("SELECT max(placed_at) FROM staged")[0][0]
        return last

    def places(self) -> list[str]:
        """The codes of the places that are named."""
        return [code for (code,) in self._rows("SELECT DISTINCT place FROM staged ORDER BY place")]

    def chunks(self, size: int, move: Move) -> Iterator[list[StagedOrder]]:
        """All orders in the order in which they were placed, moved in time, so many at a time."""
        decode = msgspec.json.Decoder(list[list[Item]]).decode
        with self._connection.cursor(name="staged_orders") as cursor:
            cursor.execute(_ORDERS, {"weeks": move.weeks, "zone": move.zone.key})
            while rows := cursor.fetchmany(size):
                yield [_staged(order, decode(fragments)) for *order, fragments in rows]

    def _rows(self, statement: str) -> list[Any]:
        with self._connection.cursor() as cursor:
            return cursor.execute(statement.encode()).fetchall()


def renew_statistics(*, came: int) -> None:
    """Tell the planner what tables look like that grew to twice and more; by itself it would learn a minute later.

    :param came: how many orders came since the import began.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'omnichannel_order'::regclass")
        (known,) = cursor.fetchone()
        if known < came:
            cursor.execute(f"ANALYZE {', '.join(_FILLED)}")


def _staged(order: list[Any], fragments: list[list[Item]]) -> StagedOrder:
    file, row, place_code, number, is_return, placed_at, member, is_spoiled = order
    return StagedOrder(
        file=file,
        row=row,
        place_code=place_code,
        number=number,
        is_return=is_return,
        placed_at=placed_at,
        member=member,
        is_spoiled=is_spoiled,
        items=fragments[0] if len(fragments) == 1 else list(chain.from_iterable(fragments)),
    )


@contextmanager
def open_staging() -> Iterator[Staging]:
    """A staging table until the end of the block; nothing of it stays. No expiry is booked meanwhile."""
    own = connections["default"].copy()
    try:
        own.ensure_connection()
        own.set_autocommit(False)
        connection: Connection[Any] = own.connection
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.execute("SET LOCAL work_mem = '64MB'")
        connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [HISTORY_COMES])
        connection.execute(_TABLE)
        yield Staging(connection)
    finally:
        with suppress(Error):  # What a closed connection holds is free only once the server finds it closed.
            own.rollback()
        own.close()
