"""How long kinds of data are kept: declared beside the tables as `Period`, applied here from that alone.

`settings.RETENTION_DAYS` says other days for a code; `None` there keeps a kind for good.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from config.ground.personal import lift_guards, set_guards

ROWS_AT_ONCE = 5_000


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of data, and for how long it is kept.

    :ivar code: what the settings and `manage.py apply_retention` call it.
    :ivar says: what goes, in words.
    :ivar table: label of the model.
    :ivar since: the column from which the days are counted.
    :ivar days: unless the settings say others.
    :ivar where: SQL over the row `t`, for only some rows; with `blank`, only those that it would change.
    :ivar blank: column -> SQL that takes its place; without any the rows are deleted.
    """

    code: str
    says: str
    table: str
    since: str
    days: int
    where: str = "true"
    blank: Mapping[str, str] = {}


def days_of(period: Period) -> int | None:
    """For how many days a kind is kept here; None for good."""
    days: int | None = settings.RETENTION_DAYS.get(period.code, period.days)
    return days


def count_past(period: Period, *, now: datetime) -> int:
    """How many rows are past their days."""
    days = days_of(period)
    if days is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_past(period)}", [now - timedelta(days=days)])
        return int(cursor.fetchone()[0])


def let_go(period: Period, *, now: datetime) -> int:
    """Delete or overwrite what is past its days, some thousand rows in a transaction; answers how many. Safe to repeat,
    any number at once."""
    days = days_of(period)
    if days is None:
        return 0
    table = apps.get_model(period.table)._meta.db_table
    chosen = f"SELECT t.ctid {_past(period)} LIMIT {ROWS_AT_ONCE} FOR UPDATE SKIP LOCKED"
    sets = ", ".join(f'"{column}" = {value}' for column, value in period.blank.items())
    act = f"UPDATE {table} t SET {sets}" if sets else f"DELETE FROM {table} t"  # noqa: S608 - declared names
    gone = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            lift_guards([period.table])
            cursor.execute(f"{act} WHERE t.ctid = ANY (ARRAY({chosen}))", [now - timedelta(days=days)])
            rows = int(cursor.rowcount)
            set_guards()
        gone += rows
        if rows < ROWS_AT_ONCE:
            return gone


def _past(period: Period) -> str:
    table = apps.get_model(period.table)._meta.db_table
    return f"FROM {table} t WHERE t.{period.since} < %s AND ({period.where})"
