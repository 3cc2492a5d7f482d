"""Event: a fact that one floor announces and the floors above may listen to."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all events. Fields may be added with defaults, never renamed or removed: old events are read again.

    :cvar name: `<floor>.<past tense>`, e.g. `loyalty.purchase_committed`.
    """

    name: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Delivered:
    """An event as a subscriber gets it.

    :ivar id: of the event; the same when it comes again, so a subscriber can tell.
    """

    id: int
    event: Event
    member_id: int | None
    happened_at: datetime
    recorded_at: datetime
