"""NEVER 15: who names a phone number spends no more points than the programme lets go without proof."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from loyalty.errors import ProofNeeded
from loyalty.queries.batches import find_place_kinds
from loyalty.queries.spending import count_spent
from loyalty.rules.compile import Terms
from members.queries.presence import is_present

COUNTED = timedelta(hours=24)
"""Many small purchases are as good as a large one: what was spent or is held counts for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Points that a member wants to spend, or to set aside, who was only named.

    :ivar held: so many of them are held for this very purpose: they count as held, and were proven then.
    :ivar caller: the key of the till; a code told there holds there for some minutes.
    :ivar place_id: where they are spent. A web shop stands for those who are signed in there, and so does who spends
        nowhere (None).
    """

    points: int
    member_id: int
    held: int = 0
    caller: str
    place_id: int | None


class Unproven(msgspec.Struct, frozen=True, kw_only=True):
    """Points to be spent on a name alone, together with what was spent since that moment and is held: `above` at most.

    What is seen without the wallet's lock may be over a moment later: the database counts again where it books.
    """

    points: int
    above: int
    since: datetime


def unproven_in(spending: Spending, terms: Terms, *, now: datetime) -> Unproven | None:
    """What a name has to be good for; None where nobody asks."""
    points = spending.points - spending.held
    if terms.proof_above is None or points <= 0:
        return None
    return Unproven(points=points, above=terms.proof_above, since=now - COUNTED)


def needs_proof(spending: Spending, terms: Terms, *, now: datetime) -> bool:
    """Whether so many points, beside those of the last hours, are more than one who has shown nothing may spend."""
    try:
        ensure_proven(spending, terms, now=now)
    except ProofNeeded:
        return True
    return False


def ensure_proven(spending: Spending, terms: Terms, *, now: datetime) -> Unproven | None:
    """
    :return: what is still to be counted under the wallet's lock; None where there is nothing to be proven.
    :raises ProofNeeded: so many points ask for more than a name.
    """
    unproven = unproven_in(spending, terms, now=now)
    if unproven is None:
        return None
    points = unproven.points
    if points <= unproven.above:
        points += count_spent(spending.member_id, terms.programme_id, since=unproven.since, now=now)
    if points <= unproven.above:
        return unproven
    ensure_shown(spending, unproven.above, now=now)
    return None


def ensure_shown(spending: Spending, above: int, *, now: datetime) -> None:
    """
    :raises ProofNeeded: neither has the member shown that it is them, nor does anybody stand for it.
    """
    place_id = spending.place_id
    if place_id is None or find_place_kinds([place_id]).get(place_id) == "web_shop":
        return
    if not is_present(spending.member_id, caller=spending.caller, now=now):
        raise ProofNeeded(
            f"More than {above} points in a day: scan the member's rotating code, or send them a code "
            "(till/presence/code) and take it (till/presence).",
            pointer="/member",
            above=above,
        )
