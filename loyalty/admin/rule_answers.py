"""Between the fields of the rule's form and the typed data that a rule is."""

import re
from typing import Any

from loyalty.rules.definition import (
    FixedPoints,
    Hours,
    Multiplier,
    Period,
    PerStep,
    PlaceIs,
    RuleDefinition,
    Scope,
    TierIs,
    Weekdays,
)

SCOPE = {"categories": "category", "departments": "department", "brands": "brand", "skus": "sku"}
"""Field -> what is suggested for it."""

_FIELD_OF = {"points": "points", "step_minor": "step", "percent": "times", "minimum_minor": "minimum"}


def definition_of(answers: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The definition in its stored form, and for each of its conditions the field that it came from."""
    conditions: list[tuple[str, dict[str, Any]]] = []
    if answers["tiers"]:
        conditions.append(("tiers", {"type": "tier_is", "tiers": answers["tiers"]}))
    if answers["places"]:
        conditions.append(("places", {"type": "place_is", "places": answers["places"]}))
    if answers["bought_from"]:
        period = {"starts_at": answers["bought_from"], "ends_at": answers["bought_until"]}
        conditions.append(("bought_from", {"type": "period", **period}))
    if answers["weekdays"]:
        conditions.append(("weekdays", {"type": "weekdays", "days": answers["weekdays"]}))
    if answers["hour_from"] is not None:
        hours = {"starts": answers["hour_from"], "ends": answers["hour_until"]}
        conditions.append(("hour_from", {"type": "hours", **hours}))
    data = {"effect": _effect_of(answers), "conditions": [condition for _, condition in conditions]}
    return data, [name for name, _ in conditions]


def answers_of(definition: RuleDefinition) -> dict[str, Any]:
    """What stands in the form's fields for a definition; the inverse of `definition_of`."""
    answers: dict[str, Any] = {}
    match definition.effect:
        case PerStep(points=points, step_minor=step):
            answers |= {"effect": "per_step", "points": points, "step": step}
            scope = Scope()
        case Multiplier(percent=percent, scope=scope):
            answers |= {"effect": "multiplier", "times": percent}
        case FixedPoints(points=points, minimum_minor=minimum, scope=scope):
            answers |= {"effect": "fixed", "points": points, "minimum": minimum or None}
    answers |= {name: getattr(scope, name) for name in SCOPE}
    for condition in definition.conditions:
        match condition:
            case TierIs(tiers=tiers):
                answers["tiers"] = tiers
            case PlaceIs(places=places):
                answers["places"] = places
            case Period(starts_at=starts_at, ends_at=ends_at):
                answers |= {"bought_from": starts_at, "bought_until": ends_at}
            case Weekdays(days=days):
                answers["weekdays"] = days
            case Hours(starts=starts, ends=ends):
                answers |= {"hour_from": starts, "hour_until": ends}
    return answers


def _effect_of(answers: dict[str, Any]) -> dict[str, Any]:
    scope = {name: answers[name] for name in SCOPE}
    match answers["effect"]:
        case "per_step":
            return {"type": "per_step", "points": answers["points"], "step_minor": answers["step"]}
        case "multiplier":
            return {"type": "multiplier", "percent": answers["times"], "scope": scope}
        case _:
            minimum = answers["minimum"] or 0
            return {"type": "fixed", "points": answers["points"], "minimum_minor": minimum, "scope": scope}


def field_at(path: str, fields: list[str]) -> str | None:
    """The form's field behind a path such as `$.effect.points` or `$.conditions[0].days`."""
    if found := re.match(r"\$\.conditions\[(\d+)\]", path):
        return fields[int(found[1])]
    last = path.rstrip("`").rpartition(".")[2]
    return _FIELD_OF.get(last, last if last in SCOPE else None)
