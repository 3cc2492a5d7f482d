"""How statements are planned, for tests that look at it."""

from django.db.backends.utils import CursorWrapper


def plan_by_index(cursor: CursorWrapper) -> None:
    """Until the transaction ends, read no table whole where an index can serve; earlier plans are forgotten."""
    cursor.execute("SET LOCAL enable_seqscan = off")
    cursor.execute("DISCARD PLANS")
