"""Asking for a back-test: the days it looks at, and which rules are taken away."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSingleDateWidget

from loyalty.models import Rule
from loyalty.queries.vocabulary import Home

A_YEAR = timedelta(days=364)


class DaysForm(forms.Form):
    """The first and the last day, on the programme's calendar."""

    since_on = forms.DateField(label="First day", widget=UnfoldAdminSingleDateWidget)
    until_on = forms.DateField(label="Last day", widget=UnfoldAdminSingleDateWidget)

    def __init__(self, *args: Any, home: Home, now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.prefix = "past"
        last = now.astimezone(ZoneInfo(home.timezone)).date()
        self.initial = {"since_on": last - A_YEAR, "until_on": last, **self.initial}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since_on"), cleaned.get("until_on")
        if since and until and until < since:
            self.add_error("until_on", "It must not lie before the first day.")
        return cleaned

    @property
    def days(self) -> dict[str, date]:
        """As `ask_back_test` takes them; only asked of a form without errors."""
        return {"since_on": self.cleaned_data["since_on"], "until_on": self.cleaned_data["until_on"]}


class WithoutForm(DaysForm):
    """Which rules are taken away."""

    without = forms.MultipleChoiceField(
        label="Without these rules", widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    def __init__(self, *args: Any, home: Home, **more: Any) -> None:
        super().__init__(*args, home=home, **more)
        rules = Rule.objects.filter(programme_id=home.id).order_by("name").values_list("code", "name")
        self.fields["without"].choices = list(rules)  # type: ignore[attr-defined]  # a MultipleChoiceField
        self.order_fields(["without", "since_on", "until_on"])
