"""The form by which a colleague gives or takes points."""

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.staff.fields import WholeField
from loyalty.models import CorrectionReason

MOST = 10_000_000


class CorrectionForm(forms.Form):
    """How many points, and why. After `is_valid`: `ref` (one for each form), `points` (signed), `reason`, `note`."""

    ref = forms.RegexField(r"^cor_[0-9a-zA-Z]{26}$", widget=forms.HiddenInput)
    points = WholeField(
        label="Points", min_value=-MOST, max_value=MOST, help_text="Below 0 takes points: -200 takes 200."
    )
    reason = forms.ChoiceField(label="Why", choices=CorrectionReason.choices, widget=UnfoldAdminSelectWidget)
    note = forms.CharField(
        label="In your words",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="The member reads it among their points: say what happened, and name nobody.",
    )

    def clean_points(self) -> int:
        points: int = self.cleaned_data["points"]
        if points == 0:
            raise forms.ValidationError("Name how many points are given or taken.")
        return points
