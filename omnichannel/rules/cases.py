"""What may become of a service case: which state follows which, and what a change changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "new": ("open", "waiting", "solved", "closed"),
    "open": ("waiting", "solved", "closed"),
    "waiting": ("open", "solved", "closed"),
    "solved": ("open", "closed"),
    "closed": ("open",),
}
"""State -> where it may go. A solved or closed case is taken up again as open."""


class CaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What of a case may change. `owner`: a colleague's id; `priority`: such as 3_normal."""

    state: str
    priority: str
    owner: int | None
    due_at: datetime | None


class CaseChange(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants of a case. What is UNSET stays."""

    state: str | msgspec.UnsetType = msgspec.UNSET
    priority: str | msgspec.UnsetType = msgspec.UNSET
    owner: int | msgspec.UnsetType | None = msgspec.UNSET
    due_at: datetime | msgspec.UnsetType | None = msgspec.UNSET


def may_follow(state: str, following: str) -> bool:
    return following == state or following in FOLLOWS[state]


def changed(facts: CaseFacts, change: CaseChange) -> dict[str, tuple[Any, Any]]:
    """Field -> as it is and as it shall be, of those that differ."""
    wanted = {
        name: value for name, value in msgspec.structs.asdict(change).items() if value is not msgspec.UNSET
    }
    return {
        name: (getattr(facts, name), value) for name, value in wanted.items() if getattr(facts, name) != value
    }
