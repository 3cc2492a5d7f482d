"""Triggers by which a table keeps its own law, whoever writes to it: the ORM, bulk statements or raw SQL."""

import pgtrigger

PURGING = "regulars.purging"
"""A purge job sets this to `on` within its transaction, and what moves rows to whose they are; nothing else may."""

_REFUSE_TRUNCATE = """
IF current_setting('regulars.allow_truncate', true) = 'on' THEN
    RETURN NULL;
END IF;
RAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;
"""
_REFUSE_UNLESS_PURGING = f"""
IF TG_OP = 'DELETE' AND current_setting('{PURGING}', true) = 'on' THEN
    RETURN OLD;
END IF;
RAISE EXCEPTION 'rows of % never change: % is refused', TG_TABLE_NAME, TG_OP;
"""


def append_only() -> list[pgtrigger.Trigger]:
    """Triggers for `Meta.triggers` of a table whose rows are never changed, deleted or emptied away.

    Tests that empty tables between them set `regulars.allow_truncate` to `on` in their session.
    """
    return [
        pgtrigger.Protect(name="rows_never_change", operation=pgtrigger.Update | pgtrigger.Delete),
        _never_emptied(),
    ]


def append_only_until_purged() -> list[pgtrigger.Trigger]:
    """The same, for rows that a purge job may delete when they are old, in a transaction where it sets `PURGING`."""
    refused = pgtrigger.Trigger(
        name="rows_never_change",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=_REFUSE_UNLESS_PURGING,
    )
    return [refused, _never_emptied()]


def _never_emptied() -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="table_never_emptied",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=_REFUSE_TRUNCATE,
    )
