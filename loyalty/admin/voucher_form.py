"""The form by which a marketer says a series of vouchers: plain fields in, a `VoucherDefinition` out."""

from typing import Any

import msgspec
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.urls import reverse
from unfold.widgets import UnfoldBooleanSwitchWidget

from config.staff.fields import NamesField
from loyalty.admin.rule_answers import Answers, answers_of_condition, conditions_of
from loyalty.admin.rule_fields import NAMES, SCOPE, WhoFields, in_currency, mark_rows
from loyalty.admin.voucher_fields import (
    FLAGS,
    NEEDED,
    VoucherDays,
    VoucherGives,
    VoucherLasts,
    VoucherStacks,
)
from loyalty.models import VoucherSeries
from loyalty.queries.vocabulary import Home, list_label_words, list_place_words, list_tier_words
from loyalty.rules.vouchers import (
    AmountOff,
    FreeShipping,
    GiftCard,
    Gives,
    PercentOff,
    ProductFor,
    VoucherDefinition,
)

_PARTS = (VoucherGives, WhoFields, VoucherDays, VoucherLasts, VoucherStacks)
OF_SERIES = {NON_FIELD_ERRORS}.union(*(part.base_fields for part in _PARTS))
"""The fields that say the series, beside its name and code."""


class SeriesForm(VoucherGives, WhoFields, VoucherDays, VoucherLasts, VoucherStacks, forms.ModelForm):
    """`home` is set by the page: the programme that the series belongs to. Moments are read in the page's zone."""

    home: Home

    is_goodwill = forms.BooleanField(
        label="Colleagues give it by hand",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Within the limit of their role: see Limits of goodwill.",
    )

    class Meta:
        model = VoucherSeries
        fields = ("name", "code", "is_goodwill")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.is_sayable = True
        if self.instance.pk:
            definition = msgspec.convert(self.instance.definition, VoucherDefinition)
            answers = answers_of_series(definition)
            said = {name: answers[name] for name in answers if name in self.fields}
            self.is_sayable = _said(definition_of_series(Answers(said))) == _said(definition)
            self.initial.update(said)
        self._offer_choices()

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        others = VoucherSeries.objects.filter(programme_id=self.home.id, code=code)
        if not self.instance.pk and others.exists():
            raise ValidationError("A series of this programme has this code. Open that one to change it.")
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, words in NEEDED.get(cleaned.get("gives", ""), {}).items():
            if cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, words)
        if not self.is_sayable:
            self.add_error(
                None, "This series says more than this form can show. Change it where it was made."
            )
        if not OF_SERIES & set(self.errors):
            try:
                cleaned["definition"] = definition_of_series(Answers(cleaned))
            except msgspec.ValidationError as fault:
                self.add_error(None, str(fault).partition(" - at `")[0])
        return cleaned

    def _offer_choices(self) -> None:
        in_currency(self.fields, self.home.currency)
        mark_rows(self.fields)
        for name, kind in NAMES.items():
            field = self.fields.get(name)
            if isinstance(field, NamesField):
                url = reverse("admin:loyalty_rule_suggest", args=[self.home.id, kind])
                field.suggest_from(url, self[name].value() or [])
        paid_by = self["paid_by"].value() or []
        choices = {
            "paid_by": [(kind, kind) for kind in paid_by],
            "tiers": [(word.code, word.name) for word in list_tier_words(self.home.id)],
            "places": [(word.code, f"{word.name} ({word.code})") for word in list_place_words(self.home.id)],
            "labels": [(word.code, word.name) for word in list_label_words(self.home.id)],
        }
        for name, words in choices.items():
            self.fields[name].choices = words  # type: ignore[attr-defined]  # a MultipleChoiceField of ours


def definition_of_series(answers: Answers) -> VoucherDefinition:
    """
    :raises ValidationError: of msgspec, where the fields say something that cannot be.
    """
    stacking = {
        "order": 100 if answers["order"] is None else answers["order"],
        "group": (answers["group"] or "").strip() or None,
        "most_minor": answers["together_minor"],
        "most_percent": answers["together_percent"],
        **dict.fromkeys(answers["flags"] or [], True),
    }
    data = {
        "gives": _gives_of(answers),
        "conditions": [condition for _, condition in conditions_of(answers)],
        "stacking": stacking,
        "uses": answers["uses"],
        "uses_per_member": answers["uses_per_member"],
        "uses_in_all": answers["uses_in_all"],
        "budget_minor": answers["budget"],
        "starts_at": answers["starts_at"],
        "ends_at": answers["ends_at"],
        "valid_days": answers["valid_days"],
        "is_kept_on_return": bool(answers["is_kept_on_return"]),
    }
    return msgspec.convert(data, VoucherDefinition)


def answers_of_series(definition: VoucherDefinition) -> dict[str, Any]:
    """What stands in the form's fields for a definition, where fields can say it."""
    stacking = definition.stacking
    answers = _answers_of_gives(definition.gives) | {
        "uses": definition.uses,
        "uses_per_member": definition.uses_per_member,
        "uses_in_all": definition.uses_in_all,
        "budget": definition.budget_minor,
        "starts_at": definition.starts_at,
        "ends_at": definition.ends_at,
        "valid_days": definition.valid_days,
        "is_kept_on_return": definition.is_kept_on_return,
        "order": stacking.order,
        "group": stacking.group or "",
        "together_minor": stacking.most_minor,
        "together_percent": stacking.most_percent,
        "flags": [name for name, _ in FLAGS if getattr(stacking, name)],
    }
    for condition in definition.conditions:
        answers |= answers_of_condition(condition)
    return answers


def _gives_of(answers: Answers) -> dict[str, Any]:
    kind = answers["gives"]
    scope = {name: answers[name] or [] for name in SCOPE}
    match kind:
        case "amount":
            return {"type": kind, "minor": answers["minor"], "scope": scope}
        case "percent":
            return {
                "type": kind,
                "percent": answers["percent"],
                "most_minor": answers["most"],
                "scope": scope,
            }
        case "product":
            each = {"pieces": answers["pieces"] or 1, "price_minor": answers["price"] or 0}
            return {"type": kind, "scope": scope} | each
        case "shipping":
            return {"type": kind, "most_minor": answers["most"]}
    return {"type": kind, "minor": answers["minor"]}


def _answers_of_gives(gives: Gives) -> dict[str, Any]:
    match gives:
        case AmountOff(minor=minor):
            said: dict[str, Any] = {"gives": "amount", "minor": minor}
        case PercentOff(percent=percent, most_minor=most):
            said = {"gives": "percent", "percent": percent, "most": most}
        case ProductFor(pieces=pieces, price_minor=price):
            said = {"gives": "product", "pieces": pieces, "price": price or None}
        case FreeShipping(most_minor=most):
            return {"gives": "shipping", "most": most}
        case GiftCard(minor=minor):
            return {"gives": "gift_card", "minor": minor}
    return said | {name: getattr(gives.scope, name) for name in SCOPE}


def _said(definition: VoucherDefinition) -> VoucherDefinition:
    """The same series, whichever order its conditions are told in."""
    return msgspec.structs.replace(definition, conditions=sorted(definition.conditions, key=repr))
