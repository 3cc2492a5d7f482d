"""Carriers take messages out of the house. One Protocol; which carrier serves a channel is a setting."""

from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A message as a carrier sees it: where to, and what to say. Nothing here names the member otherwise."""

    ref: str
    address: str
    subject: str
    body_text: str
    body_html: str = ""
    unsubscribe_url: str = ""


class NotDelivered(Exception):  # noqa: N818 - names what happened to the message
    """The carrier did not take it; nothing was sent. `is_permanent`: trying again cannot help."""

    def __init__(self, reason: str, *, is_permanent: bool) -> None:
        super().__init__(reason)
        self.is_permanent = is_permanent


class CarrierAway(Exception):  # noqa: N818 - names the state of the carrier
    """The carrier cannot be reached at all. It says nothing about the message, so no attempt is counted."""


class Uncertain(Exception):  # noqa: N818 - names what is known of the message
    """Bytes were sent and no answer came: it may have arrived, or not."""


class Carrier(Protocol):
    """One way out. Made for a batch of messages and closed after it, so it may hold a connection."""

    def send(self, parcel: Parcel, *, timeout_s: float) -> str:
        """Hand the message over and return the carrier's own id of it.

        :raises NotDelivered: it was not taken; `is_permanent` says whether trying again can help.
        :raises CarrierAway: the carrier cannot be reached.
        :raises Uncertain: bytes were sent and no answer came.
        """
        ...

    def close(self) -> None:
        """Let go of what was opened. Never raises."""
        ...


def carrier_for(channel: str) -> Carrier:
    """A new carrier for this channel, as `settings.MESSAGE_CARRIERS` names it."""
    made: Carrier = import_string(settings.MESSAGE_CARRIERS[channel])()
    return made
