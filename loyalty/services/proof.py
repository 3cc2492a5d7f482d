"""NEVER 15: who names a phone number spends no more points than the programme lets go without proof."""

from datetime import datetime, timedelta

from loyalty.errors import ProofNeeded
from loyalty.queries.batches import find_place_kinds
from loyalty.queries.spending import count_spent
from loyalty.rules.compile import Terms
from members.queries.presence import is_present

COUNTED = timedelta(hours=24)
"""Many small purchases are as good as a large one: what was spent or is held counts for so long."""


def needs_proof(
    points: int,
    member_id: int,
    terms: Terms,
    *,
    held: int = 0,
    caller: str,
    place_id: int | None,
    now: datetime,
) -> bool:
    """Whether so many points, beside those of the last hours, are more than a member who has shown nothing may spend.

    :param held: so many of them are held for this very purpose: they count as held, and were proven then.
    :param caller: the key of the till; a code told there holds there for some minutes.
    :param place_id: where they are spent. A web shop stands for those who are signed in there, and so does who spends
        nowhere (None).
    """
    points -= held
    if terms.proof_above is None or points <= 0:
        return False
    if points <= terms.proof_above:
        points += count_spent(member_id, terms.programme_id, since=now - COUNTED, now=now)
    if points <= terms.proof_above:
        return False
    if place_id is None or find_place_kinds([place_id]).get(place_id) == "web_shop":
        return False
    return not is_present(member_id, caller=caller, now=now)


def ensure_proven(
    points: int,
    member_id: int,
    terms: Terms,
    *,
    held: int = 0,
    caller: str,
    place_id: int | None,
    now: datetime,
) -> None:
    """As `needs_proof`.

    :raises ProofNeeded: so many points ask for more than a name.
    """
    if needs_proof(points, member_id, terms, held=held, caller=caller, place_id=place_id, now=now):
        raise ProofNeeded(
            f"More than {terms.proof_above} points in a day: scan the member's rotating code, or send them a code "
            "(till/presence/code) and take it (till/presence).",
            pointer="/member",
            above=terms.proof_above,
        )
