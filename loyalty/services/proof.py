"""NEVER 15: who names a phone number spends no more points than the programme lets go without proof."""

from datetime import datetime

from loyalty.errors import ProofNeeded
from loyalty.rules.compile import Terms
from members.queries.presence import is_present


def needs_proof(points: int, member_id: int, terms: Terms, *, caller: str, now: datetime) -> bool:
    """Whether so many points are more than a member who has shown nothing may spend.

    :param caller: the key of the till; a code told there holds there for some minutes.
    """
    if terms.proof_above is None or points <= terms.proof_above:
        return False
    return not is_present(member_id, caller=caller, now=now)


def ensure_proven(points: int, member_id: int, terms: Terms, *, caller: str, now: datetime) -> None:
    """
    :raises ProofNeeded: so many points ask for more than a name.
    """
    if needs_proof(points, member_id, terms, caller=caller, now=now):
        raise ProofNeeded(
            f"More than {terms.proof_above} points: scan the member's rotating code, or send them a code "
            "(till/presence/code) and take it (till/presence).",
            pointer="/member",
            above=terms.proof_above,
        )
