"""What a key may be allowed to do."""

from collections.abc import Iterable

from omnichannel.errors import ScopeNotKnown

SCOPES = {
    "till": "Serve customers at a till: look up, quote, commit, enrol",
    "members": "Read and change members",
    "imports": "Bring members in from files, and take them back",
    "orders": "Hand in and read orders",
    "catalogue": "Change products, categories and stores",
    "stock": "Report and read stock",
    "events": "Hand in what visitors did",
    "campaigns": "Read and change campaigns and offers",
    "reports": "Read figures",
    "sandbox": "Move the clock of a sandbox",
}
"""Scope -> what it allows, in words for the person who makes the key."""


def known_scopes(scopes: Iterable[str]) -> list[str]:
    """The scopes, each once, in the order of `SCOPES`.

    :raises ScopeNotKnown: if one of them is not a scope, or there is none at all.
    """
    wanted = set(scopes)
    unknown = sorted(wanted - SCOPES.keys())
    if unknown:
        raise ScopeNotKnown(f"There is no scope {unknown[0]!r}; known are {', '.join(SCOPES)}.")
    if not wanted:
        raise ScopeNotKnown("A key needs at least one scope.")
    return [scope for scope in SCOPES if scope in wanted]
