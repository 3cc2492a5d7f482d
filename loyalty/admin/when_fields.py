"""Fields of forms for days of the week and times of day, in the programme's time."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSingleTimeWidget

from loyalty.rules.condition_words import DAYS


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Any days of the week, none for all; cleans to numbers, 1 for Monday."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            coerce=int,
            choices=list(enumerate(DAYS, start=1)),
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            **options,
        )


class HourField(forms.TimeField):
    """A time of day that may be left out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=UnfoldAdminSingleTimeWidget, **options)
