"""Moving a phone, an address or a card from another member to this one."""

from typing import Any

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.ground.refusals import Refusal
from members.queries.members import find_owners
from members.rules.identities import IdentityClaim, IdentityKind, MoveEvidence, claim

KINDS = [
    (IdentityKind.PHONE.value, "Phone"),
    (IdentityKind.EMAIL.value, "E-mail"),
    (IdentityKind.CARD.value, "Card"),
    (IdentityKind.EXTERNAL.value, "Id in another system (source:id)"),
]
EVIDENCE = [
    (MoveEvidence.CARD_SHOWN.value, "They showed the card"),
    (MoveEvidence.CODE_TOLD.value, "They told a code that was sent to it"),
    (MoveEvidence.DOCUMENT_SEEN.value, "A document was seen"),
    (MoveEvidence.HOLDER_AGREED.value, "Who had it so far agreed"),
    (MoveEvidence.IN_WRITING.value, "In writing"),
]


class TakeOverForm(forms.Form):
    """After `is_valid`: `claim`, `holder_id` and `evidence_of_move`."""

    kind = forms.ChoiceField(label="What", choices=KINDS, widget=UnfoldAdminSelectWidget)
    value = forms.CharField(
        label="Which", max_length=254, widget=UnfoldAdminTextInputWidget(attrs={"dir": "ltr"})
    )
    evidence = forms.ChoiceField(
        label="What shows that it is theirs", choices=EVIDENCE, widget=UnfoldAdminSelectWidget
    )
    claim: IdentityClaim
    holder_id: int

    def __init__(self, *args: Any, member_id: int, **more: Any) -> None:
        super().__init__(*args, **more)
        self.member_id = member_id

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if self.errors:
            return told
        try:
            self.claim = claim(told["kind"], told["value"], region=settings.DEFAULT_REGION)
        except Refusal as refusal:
            self.add_error("value", refusal.detail)
            return told
        self.holder_id, _ = find_owners([self.claim]).get(self.claim, (0, ""))
        if self.holder_id == 0:
            self.add_error("value", "Nobody goes by this; add it on the member's page.")
        elif self.holder_id == self.member_id:
            self.add_error("value", "This member goes by it already.")
        return told

    @property
    def evidence_of_move(self) -> MoveEvidence:
        return MoveEvidence(self.cleaned_data["evidence"])
