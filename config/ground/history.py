"""How the history of configuration and of personal data is kept: by triggers, as the row was before each change.

The newest state is the row itself; the history says what it was before, until when, and who changed it.
"""

import pghistory
from django.db import models
from pghistory import models as library


class Event(library.Event):
    """The base of all history tables: their ids are as large as all others."""

    pgh_id = models.BigAutoField(primary_key=True)

    class Meta:
        abstract = True


def before_each_change() -> tuple[pghistory.UpdateEvent, pghistory.DeleteEvent]:
    """Trackers for one model; each model needs its own, for they take on its fields."""
    return pghistory.UpdateEvent("changed", row=pghistory.Old), pghistory.DeleteEvent("removed")
