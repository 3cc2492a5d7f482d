"""The fields by which a rule says that it is about acts, and the typed data behind them."""

from typing import Any

import msgspec
from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from config.staff.fields import NamesField, WholeField
from loyalty.rules.definition import ForAct, PropertyFrom, PropertyIs, RuleDefinition
from loyalty.rules.for_acts import fault_in_act
from omnichannel.rules.behaviour import EventType

ONCE = [
    ("act", "Each time"),
    ("member", "Once for each member"),
    ("member_day", "Once a day for each member"),
    ("value", "Once for each member and value of a property"),
]


def _property(label: str, help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, help_text=help_text, widget=UnfoldAdminSelectWidget)


class ActFields(forms.Form):
    """For what the rule gives: a purchase, or an act with what its properties say."""

    act_type = forms.ChoiceField(
        label="Given for",
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="A purchase, or something that members do beside buying.",
    )
    act_once = forms.ChoiceField(
        label="It counts", required=False, choices=ONCE, widget=UnfoldAdminSelectWidget
    )
    act_of = _property("The property", "Each value of it counts once, e.g. each product.")
    act_where = _property("Only where")
    act_values = NamesField(label="is", help_text="Type a value and press Enter; yes or no for a switch.")
    act_number = _property("Only where the number")
    act_from = WholeField(label="is at least", required=False, min_value=-(10**15), max_value=10**15)

    def offer_acts(self, types: list[EventType]) -> None:
        """The types to choose from, and the properties that any of them has."""
        names = sorted({(one.name, one.kind) for kind in types for one in kind.properties})
        any_of = [(name, name) for name in dict.fromkeys(name for name, _ in names)]
        numbers = [(name, name) for name, kind in names if kind == "number"]
        for field, choices in {
            "act_type": [("", "A purchase"), *((one.code, one.title) for one in types)],
            "act_of": [("", "choose"), *any_of],
            "act_where": [("", "any"), *any_of],
            "act_number": [("", "any"), *numbers],
        }.items():
            self.fields[field].choices = choices  # type: ignore[attr-defined]  # a ChoiceField of ours
        values = self["act_values"].value() or []
        self.fields["act_values"].choices = [(value, value) for value in values]  # type: ignore[attr-defined]  # ours

    def check_act(self, cleaned: dict[str, Any], types: list[EventType]) -> None:
        """What belongs together is said together, and an act can be what is asked for."""
        if cleaned.get("act_once") == "value" and not cleaned.get("act_of"):
            self.add_error("act_of", "Choose the property of which each value counts once.")
        for first, second in (("act_where", "act_values"), ("act_number", "act_from")):
            is_said = cleaned.get(second) not in (None, "", [])
            if bool(cleaned.get(first)) != is_said and not {first, second} & set(self.errors):
                self.add_error(second if cleaned.get(first) else first, "Say both, or none of them.")
        if not cleaned.get("act_type") or set(self.errors) & set(ActFields.base_fields):
            return
        act = msgspec.convert(act_of(cleaned)["act"], ForAct)
        if fault := fault_in_act(act, {kind.code: kind for kind in types}):
            at_number = fault.pointer == f"/where/{len(act.where) - 1}" and cleaned.get("act_number")
            field = {"/type": "act_type", "/of": "act_of"}.get(fault.pointer)
            self.add_error(field or ("act_from" if at_number else "act_values"), fault.detail)


def act_of(answers: dict[str, Any]) -> dict[str, Any]:
    """The act in its stored form, as a part of the definition; nothing for a purchase."""
    if not answers["act_type"]:
        return {}
    where = []
    if answers["act_where"]:
        where.append(
            {"type": "property_is", "property": answers["act_where"], "values": answers["act_values"]}
        )
    if answers["act_number"]:
        where.append(
            {"type": "property_from", "property": answers["act_number"], "at_least": answers["act_from"]}
        )
    once = answers["act_once"] or "act"
    act = {"type": answers["act_type"], "once_per": once, "where": where}
    return {"act": act | ({"of": answers["act_of"]} if once == "value" else {})}


def answers_of_act(definition: RuleDefinition) -> dict[str, Any]:
    """What stands in the fields; the inverse of `act_of`, where fields can say it."""
    act = definition.act
    if not isinstance(act, ForAct):
        return {}
    answers: dict[str, Any] = {"act_type": act.type, "act_once": act.once_per, "act_of": act.of or ""}
    for asked in act.where:
        match asked:
            case PropertyIs(property=name, values=values):
                answers |= {"act_where": name, "act_values": values}
            case PropertyFrom(property=name, at_least=least):
                answers |= {"act_number": name, "act_from": least}
    return answers
