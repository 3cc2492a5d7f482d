"""What a floor holds of a person: each floor says it here for the member's page, and registers itself in `apps.py`.

This is the one place where upper floors hang themselves into a lower one. A panel is plain data, so that one template
shows them all:

    class Wallets:
        def panels(self, member_id: int, *, now: datetime, viewer_id: int | None = None) -> list[Panel]:
            return [Panel(title="Wallet", order=20, facts=(Fact("Balance", "1,340 points"),))]

    register("loyalty", Wallets())
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from config.ground.personal import Held
from config.ground.retention import Period
from config.staff.dashboard import Chart
from members.rules.timeline import Asked, Happening, Remark


class Cell(msgspec.Struct, frozen=True):
    """A piece of a panel.

    :ivar kind: `code` keeps its left-to-right order in any language (phones, refs, amounts); `number` stands to the
        right; `good`, `bad` and `muted` are shown as a label of that colour; `personal` is masked without the right to
        see personal data.
    :ivar of: for `personal`: phone, email, card, words ..., which decides how it is masked.
    :ivar link: where a click leads, "" for nowhere.
    """

    text: str
    kind: Literal["text", "code", "number", "good", "bad", "muted", "personal"] = "text"
    of: str = ""
    link: str = ""


class Fact(msgspec.Struct, frozen=True):
    """A name and what there is under it; `note` says what it means."""

    name: str
    value: Cell | str
    note: str = ""


class Act(msgspec.Struct, frozen=True):
    """What a colleague who holds a right (`loyalty.add_tierstanding`) can do about a panel, and on which page."""

    name: str
    link: str
    right: str


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One box on the member's page: facts, a table, a chart, or several of them.

    :ivar order: lower stands first. What is promised 9, members 10 to 19 and from 76 on, loyalty 20 to 39,
        omnichannel 40 to 59, campaigns 60 to 75.
    :ivar chart: as the dashboard draws them.
    :ivar empty: what to say when there is nothing to show.
    :ivar acts: only those are shown for which the person who looks has the right.
    :ivar is_wide: over the whole width; narrow panels stand in two columns.
    """

    title: str
    order: int
    facts: tuple[Fact, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell | str, ...], ...] = ()
    chart: Chart | None = None
    empty: str = "Nothing yet."
    is_wide: bool = False
    acts: tuple[Act, ...] = ()


class Traces(msgspec.Struct, frozen=True):
    """By what somebody may be found outside of their own rows: what they were ever known by, and called."""

    addresses: tuple[str, ...]
    names: tuple[str, ...]


class Moving(msgspec.Struct, frozen=True, kw_only=True):
    """A merge, as each floor is told of it.

    :ivar ref: names it wherever it leaves a trace.
    :ivar member_id: the one who goes; `into_id`: the one who stays.
    """

    id: int
    ref: str
    member_id: int
    into_id: int
    actor: str


class MemberData(Protocol):
    def panels(self, member_id: int, *, now: datetime, viewer_id: int | None = None) -> Sequence[Panel]:
        """What staff should see of a member at a glance; a fixed number of statements, however much there is.

        :param viewer_id: the colleague who looks, where it matters that they serve particular stores.
        """

    def holds(self) -> Sequence[Held]:
        """Every table of the floor that holds something of a member, in the order in which it is erased."""

    def retention(self) -> Sequence[Period]:
        """Which kinds of the floor's data are not kept for good."""

    def kinds(self) -> Mapping[str, str]:
        """The kinds of lines that the floor has in a timeline, and what staff call them."""

    def timeline(self, asked: Asked) -> Sequence[Happening]:
        """The newest `asked.limit` lines of the floor; of each kind no more rows are read, wherever the page is."""

    def remarks(self, people: Sequence[int], told: Sequence[Happening]) -> Mapping[str, Remark]:
        """Ref -> what the floor adds to lines that any floor told of these people. One statement, or none."""

    def forget_files(self, member_id: int, traces: Traces) -> int:
        """Delete the floor's files about somebody; answers how many. Safe to repeat."""

    def sums(self, member_id: int, *, programme_id: int | None = None, now: datetime) -> Sequence[Fact]:
        """What a merge should leave as it is, or add up: shown for both before it, and for the one afterwards.

        Names are the same for whoever is asked for, so that they can stand side by side.

        :param programme_id: the one whose figures may be told; None for all.
        """


class FollowsMerges(Protocol):
    """What a floor does when members are merged, and when a merge is undone."""

    def ensure_still(self, member_ids: Collection[int], *, now: datetime) -> None:
        """Refuse a merge, or taking one apart, while something is under way that must not move.

        :raises Refusal: saying what, and that it will be over.
        """

    def take_over(self, moving: Moving, *, now: datetime) -> None:
        """Let who stays have what is open of the one who goes, and note what moved. The pointer is set already.

        In transactions of its own; safe to repeat, and to be killed anywhere.
        """

    def give_back(self, moving: Moving, *, now: datetime) -> None:
        """The opposite, from what was noted: what is left goes back to where it came from. As safe to repeat."""


_FLOORS: dict[str, MemberData] = {}
_FOLLOWERS: dict[str, FollowsMerges] = {}


def register(floor: str, holds: MemberData, *, merging: FollowsMerges | None = None) -> None:
    """Let a floor speak for what it holds; once per floor, from its `apps.py`.

    :param merging: what it does about merges; None where all that it holds may stay where it is.
    """
    _FLOORS[floor] = holds
    if merging is not None:
        _FOLLOWERS[floor] = merging


def followers() -> list[FollowsMerges]:
    """The floors that do something about merges, the lowest first."""
    return list(_FOLLOWERS.values())


def list_sums(member_id: int, *, programme_id: int | None, now: datetime) -> list[Fact]:
    """What all floors hold of a member, in figures: of one programme, or of all."""
    told = (floor.sums(member_id, programme_id=programme_id, now=now) for floor in _FLOORS.values())
    return [fact for floors in told for fact in floors]


def list_floors() -> dict[str, MemberData]:
    """The floors from above to below: who knows a person best comes last."""
    return dict(reversed(_FLOORS.items()))


def list_kinds() -> dict[str, str]:
    """The kinds of lines of all floors, and what staff call them, by their names."""
    told = {kind: title for floor in _FLOORS.values() for kind, title in floor.kinds().items()}
    return dict(sorted(told.items(), key=lambda one: one[1]))


def list_panels(member_id: int, *, now: datetime, viewer_id: int | None = None) -> list[Panel]:
    """The panels of all floors, in their order."""
    told = (floor.panels(member_id, now=now, viewer_id=viewer_id) for floor in _FLOORS.values())
    panels = [panel for floors in told for panel in floors]
    return sorted(panels, key=lambda panel: panel.order)
