"""How the history of personal data is kept: by triggers, as the row was before each change.

The newest state is the row itself, so arrivals cost nothing; they are recorded nowhere else.
"""

import pghistory


def before_each_change() -> tuple[pghistory.UpdateEvent, pghistory.DeleteEvent]:
    """Trackers for one model; each model needs its own, for they take on its fields."""
    return pghistory.UpdateEvent("changed", row=pghistory.Old), pghistory.DeleteEvent("removed")
