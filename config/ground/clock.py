"""The one place that asks what time it is. Doors and tasks ask; everything below is handed `now`.

A sandbox can move its clock: the offset is one row, read at most once a second by each process. Outside a sandbox the
row is never looked at.
"""

import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

OFFSET_AGE_S = 1.0


class _Offset:
    """The sandbox's offset as this process last read it."""

    by = timedelta(0)
    read_at = float("-inf")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    if settings.SANDBOX:
        return datetime.now(UTC) + _offset()
    return datetime.now(UTC)


def forget_offset() -> None:
    """Read the offset anew at the next call; this process has just changed it."""
    _Offset.read_at = float("-inf")


def _offset() -> timedelta:
    if time.monotonic() - _Offset.read_at > OFFSET_AGE_S:
        with connection.cursor() as cursor:
            cursor.execute("SELECT offset_s FROM ground_sandboxclock")
            found = cursor.fetchone()
        _Offset.by = timedelta(seconds=found[0] if found else 0)
        _Offset.read_at = time.monotonic()
    return _Offset.by
