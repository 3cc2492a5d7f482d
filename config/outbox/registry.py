"""Who listens to what. Filled when the apps' `subscribers.py` are imported, at start, and read-only from then on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from config.outbox.events import Delivered, Event


class Learn(Protocol):
    def __call__(self, events: Sequence[Delivered], *, now: datetime) -> None:
        """Take note of events, in the order of their ids. Runs in a transaction; may see an event again.

        :raises Exception: any; nothing is written then, and the events come again one by one,
            each in a transaction of its own.
        """


@dataclass(frozen=True, slots=True)
class Subscriber:
    """
    :ivar name: stable; rows wait under it. `<floor>.<what it keeps>`, e.g. `campaigns.features`.
    :ivar batch: most events handed over at once.
    """

    name: str
    learn: Learn
    listens_to: dict[str, type[Event]]
    batch: int


_SUBSCRIBERS: dict[str, Subscriber] = {}
_LISTENERS: dict[str, list[str]] = {}

L = TypeVar("L", bound=Learn)


def subscriber(name: str, to: Sequence[type[Event]], *, batch: int = 200) -> Callable[[L], L]:
    """Register a function as the subscriber `name` to these events."""

    def register(learn: L) -> L:
        known = _SUBSCRIBERS.get(name)
        if known is not None and known.learn is not learn:
            raise ValueError(f"There are two subscribers named {name}.")
        _SUBSCRIBERS[name] = Subscriber(name, learn, {kind.name: kind for kind in to}, batch)
        for kind in to:
            listeners = _LISTENERS.setdefault(kind.name, [])
            if name not in listeners:
                listeners.append(name)
        return learn

    return register


def unsubscribe(name: str) -> None:
    """Forget a subscriber; for tests that bring their own."""
    found = _SUBSCRIBERS.pop(name, None)
    for kind in found.listens_to if found else ():
        _LISTENERS[kind].remove(name)


def subscribers_of(event: type[Event]) -> list[str]:
    """Names of those who listen to an event, in the order of registration."""
    return _LISTENERS.get(event.name, [])


def list_subscribers() -> list[Subscriber]:
    return list(_SUBSCRIBERS.values())
