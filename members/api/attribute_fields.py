"""Form fields of attributes, for colleagues and for members: declared as data, asked as boxes, lists and ticks."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from members.rules.attributes import (
    DIGITS_BEHIND_THE_POINT,
    LARGEST_NUMBER,
    LONGEST_TEXT,
    Attribute,
    Value,
    words_in,
)

_NOT_SAID = ("", gettext_lazy("not said"))
_YES_NO = [_NOT_SAID, ("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))]


def field_for(asked: Attribute, said: Value | None, widget: type[forms.Widget]) -> forms.Field:
    """The field that asks for an attribute, with what was said; nothing has to be said."""
    told: dict[str, Any] = {"label": asked.label, "help_text": asked.why, "required": False, "widget": widget}
    choices = [(one.value, one.label) for one in asked.choices]
    # What was chosen when it was still offered may stay.
    choices += [(str(one), str(one)) for one in words_in(said) - set(asked.allowed) if one is not None]
    match asked.kind:
        case "number":
            field: forms.Field = forms.DecimalField(
                min_value=-LARGEST_NUMBER,
                max_value=LARGEST_NUMBER,
                decimal_places=DIGITS_BEHIND_THE_POINT,
                **told,
            )
        case "date":
            field = forms.DateField(input_formats=["%Y-%m-%d"], **told)
        case "yes_no":
            field = forms.ChoiceField(choices=_YES_NO, **told)
        case "one_of":
            field = forms.ChoiceField(choices=[_NOT_SAID, *choices], **told)
        case "many_of":
            field = forms.MultipleChoiceField(choices=choices, **told)
        case _:
            field = forms.CharField(max_length=LONGEST_TEXT, **told)
    field.initial = {True: "yes", False: "no"}[said] if isinstance(said, bool) else said
    return field


def fields_said(asked: Iterable[Attribute], form: forms.Form, prefix: str = "") -> dict[str, Value | None]:
    """What a valid form says: code -> value as the service takes it, None for nothing."""
    return {one.code: _value(one, form.cleaned_data[prefix + one.code]) for one in asked}


def _value(asked: Attribute, cleaned: Any) -> Value | None:
    if cleaned in (None, "", []):
        return None
    match asked.kind:
        case "number":
            return int(cleaned) if cleaned == int(cleaned) else float(cleaned)
        case "date":
            return str(cleaned.isoformat())
        case "yes_no":
            return bool(cleaned == "yes")
    return cleaned  # type: ignore[no-any-return]  # a text, or a list of texts
