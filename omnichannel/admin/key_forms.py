"""What is asked when a key is made or rotated."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from config.ground import clock
from omnichannel.rules.scopes import SCOPES

STANDS_FOR = {
    "till": "Of one till: its store and programme follow from it.",
    "place": "Or of a whole store or web shop.",
    "programme": "Or of a whole programme. With none of the three it is of the whole house.",
}
"""What a key may stand for, from the most exact to the least, and in which words that is asked."""

OVERLAPS = {
    "0": "at once",
    "1": "in an hour",
    "24": "in a day",
    "168": "in a week",
    "720": "in thirty days",
}
"""Hours -> when the old key ends, in words."""


class MakeKeyForm(forms.Form):
    """The key of a till, of a store or web shop, of a programme, or (with none of them) of the whole house.

    :param stands: the fields by which till, place and programme are chosen.
    """

    name = forms.CharField(
        max_length=120,
        help_text="By which people know it, such as: Till 3 on Market Street.",
        widget=UnfoldAdminTextInputWidget,
    )
    scopes = forms.MultipleChoiceField(
        label="May",
        choices=[(scope, f"{scope}: {words}") for scope, words in SCOPES.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    ends_on = forms.DateField(
        label="Ends on",
        required=False,
        help_text="The last day on which it works. Empty: until it is rotated or revoked.",
        widget=UnfoldAdminSingleDateWidget,
    )

    def __init__(self, *args: Any, stands: dict[str, forms.Field], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= stands
        for name, words in STANDS_FOR.items():
            self.fields[name].help_text = words
        self.fields["place"].label = "Store"
        self.order_fields(["name", *STANDS_FOR, "scopes", "ends_on"])

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        named = [one for one in STANDS_FOR if told.get(one)]
        if len(named) > 1:
            self.add_error(named[1], f"Name the {named[0]} alone; the rest follows from it.")
        if "till" in (told.get("scopes") or []) and not (told.get("till") or told.get("place")):
            self.add_error("scopes", "Who sells at a till stands somewhere: name a till or a store.")
        if told.get("ends_on") and told["ends_on"] < clock.now().date():
            self.add_error("ends_on", "This day is over.")
        return told

    def wanted(self) -> dict[str, Any]:
        """What `make_key` takes."""
        told = self.cleaned_data
        stands = {f"{one}_id": told[one].pk if told[one] else None for one in STANDS_FOR}
        return {"name": told["name"], "scopes": told["scopes"], "expires_at": self._expires_at(), **stands}

    def _expires_at(self) -> datetime | None:
        """The end of the last day, where the key stands; by UTC if that is the whole house."""
        told = self.cleaned_data
        if told["ends_on"] is None:
            return None
        place = told["till"].place if told["till"] else told["place"]
        programme = place.programme if place else told["programme"]
        zone = ZoneInfo(programme.timezone if programme else "UTC")
        return datetime.combine(told["ends_on"] + timedelta(days=1), time(), tzinfo=zone)


class RotateKeyForm(forms.Form):
    """How long both keys work, so that no till stands still while its key is changed."""

    overlap_h = forms.ChoiceField(
        label="The old key ends", choices=list(OVERLAPS.items()), initial="24", widget=UnfoldAdminSelectWidget
    )

    def overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap_h"]))


class RevokeKeyForm(forms.Form):
    """Nothing to ask but whether it is meant."""
