"""The form by which a marketer says a challenge, without typing data: plain fields in, a `ChallengeDefinition` out."""

from typing import Any

import msgspec
from django import forms
from django.urls import reverse
from unfold.widgets import (
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from config.ground import clock
from config.staff.fields import AmountField, MomentField, NamesField, WholeField
from loyalty.admin.challenge_answers import SCOPE, answers_of, definition_of
from loyalty.admin.rule_fields import in_currency
from loyalty.admin.when_fields import HourField, WeekdaysField
from loyalty.models import Challenge, VoucherSeries
from loyalty.queries.vocabulary import Home, list_acts, list_place_words
from loyalty.rules.challenges import ChallengeDefinition

GOALS = [
    ("stamp_card", "A stamp card: so many stamps"),
    ("mission", "A mission: so many purchases or acts"),
    ("streak", "A streak: so many days, weeks or months in a row"),
    ("referral", "Friends who join by the member's code"),
]
PER = [("piece", "each piece"), ("purchase", "each purchase or act"), ("amount", "each full amount paid")]
UNITS = [("day", "days"), ("week", "weeks"), ("month", "months")]
GIVES = [("points", "Points"), ("voucher", "A voucher"), ("", "A badge alone")]

_NEEDED = {
    "stamp_card": {"needed": "Say how many stamps a card has."},
    "mission": {"needed": "Say how many times."},
    "streak": {"needed": "Say how many in a row."},
}


def _choice(label: str, choices: list[tuple[str, str]], help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, required=False, choices=choices, widget=UnfoldAdminSelectWidget, help_text=help_text
    )


class ChallengeForm(forms.ModelForm):
    """`home` is set by the page: the programme that the challenge belongs to. Moments are read in the page's zone."""

    home: Home

    goal = forms.ChoiceField(label="What it is", choices=GOALS, widget=UnfoldAdminSelectWidget)
    needed = WholeField(label="How many", required=False, min_value=1, max_value=1_000)
    per = _choice("A stamp for", PER)
    amount = AmountField(label="For each full", required=False)
    unit = _choice("In a row", UNITS)
    different_days = forms.BooleanField(
        label="On different days", required=False, widget=UnfoldBooleanSwitchWidget
    )
    act = _choice("Counts", [], "Purchases, or one kind of act.")
    categories = NamesField(label="Categories", help_text="Empty: all. Several fields: all of them must fit.")
    departments = NamesField(label="Departments")
    brands = NamesField(label="Brands")
    skus = NamesField(label="Products", help_text="Type a name or a SKU.")
    places = forms.MultipleChoiceField(
        label="Only in", required=False, widget=UnfoldAdminSelect2MultipleWidget
    )
    spends = AmountField(label="At least this much paid", required=False, help_text="By one purchase.")
    weekdays = WeekdaysField(label="Only on")
    hours_from = HourField(label="Only from")
    hours_until = HourField(label="until")
    kept_days = WholeField(
        label="Days to keep it",
        required=False,
        min_value=0,
        max_value=365,
        help_text="So many days after the purchase nothing may have come back. As long as goods can be returned.",
    )
    friend_points = WholeField(
        label="Points for the friend", required=False, min_value=1, max_value=1_000_000
    )
    gives = _choice("Gives", GIVES)
    points = WholeField(label="Points", required=False, min_value=1, max_value=1_000_000)
    series = _choice("Voucher", [])
    badge = forms.CharField(
        label="Badge",
        required=False,
        max_length=60,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kept for good.",
    )
    most = WholeField(
        label="At most so often", required=False, min_value=1, max_value=10_000, help_text="Empty: no limit."
    )
    live_from = MomentField(
        label="From", required=False, help_text="Empty: when it is started. The past counts too."
    )
    live_until = MomentField(label="Until", required=False, help_text="Empty: until you end it.")

    class Meta:
        model = Challenge
        fields = ("name", "code", "words")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = clock.now()
        if self.instance.pk:
            stored = msgspec.convert(self.instance.definition, ChallengeDefinition)
            days = {"live_from": self.instance.live_from, "live_until": self.instance.live_until}
            self.initial.update(answers_of(stored) | days)
        else:
            self.initial.update(most=1, kept_days=14, gives="points")
        self._offer_choices()

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        taken = Challenge.objects.filter(programme_id=self.home.id, code=code).exclude(pk=self.instance.pk)
        if taken.exists():
            raise forms.ValidationError("A challenge of this programme has this code.")
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        wanted = dict(_NEEDED.get(cleaned.get("goal", ""), {}))
        wanted |= {"points": "Say how many points."} if cleaned.get("gives") == "points" else {}
        wanted |= {"series": "Choose a series of vouchers."} if cleaned.get("gives") == "voucher" else {}
        wanted |= {"badge": "Name the badge."} if cleaned.get("gives") == "" else {}
        for name, words in wanted.items():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, words)
        if cleaned.get("live_until") and cleaned["live_until"] <= (cleaned.get("live_from") or self.now):
            self.add_error("live_until", "It ends after it starts.")
        if not self.errors:
            self._define(cleaned)
        return cleaned

    def _define(self, cleaned: dict[str, Any]) -> None:
        try:
            cleaned["definition"] = msgspec.convert(definition_of(cleaned), ChallengeDefinition)
        except msgspec.ValidationError as fault:
            self.add_error(None, str(fault).partition(" - at `")[0])

    def _offer_choices(self) -> None:
        in_currency(self.fields, self.home.currency)
        for name, kind in SCOPE.items():
            field = self.fields[name]
            if isinstance(field, NamesField):
                url = reverse("admin:loyalty_rule_suggest", args=[self.home.id, kind])
                field.suggest_from(url, self[name].value() or [])
        series = VoucherSeries.objects.filter(programme_id=self.home.id, revoked_at=None).order_by("name")
        choices = {
            "act": [("", "Purchases"), *((one.code, one.title) for one in list_acts(self.home.id))],
            "places": [(word.code, f"{word.name} ({word.code})") for word in list_place_words(self.home.id)],
            "series": [("", "Choose ..."), *series.values_list("code", "name")],
        }
        for name, words in choices.items():
            self.fields[name].choices = words  # type: ignore[attr-defined]  # a choice field of ours
