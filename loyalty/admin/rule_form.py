"""The form by which a marketer says a rule, without typing data: plain fields in, a `RuleDefinition` out."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleTimeWidget,
)

from config.ground import clock
from config.staff.fields import AmountField, MomentField, NamesField, TimesField, WholeField
from loyalty.admin.rule_answers import SCOPE, answers_of, definition_of, field_at
from loyalty.models import Rule, RuleVersion
from loyalty.queries.rule_drafts import find_open_draft
from loyalty.queries.vocabulary import Home, list_place_words, list_tier_words
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.drafts import Draft
from loyalty.rules.words import DAYS

EFFECTS = [
    ("multiplier", "Multiply the basic points (double, triple ...)"),
    ("fixed", "Give a fixed number of points"),
    ("per_step", "Give basic points for each full amount paid"),
]
_NEEDED = {
    "per_step": {"points": "Say how many points.", "step": "Say for each full amount of how much."},
    "multiplier": {"times": "Say how many times the basic points, e.g. 3."},
    "fixed": {"points": "Say how many points."},
}


class RuleForm(forms.ModelForm):
    """`home` is set by the page: the programme that the rule belongs to. Moments are read in the page's zone."""

    home: Home

    effect = forms.ChoiceField(
        label="What it does", choices=EFFECTS, initial="multiplier", widget=UnfoldAdminSelectWidget
    )
    points = WholeField(label="Points", required=False, min_value=1, max_value=1_000_000)
    step = AmountField(label="For each full", required=False, help_text="The rest of a step earns nothing.")
    times = TimesField(
        label="Times",
        required=False,
        max_value=Decimal(100),
        help_text="3 is triple points, 1.5 is half as many again. What comes on top of the basic points is awarded.",
    )
    minimum = AmountField(
        label="From this much paid", required=False, help_text="For what it counts on. Empty: from the first."
    )
    categories = NamesField(label="Categories", help_text="Empty: all. Several fields: all of them must fit.")
    departments = NamesField(label="Departments")
    brands = NamesField(label="Brands")
    skus = NamesField(label="Products", help_text="Type a name or a SKU.")
    tiers = forms.MultipleChoiceField(
        label="Only members on",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None: everybody.",
    )
    places = forms.MultipleChoiceField(
        label="Only in",
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text="Empty: everywhere.",
    )
    bought_from = MomentField(label="Bought from", required=False)
    bought_until = MomentField(
        label="Bought until", required=False, help_text="This moment no longer counts."
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="Only on",
        required=False,
        coerce=int,
        choices=list(enumerate(DAYS, start=1)),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None: every day.",
    )
    hour_from = forms.TimeField(label="Only from", required=False, widget=UnfoldAdminSingleTimeWidget)
    hour_until = forms.TimeField(
        label="until",
        required=False,
        widget=UnfoldAdminSingleTimeWidget,
        help_text="May cross midnight: 22:00 until 02:00.",
    )
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
        if self.last is not None:
            definition = msgspec.convert(self.last.definition, RuleDefinition)
            self.initial.update(answers_of(definition), live_until=self.last.live_until)
        written = find_open_draft(self.instance.pk) if self.instance.pk else None
        if written is not None:
            self.initial.update(
                answers_of(msgspec.convert(written.definition, RuleDefinition)),
                name=written.name,
                live_from=written.live_from,
                live_until=written.live_until,
            )
        self._offer_choices()

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
        for name, words in _NEEDED.get(cleaned.get("effect", ""), {}).items():
            if cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, words)
        self._check_pairs(cleaned)
        self._check_moments(cleaned)
        if not self.errors:
            self._define(cleaned)
        return cleaned

    def _check_pairs(self, cleaned: dict[str, Any]) -> None:
        for first, second in (("bought_from", "bought_until"), ("hour_from", "hour_until")):
            start, end = cleaned.get(first), cleaned.get(second)
            if (start is None) != (end is None) and not {first, second} & set(self.errors):
                self.add_error(second if end is None else first, "Say both the beginning and the end.")
            elif start is not None and start == end:
                self.add_error(second, "It must differ from the beginning.")
        start, end = cleaned.get("bought_from"), cleaned.get("bought_until")
        if start and end and end < start:
            self.add_error("bought_until", "It must end after it begins.")

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
        except msgspec.ValidationError as fault:
            words, _, path = str(fault).partition(" - at `")
            self.add_error(field_at(path, fields), words)

    def _offer_choices(self) -> None:
        for field in self.fields.values():
            if isinstance(field, AmountField):
                field.in_currency(self.home.currency)
        for name, kind in SCOPE.items():
            field = self.fields[name]
            chosen = self[name].value() or []
            url = reverse("admin:loyalty_rule_suggest", args=[self.home.id, kind])
            if isinstance(field, NamesField):
                field.suggest_from(url, chosen)
        tiers = [(word.code, word.name) for word in list_tier_words(self.home.id)]
        places = [(word.code, f"{word.name} ({word.code})") for word in list_place_words(self.home.id)]
        self.fields["tiers"].choices = tiers  # type: ignore[attr-defined]  # a MultipleChoiceField of ours
        self.fields["places"].choices = places  # type: ignore[attr-defined]  # so is this
