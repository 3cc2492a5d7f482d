"""Triggers by which a table keeps its own law, whoever writes to it: the ORM, bulk statements or raw SQL."""

import pgtrigger

_REFUSE_TRUNCATE = """
IF current_setting('regulars.allow_truncate', true) = 'on' THEN
    RETURN NULL;
END IF;
RAISE EXCEPTION 'rows of % are kept for good: TRUNCATE is refused', TG_TABLE_NAME;
"""


def append_only() -> list[pgtrigger.Trigger]:
    """Triggers for `Meta.triggers` of a table whose rows are never changed, deleted or emptied away.

    Tests that empty tables between them set `regulars.allow_truncate` to `on` in their session.
    """
    return [
        pgtrigger.Protect(name="rows_never_change", operation=pgtrigger.Update | pgtrigger.Delete),
        pgtrigger.Trigger(
            name="table_never_emptied",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func=_REFUSE_TRUNCATE,
        ),
    ]
