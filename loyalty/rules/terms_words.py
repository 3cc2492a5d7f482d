"""What other terms, or other limits of corrections, change, in words."""

from collections.abc import Mapping
from typing import Any

from config.ground.amounts import money
from loyalty.rules.programme_files import TermsPart

_NAMES = {
    "burn_points": "so many points",
    "burn_minor": "pay",
    "proof_above": "proof above",
    "transfer_points_a_day": "given away a day",
    "households_share": "households share points",
    "households_share_tier": "households share the tier",
    "maturity_days": "days until they can be spent",
    "expiry_kind": "points run out",
    "expiry_days": "days they live",
    "expiry_on": "on this day",
    "kept_alive_by": "activity is",
    "welcome_points": "welcome points",
    "when_spent": "points spent already, on a return",
    "rules_need_approval": "a second person approves",
}
_NONE = {
    "proof_above": "never asked",
    "transfer_points_a_day": "as many as they have",
    "expiry_days": "for ever",
}


def terms_changes(before: TermsPart | None, after: TermsPart, currency: str) -> list[str]:
    """A line for each thing that changes, e.g. `welcome points: 0 → 100`."""

    return [
        f"{_NAMES[field]}: {_said(field, before, currency)} → {_said(field, after, currency)}"
        for field in TermsPart.__struct_fields__
        if before is None or getattr(before, field) != getattr(after, field)
    ]


def limits_changes(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """A line for each role whose limit changes, e.g. `cashier: 0 → 500 points alone`."""
    roles = sorted({*before, *after})
    return [
        f"{role}: {before.get(role, 0):,} → {after.get(role, 0):,} points alone"
        for role in roles
        if before.get(role, 0) != after.get(role, 0)
    ]


def _said(field: str, terms: TermsPart | None, currency: str) -> str:
    value: Any = getattr(terms, field) if terms else None
    if terms is None or value is None:
        return _NONE.get(field, "none") if terms else "none"
    if field == "burn_minor":
        return money(value, currency)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
