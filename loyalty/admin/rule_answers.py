"""Between the fields of the rule's form and the typed data that a rule is."""

import re
from datetime import time
from typing import Any

import msgspec

from loyalty.admin.rule_acts import act_of, answers_of_act
from loyalty.admin.rule_fields import BASIS, CAPS, SCOPE
from loyalty.admin.rule_recurrence import answers_of_rrule, rrule_of
from loyalty.rules.definition import (
    BestOf,
    Birthday,
    Buys,
    ChannelIs,
    Condition,
    Effect,
    FirstOf,
    FirstPurchase,
    FixedPoints,
    HasLabel,
    Hours,
    Multiplier,
    PaidBy,
    Period,
    PerItem,
    PerStep,
    PlaceIs,
    Proportional,
    Recurs,
    RuleDefinition,
    Scope,
    Spends,
    TierIs,
    Weekdays,
)

_FIELD_OF = {
    "points": "points",
    "step_minor": "step",
    "per_minor": "per",
    "percent": "times",
    "minimum_minor": "minimum",
    "group": "meets_group",
}
MIDNIGHT = time(0)


def definition_of(answers: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The definition in its stored form, and for each of its conditions the field that it came from."""
    conditions = conditions_of(answers)
    data = {
        "effect": _effect_of(answers),
        "conditions": [condition for _, condition in conditions],
        "basis": dict.fromkeys(answers["basis"], True),
        "caps": [
            {"per": per, unit: answers[name]}
            for name, (per, unit) in CAPS.items()
            if answers[name] is not None
        ],
        "when_short": answers["caps_short"] or "part",
        "meets": _meets_of(answers),
        **act_of(answers),
    }
    return data, [name for name, _ in conditions]


_Said = list[tuple[str, dict[str, Any]]]


def conditions_of(answers: dict[str, Any]) -> _Said:
    """The conditions in their stored form, each with the field that it came from."""
    return [*_who(answers), *_what(answers), *_when(answers)]


def _who(answers: dict[str, Any]) -> _Said:
    said: _Said = []
    if answers["tiers"]:
        said.append(("tiers", {"type": "tier_is", "tiers": answers["tiers"]}))
    if answers["labels"]:
        said.append(("labels", {"type": "has_label", "labels": answers["labels"]}))
    if answers["first_purchase"]:
        said.append(("first_purchase", {"type": "first_purchase"}))
    if answers["birthday"]:
        around = {
            "days_before": answers["birthday_before"] or 0,
            "days_after": answers["birthday_after"] or 0,
        }
        said.append(("birthday", {"type": "birthday", **around}))
    return said


def _what(answers: dict[str, Any]) -> _Said:
    said: _Said = []
    if answers["places"]:
        said.append(("places", {"type": "place_is", "places": answers["places"]}))
    if answers["channel"]:
        said.append(("channel", {"type": "channel_is", "channel": answers["channel"]}))
    if answers["paid_by"]:
        said.append(("paid_by", {"type": "paid_by", "kinds": answers["paid_by"]}))
    if answers["spends_minimum"]:
        spent = {"minimum_minor": answers["spends_minimum"], "scope": _scope_of(answers, "spends_")}
        said.append(("spends_minimum", {"type": "spends", **spent}))
    if answers["buys_pieces"]:
        bought = {"pieces": answers["buys_pieces"], "scope": _scope_of(answers, "buys_")}
        said.append(("buys_pieces", {"type": "buys", **bought}))
    return said


def _when(answers: dict[str, Any]) -> _Said:
    said: _Said = []
    if answers["bought_from"]:
        period = {"starts_at": answers["bought_from"], "ends_at": answers["bought_until"]}
        said.append(("bought_from", {"type": "period", **period}))
    if answers["weekdays"]:
        said.append(("weekdays", {"type": "weekdays", "days": answers["weekdays"]}))
    if answers["hours_from"] is not None or answers["hours_until"] is not None:
        hours = {"starts": answers["hours_from"] or MIDNIGHT, "ends": answers["hours_until"] or MIDNIGHT}
        said.append(("hours_from", {"type": "hours", **hours}))
    if answers["recurs_pattern"]:
        recurrence = {
            "rrule": rrule_of(answers),
            "first_on": answers["recurs_first_on"],
            "starts": answers["recurs_from"] or MIDNIGHT,
            "ends": answers["recurs_until"] or MIDNIGHT,
        }
        said.append(("recurs_pattern", {"type": "recurs", **recurrence}))
    return said


def _scope_of(answers: dict[str, Any], prefix: str = "") -> dict[str, list[str]]:
    return {name: answers[f"{prefix}{name}"] for name in SCOPE}


def _meets_of(answers: dict[str, Any]) -> dict[str, Any] | None:
    if not answers["meets"]:
        return None
    meets = {"type": answers["meets"], "group": (answers["meets_group"] or "").strip()}
    return meets | {"priority": answers["meets_priority"] or 0} if answers["meets"] == "first_of" else meets


def _effect_of(answers: dict[str, Any]) -> dict[str, Any]:
    kind = "fixed" if answers["act_type"] else answers["effect"]
    scope = _scope_of(answers) | {f"except_{name}": answers[f"except_{name}"] for name in SCOPE}
    effect = {"type": kind, "scope": scope}
    if kind == "multiplier":
        return effect | {"percent": answers["times"]}
    effect["points"] = answers["points"]
    match kind:
        case "per_step":
            return effect | {"step_minor": answers["step"]}
        case "proportional":
            return effect | {"per_minor": answers["per"], "rounding": answers["rounding"] or "down"}
        case "fixed":
            return effect | {"minimum_minor": answers["minimum"] or 0}
    return effect


def answers_of(definition: RuleDefinition) -> dict[str, Any]:
    """What stands in the form's fields for a definition; the inverse of `definition_of`, where fields can say it."""
    answers = _answers_of_effect(definition.effect) | answers_of_act(definition)
    answers["basis"] = [name for name, _ in BASIS if getattr(definition.basis, name)]
    scope = definition.effect.scope
    answers |= {name: getattr(scope, name) for kind in SCOPE for name in (kind, f"except_{kind}")}
    field_of = {capped: name for name, capped in CAPS.items()}
    for cap in definition.caps:
        unit = next(unit for unit in ("points", "minor", "times") if isinstance(getattr(cap, unit), int))
        if name := field_of.get((cap.per, unit)):
            answers[name] = getattr(cap, unit)
    if definition.caps:
        answers["caps_short"] = definition.when_short
    match definition.meets:
        case BestOf(group=group):
            answers |= {"meets": "best_of", "meets_group": group}
        case FirstOf(group=group, priority=priority):
            answers |= {"meets": "first_of", "meets_group": group, "meets_priority": priority}
    for condition in definition.conditions:
        answers |= answers_of_condition(condition)
    return answers


def is_sayable(definition: RuleDefinition) -> bool:
    """Whether the form's fields can say all of it: two conditions of one kind, for one, they cannot."""
    data, _ = definition_of(Answers(answers_of(definition)))
    said = msgspec.convert(data, RuleDefinition)
    return _unordered(said) == _unordered(definition)


def _unordered(definition: RuleDefinition) -> RuleDefinition:
    """The same rule, whichever order its conditions and caps are told in."""
    return msgspec.structs.replace(
        definition,
        conditions=sorted(definition.conditions, key=repr),
        caps=sorted(definition.caps, key=repr),
    )


class Answers(dict[str, Any]):
    """What stands in fields; those that nobody filled are empty."""

    def __missing__(self, name: str) -> list[str] | None:
        return [] if name == "basis" or name.rpartition("_")[2] in SCOPE else None


def _answers_of_effect(effect: Effect) -> dict[str, Any]:
    match effect:
        case PerStep(points=points, step_minor=step):
            return {"effect": "per_step", "points": points, "step": step}
        case Proportional(points=points, per_minor=per, rounding=rounding):
            return {"effect": "proportional", "points": points, "per": per, "rounding": rounding}
        case Multiplier(percent=percent):
            return {"effect": "multiplier", "times": percent}
        case FixedPoints(points=points, minimum_minor=minimum):
            return {"effect": "fixed", "points": points, "minimum": minimum or None}
        case PerItem(points=points):
            return {"effect": "per_item", "points": points}


def answers_of_condition(condition: Condition) -> dict[str, Any]:  # noqa: C901, PLR0911, PLR0912 - an arm for each kind
    """What stands in the form's fields for a condition."""
    match condition:
        case TierIs(tiers=tiers):
            return {"tiers": tiers}
        case HasLabel(labels=labels):
            return {"labels": labels}
        case FirstPurchase():
            return {"first_purchase": True}
        case Birthday(days_before=before, days_after=after):
            return {"birthday": True, "birthday_before": before or None, "birthday_after": after or None}
        case PlaceIs(places=places):
            return {"places": places}
        case ChannelIs(channel=channel):
            return {"channel": channel}
        case PaidBy(kinds=kinds):
            return {"paid_by": kinds}
        case Spends(minimum_minor=minimum, scope=scope):
            return {"spends_minimum": minimum, **_answers_of_scope(scope, "spends_")}
        case Buys(pieces=pieces, scope=scope):
            return {"buys_pieces": pieces, **_answers_of_scope(scope, "buys_")}
        case Period(starts_at=starts_at, ends_at=ends_at):
            return {"bought_from": starts_at, "bought_until": ends_at}
        case Weekdays(days=days):
            return {"weekdays": days}
        case Hours(starts=starts, ends=ends):
            return {"hours_from": starts, "hours_until": ends}
        case Recurs(rrule=rrule, first_on=first_on, starts=starts, ends=ends):
            hours = {"recurs_from": starts, "recurs_until": ends} if starts != ends else {}
            return {"recurs_first_on": first_on, **answers_of_rrule(rrule), **hours}


def _answers_of_scope(scope: Scope, prefix: str) -> dict[str, Any]:
    return {f"{prefix}{name}": getattr(scope, name) for name in SCOPE}


def field_at(path: str, fields: list[str]) -> str | None:
    """The form's field behind a path such as `$.effect.points` or `$.conditions[0].days`."""
    if found := re.match(r"\$\.conditions\[(\d+)\]", path):
        return fields[int(found[1])]
    last = path.rstrip("`").rpartition(".")[2]
    return _FIELD_OF.get(last, last if last.removeprefix("except_") in SCOPE else None)
