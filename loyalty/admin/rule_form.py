"""The form by which a marketer says a rule, without typing data: plain fields in, a `RuleDefinition` out."""

from datetime import datetime
from typing import Any

import msgspec
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.urls import reverse

from config.ground import clock
from config.staff.fields import MomentField, NamesField
from loyalty.admin.rule_acts import ActFields
from loyalty.admin.rule_answers import MIDNIGHT, answers_of, definition_of, field_at, is_sayable
from loyalty.admin.rule_fields import (
    NAMES,
    GivesFields,
    MostFields,
    WhenFields,
    WhoFields,
    in_currency,
    mark_rows,
)
from loyalty.errors import RuleNotValid
from loyalty.models import Rule, RuleVersion
from loyalty.queries.rule_drafts import find_open_draft
from loyalty.queries.vocabulary import Home, list_acts, list_label_words, list_place_words, list_tier_words
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.drafts import Draft
from loyalty.rules.stored_rules import read_stored
from loyalty.services.rules import ensure_times_hold

_NEEDED = {
    "per_step": {"points": "Say how many points.", "step": "Say for each full amount of how much."},
    "proportional": {"points": "Say how many points.", "per": "Say for each amount of how much."},
    "multiplier": {"times": "Say how many times the basic points, e.g. 3."},
    "fixed": {"points": "Say how many points."},
    "per_item": {"points": "Say how many points."},
}
_OF_PATTERN = {"day": ("recurs_number",), "weeks": ("recurs_number",), "rrule": ("recurs_rrule",)}


