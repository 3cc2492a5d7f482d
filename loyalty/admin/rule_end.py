"""Ending a rule: the form that asks when."""

from datetime import datetime
from typing import Any

from django import forms

from config.staff.fields import MomentField


class EndForm(forms.Form):
    """The moment from which the rule gives nothing any more; empty for now."""

    at = MomentField(label="Ends", required=False, help_text="Empty: now.")

    class Media:
        css = {"all": ("loyalty/rules.css",)}

    def __init__(self, *args: Any, now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = now

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and at < self.now:
            raise forms.ValidationError("What was given stays given: choose a moment from now on.")
        return at

    def moment(self) -> datetime:
        """When it ends."""
        return self.cleaned_data["at"] or self.now
