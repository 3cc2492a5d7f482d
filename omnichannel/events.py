"""What omnichannel announces."""

from typing import ClassVar

from config.outbox.events import Event


class ActRecorded(Event, frozen=True, kw_only=True):
    """A member did something that rules may give points for: an event of a type that is an act.

    `place_code` is empty where it happened nowhere in particular.
    """

    name: ClassVar[str] = "omnichannel.act_recorded"
    act_ref: str
    programme_code: str
    type_code: str
    title: str
    source: str
    place_code: str = ""
    properties: dict[str, str | bool | int | float] = {}
