"""What is asked before vouchers are issued, made in bulk, opened for everybody, or revoked."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from config.ground.ids import new_ref
from config.staff.fields import WholeField
from loyalty.rules.voucher_codes import LONGEST
from loyalty.services.code_batches import MOST
from members.queries.search import find_by_term


def _text(label: str, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=UnfoldAdminTextInputWidget(), **options)


class IssueForm(forms.Form):
    """Who gets it, and why."""

    member = _text("Member", help_text="Phone, e-mail, card, ref or full name.")
    note = _text("Why", max_length=60)
    ref = forms.CharField(widget=forms.HiddenInput(), initial=lambda: new_ref("isu"))

    def clean_member(self) -> Any:
        found = list(find_by_term(self.cleaned_data["member"]).filter(state="active")[:2])
        if len(found) != 1:
            raise ValidationError("Nobody goes by this." if not found else "Several go by this: say more.")
        return found[0]


class BulkForm(forms.Form):
    """How many codes."""

    count = WholeField(label="How many codes", min_value=1, max_value=MOST)


class PublicCodeForm(forms.Form):
    """The code, and how often all together may use it."""

    code = _text("Code", max_length=LONGEST, help_text="Such as WELCOME10. 0 and O, 1 and I count as alike.")
    max_uses = WholeField(
        label="Uses by all together", required=False, min_value=1, help_text="Empty: no limit."
    )


class ReasonForm(forms.Form):
    """Why it is taken back."""

    because = _text("Why", max_length=200)
