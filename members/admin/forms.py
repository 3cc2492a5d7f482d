"""Forms by which staff enrol members and change what is known of them."""

from typing import Any

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from config.ground.refusals import Refusal
from members.models import Member
from members.queries.members import find_owners
from members.rules.consents import Channel, ConsentWord, Purpose
from members.rules.identities import IdentityClaim, claim
from members.rules.people import Person, person

KINDS = ("phone", "email", "card")
CONSENT_TEXT = "admin-form-1"
"""The version of the words beside the consent switches below; change it with them."""


class PersonForm(forms.ModelForm):
    """A person and the identities to go with them. After `is_valid`: `person` and `claims`."""

    phone = forms.CharField(
        required=False, max_length=64, widget=UnfoldAdminTextInputWidget(attrs={"dir": "ltr"})
    )
    email = forms.CharField(
        label="E-mail",
        required=False,
        max_length=254,
        widget=UnfoldAdminEmailInputWidget(attrs={"dir": "ltr"}),
    )
    card = forms.CharField(
        required=False, max_length=64, widget=UnfoldAdminTextInputWidget(attrs={"dir": "ltr"})
    )

    person: Person
    claims: list[IdentityClaim]

    class Meta:
        model = Member
        fields = Person.__struct_fields__

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        self.claims = [found for kind in KINDS if (found := self._claim(kind, told.get(kind) or ""))]
        self._read_person(told)
        return told

    def _claim(self, kind: str, text: str) -> IdentityClaim | None:
        try:
            return claim(kind, text, region=settings.DEFAULT_REGION) if text else None
        except Refusal as refusal:
            self.add_error(kind, refusal.detail)
            return None

    def _read_person(self, told: dict[str, Any]) -> None:
        fields = {name: told[name] for name in Person.__struct_fields__ if name in told}
        if "birth_date" in self.changed_data and fields.get("birth_date"):
            fields |= {"birth_month": None, "birth_day": None}
        try:
            self.person = person(**fields)
        except Refusal as refusal:
            field = (refusal.pointer or "").removeprefix("/")
            self.add_error(field if field in self.fields else None, refusal.detail)


class EnrolForm(PersonForm):
    """One of phone, e-mail and card is enough."""

    by_email = forms.BooleanField(
        label="News and offers by e-mail", required=False, widget=UnfoldBooleanSwitchWidget()
    )
    by_sms = forms.BooleanField(
        label="News and offers by SMS", required=False, widget=UnfoldBooleanSwitchWidget()
    )

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        if not self.claims and not self.errors:
            raise forms.ValidationError("Give a phone, an e-mail address or a card number.")
        owners = find_owners(self.claims)
        if len({owner for owner, _ in owners.values()}) > 1:
            for taken, (_, ref) in owners.items():
                self.add_error(taken.kind, f"This belongs to {ref}.")
        return told

    def consents(self) -> list[ConsentWord]:
        """What the member said yes to; what was not asked is left open."""
        said = {Channel.EMAIL: self.cleaned_data["by_email"], Channel.SMS: self.cleaned_data["by_sms"]}
        return [
            ConsentWord(channel=channel, purpose=Purpose.MARKETING, is_given=True, text_version=CONSENT_TEXT)
            for channel, is_given in said.items()
            if is_given
        ]


class ChangeForm(PersonForm):
    """The identities given here are added to those the member has."""

    new_card = forms.BooleanField(
        label="Give a new card number", required=False, widget=UnfoldBooleanSwitchWidget()
    )

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        for taken, (owner, ref) in find_owners(self.claims).items():
            if owner != self.instance.pk:
                self.add_error(taken.kind, f"This belongs to {ref}.")
        return told
