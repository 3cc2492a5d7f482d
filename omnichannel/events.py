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


class CaseOpened(Event, frozen=True, kw_only=True):
    """A member wants something put right. `cause` says what opened it by itself, "" for a person."""

    name: ClassVar[str] = "omnichannel.case_opened"
    case_ref: str
    kind: str
    priority: str
    cause: str = ""


class CaseMoved(Event, frozen=True, kw_only=True):
    """A service case is in another state than it was: new, open, waiting, solved, closed."""

    name: ClassVar[str] = "omnichannel.case_moved"
    case_ref: str
    state: str
    was: str
