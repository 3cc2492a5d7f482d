"""Writing down what a member said about being written to, with the evidence of how they said it."""

from datetime import datetime
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.staff.fields import MomentField
from members.rules.consents import Channel, ConsentWord, Purpose

SOURCES = [
    ("till", "In a store"),
    ("phone", "On the phone"),
    ("letter", "In writing, on paper"),
    ("email", "By e-mail"),
]
"""Source of the evidence -> how it is called here."""

SAID = [("given", "Yes, we may"), ("withdrawn", "No, we may not")]


class ConsentForm(forms.Form):
    """One word of a member: yes or no for one channel and purpose. After `is_valid`: `word`, `source`, `said_at`."""

    said = forms.ChoiceField(label="What they said", choices=SAID, widget=UnfoldAdminSelectWidget)
    channel = forms.ChoiceField(
        label="By", choices=[(one.value, one.value) for one in Channel], widget=UnfoldAdminSelectWidget
    )
    purpose = forms.ChoiceField(
        label="About", choices=[(one.value, one.value) for one in Purpose], widget=UnfoldAdminSelectWidget
    )
    source = forms.ChoiceField(label="How they said it", choices=SOURCES, widget=UnfoldAdminSelectWidget)
    text_version = forms.CharField(
        label="To which words",
        required=False,
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
        help_text="The form or text they agreed to, such as: paper form 2026-01. A yes is nothing without it.",
    )
    at = MomentField(
        label="When",
        required=False,
        help_text="Empty: now. What was said before the word that holds is kept, and changes nothing.",
    )

    def __init__(self, *args: Any, now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = now

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and at > self.now:
            raise forms.ValidationError("Nobody has said this yet: choose a moment up to now.")
        return at

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if told.get("said") == "given" and not told.get("text_version") and not self.errors:
            self.add_error("text_version", "Say to which words they said yes.")
        return told

    @property
    def word(self) -> ConsentWord:
        told = self.cleaned_data
        return ConsentWord(
            channel=Channel(told["channel"]),
            purpose=Purpose(told["purpose"]),
            is_given=told["said"] == "given",
            text_version=told["text_version"],
        )

    def words(self) -> str:
        """In one line, as the log keeps it: `withdrawn, marketing by email (phone)`."""
        told = self.cleaned_data
        return f"{told['said']}, {told['purpose']} by {told['channel']} ({told['source']})"

    @property
    def said_at(self) -> datetime:
        return self.cleaned_data["at"] or self.now
