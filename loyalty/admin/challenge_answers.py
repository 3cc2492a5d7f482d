"""Between the challenge's form and its definition: what fields say as data, and data as what fields show."""

from collections.abc import Mapping
from datetime import time
from typing import Any

import msgspec

from loyalty.rules.challenges import (
    Acts,
    ChallengeDefinition,
    GivesPoints,
    GivesVoucher,
    Mission,
    Purchases,
    Referral,
    StampCard,
    Streak,
)
from loyalty.rules.conditions import Hours, PlaceIs, Spends, Weekdays

SCOPE = {"categories": "category", "departments": "department", "brands": "brand", "skus": "sku"}
"""Field -> what is suggested for it."""

_MIDNIGHT = time(0)


def definition_of(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a valid form as data of a `ChallengeDefinition`."""
    gives = {
        "points": {"type": "points", "points": cleaned["points"]},
        "voucher": {"type": "voucher", "series": cleaned["series"]},
    }
    return {
        "goal": _goal(cleaned),
        "gives": gives.get(cleaned["gives"]),
        "badge": cleaned["badge"],
        "most": cleaned["most"],
    }


def answers_of(definition: ChallengeDefinition) -> dict[str, Any]:
    """What the fields show for a definition."""
    goal, answers = definition.goal, {"badge": definition.badge, "most": definition.most, "gives": ""}
    match definition.gives:
        case GivesPoints(points=points):
            answers |= {"gives": "points", "points": points}
        case GivesVoucher(series=series):
            answers |= {"gives": "voucher", "series": series}
    match goal:
        case StampCard():
            answers |= {
                "goal": "stamp_card",
                "needed": goal.stamps,
                "per": goal.per,
                "amount": goal.amount_minor,
            }
        case Mission():
            answers |= {"goal": "mission", "needed": goal.times, "different_days": goal.on_different_days}
        case Streak():
            answers |= {"goal": "streak", "needed": goal.length, "unit": goal.unit}
        case Referral():
            friend = goal.friend_gives.points if isinstance(goal.friend_gives, GivesPoints) else None
            answers |= {"goal": "referral", "kept_days": goal.kept_days, "friend_points": friend}
            answers |= {"spends": goal.minimum_minor if goal.minimum_minor > 1 else None}
            return answers
    return answers | _answers_of_counted(goal.of)


def _goal(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    needed = cleaned["needed"]
    match cleaned["goal"]:
        case "stamp_card":
            per = "purchase" if cleaned["act"] else cleaned["per"]
            amount = cleaned["amount"] if per == "amount" else None
            goal = {"type": "stamp_card", "stamps": needed, "per": per, "amount_minor": amount}
        case "mission":
            goal = {"type": "mission", "times": needed, "on_different_days": cleaned["different_days"]}
        case "streak":
            goal = {"type": "streak", "length": needed, "unit": cleaned["unit"]}
        case _:
            friend = cleaned["friend_points"]
            return {
                "type": "referral",
                "minimum_minor": cleaned["spends"] or 1,
                "kept_days": cleaned["kept_days"] or 0,
                "friend_gives": {"type": "points", "points": friend} if friend else None,
            }
    return goal | {"of": _counted(cleaned)}


def _counted(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    if cleaned["act"]:
        return {"type": "acts", "act": cleaned["act"]}
    conditions: list[dict[str, Any]] = []
    if cleaned["places"]:
        conditions.append({"type": "place_is", "places": cleaned["places"]})
    if cleaned["spends"]:
        conditions.append({"type": "spends", "minimum_minor": cleaned["spends"]})
    if cleaned["weekdays"]:
        conditions.append({"type": "weekdays", "days": cleaned["weekdays"]})
    starts, ends = cleaned["hours_from"] or _MIDNIGHT, cleaned["hours_until"] or _MIDNIGHT
    if starts != ends:
        conditions.append({"type": "hours", "starts": starts.isoformat(), "ends": ends.isoformat()})
    return {"type": "purchases", "scope": {name: cleaned[name] for name in SCOPE}, "conditions": conditions}


def _answers_of_counted(of: Purchases | Acts) -> dict[str, Any]:
    if isinstance(of, Acts):
        return {"act": of.act}
    answers: dict[str, Any] = {name: getattr(of.scope, name) for name in SCOPE}
    for condition in of.conditions:
        match condition:
            case PlaceIs(places=places):
                answers["places"] = places
            case Spends(minimum_minor=minimum):
                answers["spends"] = minimum
            case Weekdays(days=days):
                answers["weekdays"] = days
            case Hours(starts=starts, ends=ends):
                answers |= {"hours_from": starts, "hours_until": None if ends == _MIDNIGHT else ends}
    return answers


def is_sayable(definition: ChallengeDefinition) -> bool:
    """Whether the form says all that a definition does, so that saving it loses nothing."""
    cleaned = _BLANK | answers_of(definition)
    return bool(msgspec.convert(definition_of(cleaned), ChallengeDefinition) == definition)


_BLANK: dict[str, Any] = {
    **dict.fromkeys(("needed", "amount", "spends", "kept_days", "friend_points", "points", "hours_from")),
    **dict.fromkeys(("hours_until", "most", "unit", "different_days")),
    **dict.fromkeys(("per", "act", "series", "badge"), ""),
    **{name: [] for name in (*SCOPE, "places", "weekdays")},
}
