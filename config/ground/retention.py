"""How long kinds of data are kept: declared beside the tables as `Period`, applied here from that alone.

`settings.RETENTION_DAYS` says other days for a code; `None` there keeps a kind for good.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from config.ground.personal import lift_guards, set_guards

PAGES_AT_ONCE = 100
"""Of eight kilobytes: some thousand rows."""


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of data, and for how long it is kept.

    :ivar code: what the settings and `manage.py apply_retention` call it.
    :ivar says: what goes, in words.
    :ivar table: label of the model.
    :ivar since: the column from which the days are counted.
    :ivar days: unless the settings say others.
    :ivar where: SQL over the row `t`, for only some rows; with `blank`, only those that it would change.
    :ivar blank: column -> SQL that takes its place; without any the rows are deleted.
    :ivar along: SQL after DELETE FROM, of other rows that go with those of `gone`.
    """

    code: str
    says: str
    table: str
    since: str
    days: int
    where: str = "true"
    blank: Mapping[str, str] = {}
    along: str = ""


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
    """Delete or overwrite what is past its days, some pages of the table in a transaction; answers how many rows. Safe
    to repeat, any number at once.

    One look finds the pages, and each is read once more: what was overwritten before is not searched again and again.
    """
    days = days_of(period)
    if days is None:
        return 0
    table = apps.get_model(period.table)._meta.db_table
    sets = ", ".join(f'"{column}" = {value}' for column, value in period.blank.items())
    act = f"UPDATE {table} t SET {sets}" if sets else f"DELETE FROM {table} t"  # noqa: S608 - declared names
    act += f" WHERE {_is_past(period)} AND t.ctid >= %s::tid AND t.ctid < %s::tid RETURNING t.*"
    others = f", others AS (DELETE FROM {period.along})" if period.along else ""  # noqa: S608 - as above
    before, gone = now - timedelta(days=days), 0
    for first, end in _stretches(_pages_past(period, before)):
        with transaction.atomic(), connection.cursor() as cursor:
            lift_guards([period.table])
            cursor.execute(
                f"WITH gone AS ({act}){others} SELECT count(*) FROM gone",  # noqa: S608 - as above
                [before, f"({first},0)", f"({end},0)"],
            )
            gone += int(cursor.fetchone()[0])
            set_guards()
    return gone


def _pages_past(period: Period, before: datetime) -> list[int]:
    """The pages of the table with a row that is past its days, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT (t.ctid::text::point)[0]::bigint AS page {_past(period)} ORDER BY page",
            [before],
        )
        return [page for (page,) in cursor.fetchall()]


def _stretches(pages: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First page and the one after the last, of not too many at once."""
    for at in range(0, len(pages), PAGES_AT_ONCE):
        several = pages[at : at + PAGES_AT_ONCE]
        yield several[0], several[-1] + 1


def _past(period: Period) -> str:
    return f"FROM {apps.get_model(period.table)._meta.db_table} t WHERE {_is_past(period)}"


def _is_past(period: Period) -> str:
    return f"t.{period.since} < %s AND ({period.where})"