class RuleForm(ActFields, GivesFields, WhoFields, WhenFields, MostFields, forms.ModelForm):
    """`home` is set by the page: the programme that the rule belongs to. Moments are read in the page's zone."""

    home: Home

    live_from = MomentField(
        label="Takes effect",
        required=False,
        help_text="Empty: at once. The version before it ends then.",
    )
    live_until = MomentField(label="Ends", required=False, help_text="Empty: until you end it.")

    class Meta:
        model = Rule
        fields = ("name", "code")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = clock.now()
        self.last: RuleVersion | None = None
        if self.instance.pk:
            self.last = self.instance.versions.order_by("-version").first()
        written = find_open_draft(self.instance.pk) if self.instance.pk else None
        stored = written or self.last
        self.is_sayable = True
        if stored is not None:
            definition = read_stored(stored.definition)
            self.initial.update(live_until=stored.live_until)
            if isinstance(definition, RuleDefinition):
                self.is_sayable = is_sayable(definition)
                self.initial.update(answers_of(definition))
        if written is not None:
            self.initial.update(name=written.name, live_from=written.live_from)
        self._offer_choices()

    @property
    def of_rule(self) -> set[str]:
        """The fields that say the rule, beside its name and when it is live."""
        parts = (ActFields, GivesFields, WhoFields, WhenFields, MostFields)
        return {NON_FIELD_ERRORS}.union(*(part.base_fields for part in parts))

    @property
    def is_preview(self) -> bool:
        """Whether a button was pressed that only tries the rule."""
        return bool({"_preview", "_last", "_back_test"} & set(self.data))

    def is_valid(self) -> bool:
        """A rule that is only tried is never saved: the page shows it again."""
        return super().is_valid() and not self.is_preview

    def draft(self) -> Draft:
        """What would be published. Only asked of a form without errors."""
        cleaned = self.cleaned_data
        return Draft(
            code=cleaned.get("code") or self.instance.code,
            name=cleaned["name"],
            definition=cleaned["definition"],
            live_from=cleaned["live_from"] or self.now,
            live_until=cleaned["live_until"],
        )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not self.instance.pk and Rule.objects.filter(programme_id=self.home.id, code=code).exists():
            raise ValidationError("A rule of this programme has this code. Open that one to change it.")
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.check_act(cleaned, self.acts)
        needed = dict(_NEEDED.get("fixed" if cleaned.get("act_type") else cleaned.get("effect", ""), {}))
        if cleaned.get("meets"):
            needed["meets_group"] = "Name the group that the rules meet in."
        for name, words in needed.items():
            if cleaned.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, words)
        self._check_pairs(cleaned)
        self._check_recurrence(cleaned)
        self._check_moments(cleaned)
        if not self.is_sayable:
            self.add_error(None, "This rule says more than this form can show. Change it where it was made.")
        if not self.of_rule & set(self.errors):
            self._define(cleaned)
        return cleaned

    def _check_pairs(self, cleaned: dict[str, Any]) -> None:
        start, end = cleaned.get("bought_from"), cleaned.get("bought_until")
        if (start is None) != (end is None) and not {"bought_from", "bought_until"} & set(self.errors):
            self.add_error(
                "bought_until" if end is None else "bought_from", "Say both the beginning and the end."
            )
        elif start and end and end <= start:
            self.add_error("bought_until", "It must end after it begins.")
        opens, closes = cleaned.get("hours_from"), cleaned.get("hours_until")
        if (opens is not None or closes is not None) and (opens or MIDNIGHT) == (closes or MIDNIGHT):
            self.add_error("hours_until", "It must differ from the beginning.")

    def _check_recurrence(self, cleaned: dict[str, Any]) -> None:
        pattern = cleaned.get("recurs_pattern")
        if not pattern:
            return
        for name in ("recurs_first_on", *_OF_PATTERN.get(pattern, ())):
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, "This is needed for days that recur.")

    def _check_moments(self, cleaned: dict[str, Any]) -> None:
        """What was live stays as it was, so a version starts now or later, and not before one that waits."""
        start: datetime | None = cleaned.get("live_from")
        end: datetime | None = cleaned.get("live_until")
        if start is not None and start < self.now:
            self.add_error("live_from", "This moment has passed. Leave it empty to start at once.")
        elif end is not None and end <= (start or self.now):
            self.add_error("live_until", "It must end after it takes effect.")
        is_waiting = (
            self.last is not None
            and self.last.live_from > (start or self.now)
            and self.last.live_until != self.last.live_from
        )
        if is_waiting and self.last is not None and "live_from" not in self.errors:
            self.add_error(
                "live_from",
                f"Version {self.last.version} is to take effect later. End it first, or start after it.",
            )

    def _define(self, cleaned: dict[str, Any]) -> None:
        data, fields = definition_of(cleaned)
        try:
            cleaned["definition"] = msgspec.convert(data, RuleDefinition)
            if self.instance.pk:
                ensure_times_hold(self.instance, cleaned["definition"])
        except RuleNotValid as refusal:
            self.add_error("points", refusal.detail)
        except msgspec.ValidationError as fault:
            words, _, path = str(fault).partition(" - at `")
            self.add_error(field_at(path, fields), words)

    def _offer_choices(self) -> None:
        self.acts = list_acts(self.home.id)
        self.offer_acts(self.acts)
        in_currency(self.fields, self.home.currency)
        mark_rows(self.fields)
        for name, kind in NAMES.items():
            field, chosen = self.fields[name], self[name].value() or []
            url = reverse("admin:loyalty_rule_suggest", args=[self.home.id, kind])
            if isinstance(field, NamesField):
                field.suggest_from(url, chosen)
        paid_by = self["paid_by"].value() or []
        self.fields["paid_by"].choices = [(kind, kind) for kind in paid_by]  # type: ignore[attr-defined]  # ours
        choices = {
            "tiers": [(word.code, word.name) for word in list_tier_words(self.home.id)],
            "places": [(word.code, f"{word.name} ({word.code})") for word in list_place_words(self.home.id)],
            "labels": [(word.code, word.name) for word in list_label_words(self.home.id)],
        }
        for name, words in choices.items():
            self.fields[name].choices = words  # type: ignore[attr-defined]  # a MultipleChoiceField of ours
