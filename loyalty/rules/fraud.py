"""What is watched for fraud: rules as data, each a count that honest people do not reach."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from config.ground.words import counted

Measure = Literal["count", "amount", "members"]


class Watch(msgspec.Struct, frozen=True):
    """Something that is counted.

    :ivar per: of whom it can be counted, the usual one first.
    :ivar measure: rows, the sum of their points, or different members.
    """

    title: str
    per: tuple[str, ...]
    measure: Measure
    one: str
    many: str


WATCHES: Mapping[str, Watch] = {
    "purchases": Watch("Purchases", ("member", "till", "place"), "count", "purchase", "purchases"),
    "same_till": Watch(
        "Purchases of one member at one till", ("member_till",), "count", "purchase", "purchases"
    ),
    "points_earned": Watch("Points earned", ("member", "place"), "amount", "point earned", "points earned"),
    "points_spent": Watch("Points spent", ("member", "place"), "amount", "point spent", "points spent"),
    "returns": Watch("Returns", ("member", "till", "place"), "count", "return", "returns"),
    "slips": Watch(
        "Returns without receipt",
        ("member", "place"),
        "count",
        "return without receipt",
        "returns without receipt",
    ),
    "enrolments": Watch("Enrolments", ("place",), "count", "enrolment", "enrolments"),
    "corrections": Watch(
        "Points a colleague gave or took",
        ("staff",),
        "amount",
        "point given or taken",
        "points given or taken",
    ),
    "own_corrections": Watch(
        "Corrections of a colleague's own or another colleague's wallet",
        ("staff",),
        "count",
        "correction of a colleague's wallet",
        "corrections of colleagues' wallets",
    ),
    "device": Watch("Members on one device", ("device",), "members", "member", "members"),
    "mailbox": Watch("New members with one mailbox", ("mailbox",), "members", "new member", "new members"),
}

PER: Mapping[str, str] = {
    "member": "one member",
    "till": "one till",
    "place": "one store",
    "member_till": "one member at one till",
    "staff": "one colleague",
    "device": "one device",
    "mailbox": "one mailbox",
}

_WHERE: Mapping[str, str] = {
    "member": "by one member",
    "till": "at one till",
    "place": "at one store",
    "member_till": "by one member at one till",
    "staff": "by one colleague",
    "device": "on one device",
    "mailbox": "with one mailbox",
}

WITHIN: Mapping[str, str] = {"hour": "an hour", "day": "a day", "week": "a week"}

WITH_A_MEMBER = frozenset({"member", "member_till"})
"""Of these a finding is about one member, whose points can be held."""


def is_counted_per(what: str, per: str) -> bool:
    """Whether this can be counted of them."""
    return what in WATCHES and per in WATCHES[what].per


def sentence_of_watch(what: str, per: str, within: str, more_than: int) -> str:
    """A rule in words: `more than 10 purchases by one member in a day`."""
    watch = WATCHES[what]
    amount = counted(more_than, watch.one, watch.many)
    return f"more than {amount} {_WHERE[per]} in {WITHIN[within]}"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was above a limit in a window: what counts as one cause.

    :ivar subject: e.g. `member:55`, `till:7`, `member:55 till:7`, `staff:3`; of devices and mailboxes a digest.
    :ivar refs: the first of what was counted. :ivar member_ids: the first of those who took part.
    """

    subject: str
    member_id: int | None
    since: datetime
    until: datetime
    measured: int
    count: int
    refs: list[str]
    member_ids: list[int]

    @property
    def cause(self) -> str:
        return f"{self.subject}@{self.since.isoformat()}"


def window_start(at: datetime, within: str) -> datetime:
    """The beginning of the hour, day or week (from Monday) that a local moment lies in."""
    if within == "hour":
        return at.replace(minute=0, second=0, microsecond=0)
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday()) if within == "week" else day
