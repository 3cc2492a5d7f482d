"""How the history of configuration is kept: by triggers, as the row was before each change.

The newest state is the row itself; the history says what it was before, until when, and who changed it.
"""

import pghistory


def before_each_change() -> tuple[pghistory.RowEvent, ...]:
    """Trackers for one model: new ones each time, for pghistory completes them with the model's fields."""
    return (
        pghistory.UpdateEvent("changed", row=pghistory.Old),
        pghistory.DeleteEvent("removed"),
    )
