"""What the campaigns floor announces."""

from typing import ClassVar

from config.outbox.events import Event


class OfferSent(Event, frozen=True, kw_only=True):
    """A campaign granted a member an offer and queued the messages that tell of it."""

    name: ClassVar[str] = "campaigns.offer_sent"

    campaign_ref: str
    run_number: int
    title: str
    channels: list[str]
    valid_until: str
