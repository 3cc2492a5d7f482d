"""The field in which a segment's conditions are put together row by row."""

import json
from typing import Any

import msgspec
from django import forms

from campaigns.queries import vocabulary
from campaigns.rules.segments import Condition
from config.ground import typed
from config.ground.refusals import InvalidInput

CHANNELS = ("email", "inbox", "sms", "push", "chat", "mail", "phone")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip

QUESTIONS: list[dict[str, Any]] = [
    {"type": "tier_is", "label": "Tier is", "fields": [{"name": "tiers", "kind": "words", "list": "tiers"}]},
    {
        "type": "bought_within",
        "label": "Bought within the last",
        "fields": [{"name": "days", "kind": "days"}],
    },
    {
        "type": "not_bought_within",
        "label": "Bought before, but not within the last",
        "fields": [{"name": "days", "kind": "days"}],
    },
    {
        "type": "favourite_category_is",
        "label": "Favourite category is",
        "fields": [{"name": "categories", "kind": "words", "list": "categories"}],
    },
    {
        "type": "favourite_department_is",
        "label": "Favourite department is",
        "fields": [{"name": "departments", "kind": "words", "list": "departments"}],
    },
    {"type": "birthday_this_month", "label": "Has a birthday this month", "fields": []},
    {"type": "birthday_in", "label": "Has a birthday in", "fields": [{"name": "months", "kind": "months"}]},
    {
        "type": "spent_at_least",
        "label": "Spent at least",
        "fields": [{"name": "amount_minor", "kind": "money"}, {"name": "days", "kind": "days"}],
    },
    {
        "type": "purchases_at_least",
        "label": "Number of purchases at least",
        "fields": [{"name": "count", "kind": "number"}, {"name": "days", "kind": "days"}],
    },
    {
        "type": "consents_to",
        "label": "Agreed to marketing by",
        "fields": [{"name": "channel", "kind": "choice", "choices": CHANNELS}],
    },
    {
        "type": "answered",
        "label": "Answered what we ask with",
        "fields": [{"name": "answers", "kind": "words", "list": "answers"}],
    },
]
"""How each question is asked in the form; `test_every_question_has_its_row` holds it to the rules."""


class ConditionsWidget(forms.Textarea):
    """Rows that a script draws from the tree and writes back into it; without the script the tree itself is edited."""

    template_name = "campaigns/conditions.html"

    class Media:
        js = ("campaigns/segment.js",)
        css = {"all": ("campaigns/campaigns.css",)}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["questions"] = {
            "questions": QUESTIONS,
            "months": MONTHS,
            "programmes": vocabulary.list_programme_decimals(),
        }
        context["words"] = vocabulary.list_words()
        return context


class ConditionsField(forms.CharField):
    """A segment's tree. Cleans to the typed tree."""

    widget = ConditionsWidget

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else json.dumps(value, indent=2)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return typed.load(Condition, msgspec.json.decode(text))
        except msgspec.DecodeError as broken:
            raise forms.ValidationError("The conditions are not JSON.") from broken
        except InvalidInput as refused:
            problems = refused.facts.get("errors") or [{"pointer": "", "detail": refused.detail}]
            raise forms.ValidationError(
                [f"Condition {_row_of(problem['pointer'])}: {problem['detail']}" for problem in problems]
            ) from refused


def _row_of(pointer: str) -> str:
    """Which row a pointer such as `/of/2/tiers` means, counted from 1."""
    number = next((part for part in pointer.split("/") if part.isdigit()), "0")
    return str(int(number) + 1)
