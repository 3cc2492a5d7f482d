"""How often somebody may ask for codes and try them: per identity, and per address they come from.

A code has a million values and takes five tries. With these limits an attacker of one member who never rests has
a chance of 1 in 10,000 a day, and a member who is locked out by such an attacker is so for a day at most.
"""

from hashlib import sha256

from config.ground.api.exact_limits import count_exactly
from members.rules.identities import IdentityClaim

TEN_MINUTES_S = 600
DAY_S = 86_400

CODES_OF_AN_IDENTITY = 3
CODES_OF_AN_IDENTITY_A_DAY = 20
CODES_FROM_AN_ADDRESS = 30
TRIES_OF_AN_IDENTITY = 15
TRIES_FROM_AN_ADDRESS = 60
HOUSEHOLD_CODES_OF_A_MEMBER = 10


def ensure_may_ask(claim: IdentityClaim, *, address: str) -> None:
    """
    :raises TooManyRequests: if too many codes were asked for this identity, or from this address.
    """
    who = _hashed(claim)
    count_exactly("codes-from", address, quota=CODES_FROM_AN_ADDRESS, window_s=TEN_MINUTES_S)
    count_exactly("codes-of", who, quota=CODES_OF_AN_IDENTITY, window_s=TEN_MINUTES_S)
    count_exactly("codes-a-day", who, quota=CODES_OF_AN_IDENTITY_A_DAY, window_s=DAY_S)


def ensure_may_try(claim: IdentityClaim, *, address: str) -> None:
    """
    :raises TooManyRequests: if too many codes were tried for this identity, or from this address.
    """
    count_exactly("tries-from", address, quota=TRIES_FROM_AN_ADDRESS, window_s=TEN_MINUTES_S)
    count_exactly("tries-of", _hashed(claim), quota=TRIES_OF_AN_IDENTITY, window_s=TEN_MINUTES_S)


def ensure_may_join(member_id: int, *, address: str | None) -> None:
    """
    :param address: None for an integration, whose members all come from one.
    :raises TooManyRequests: if too many codes of households were tried by this member, or from this address.
    """
    if address is not None:
        count_exactly("households-from", address, quota=TRIES_FROM_AN_ADDRESS, window_s=TEN_MINUTES_S)
    count_exactly(
        "household-codes", str(member_id), quota=HOUSEHOLD_CODES_OF_A_MEMBER, window_s=TEN_MINUTES_S
    )


def _hashed(claim: IdentityClaim) -> str:
    """Valkey need not know whose phone it is."""
    return sha256(f"{claim.kind}:{claim.value}".encode()).hexdigest()[:32]
