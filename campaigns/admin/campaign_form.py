"""A campaign as a form: plain fields on one side, the typed plan on the other."""

from typing import Any

from django import forms
from django.forms import ModelForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminSingleTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from campaigns.models import Campaign
from campaigns.queries import campaigns
from campaigns.rules.content import NAMES
from campaigns.rules.plans import DEFAULT_BODY, DEFAULT_SUBJECT, Plan
from campaigns.services.campaigns import rehearse
from config.ground import typed
from config.ground.refusals import Refusal

OFFERS = [
    ("favourite_category_points", "More points on each member's own favourite category"),
    ("category_points", "More points on one category, the same for all"),
    ("extra_points", "A fixed number of points on a purchase"),
]
TIMES = [("once", "Once, on a day"), ("daily", "Every day"), ("weekly", "Every week")]
WEEKDAYS = [(1, "Monday"), (2, "Tuesday"), (3, "Wednesday"), (4, "Thursday"), (5, "Friday"), (6, "Saturday"),
            (7, "Sunday")]  # fmt: skip
_FIELD_OF = {
    "offer": "offer_kind",
    "percent": "percent",
    "except_categories": "except_categories",
    "category": "category",
    "points": "points",
    "minimum_minor": "minimum_minor",
    "schedule": "schedule_kind",
    "weekday": "weekday",
    "at": "at",
}
_ALLOWED = "Names you can use: " + ", ".join("{{ " + name + " }}" for name in NAMES)


class CampaignForm(ModelForm):
    """Cleans to a typed plan in `cleaned_data["plan"]`, rehearsed: its letter can be written."""

    offer_kind = forms.ChoiceField(label="Offer", choices=OFFERS, widget=UnfoldAdminSelectWidget)
    percent = forms.IntegerField(
        label="Points, in percent", initial=300, required=False, widget=UnfoldAdminIntegerFieldWidget,
        help_text="200 is double, 300 is triple.",
    )  # fmt: skip
    category = forms.CharField(
        label="Category", required=False, widget=UnfoldAdminTextInputWidget, help_text="The category's code."
    )
    except_categories = forms.CharField(
        label="Never these categories", required=False, widget=UnfoldAdminTextInputWidget,
        help_text="Codes separated by commas; the next favourite is taken instead.",
    )  # fmt: skip
    points = forms.IntegerField(label="Points", required=False, widget=UnfoldAdminIntegerFieldWidget)
    minimum_minor = forms.IntegerField(
        label="From a purchase of", required=False, initial=0, widget=UnfoldAdminIntegerFieldWidget,
        help_text="In minor units: 2000 is 20.00.",
    )  # fmt: skip
    valid_days = forms.IntegerField(
        label="Good for days", initial=7, widget=UnfoldAdminIntegerFieldWidget,
        help_text="The day it is sent counts; it ends at midnight of the last.",
    )  # fmt: skip
    max_uses = forms.IntegerField(
        label="Uses for each member", initial=1, widget=UnfoldAdminIntegerFieldWidget
    )

    channels = forms.MultipleChoiceField(
        choices=[("email", "E-mail"), ("inbox", "Inbox of the app")], initial=["email", "inbox"],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Each goes only to members who agreed to it.",
    )  # fmt: skip
    purpose = forms.ChoiceField(
        choices=[(word, word.title()) for word in ("marketing", "points", "service", "surveys")],
        widget=UnfoldAdminSelectWidget,
    )
    title = forms.CharField(
        initial="{{ offer.words }}", widget=UnfoldAdminTextInputWidget, help_text="On the till."
    )
    subject = forms.CharField(initial=DEFAULT_SUBJECT, widget=UnfoldAdminTextInputWidget)
    body = forms.CharField(
        initial=DEFAULT_BODY,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 10}),
        help_text=_ALLOWED,
    )

    schedule_kind = forms.ChoiceField(label="Goes out", choices=TIMES, widget=UnfoldAdminSelectWidget)
    on = forms.DateField(label="On, or from", widget=UnfoldAdminSingleDateWidget)
    weekday = forms.TypedChoiceField(
        label="On each",
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        initial=1,
        widget=UnfoldAdminSelectWidget,
    )
    at = forms.TimeField(
        label="At",
        initial="09:00",
        widget=UnfoldAdminSingleTimeWidget,
        help_text="Wall time of the programme.",
    )
    seen_version = forms.IntegerField(widget=forms.HiddenInput, initial=0)

    class Meta:
        model = Campaign
        fields = ("programme", "segment", "name", "code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            stands = campaigns.overview_of(self.instance)
            self.initial.update(fields_of(stands.plan), seen_version=self.instance.current_version)

    def clean(self) -> dict[str, Any]:
        """Build the plan, write its letter once, and refuse what somebody else changed meanwhile."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.instance.pk and cleaned.get("seen_version") != self.instance.current_version:
            raise forms.ValidationError("Somebody changed this campaign meanwhile. Open it again.")
        segment = cleaned.get("segment")
        programme = cleaned.get("programme") or (self.instance.programme if self.instance.pk else None)
        if segment and programme and segment.programme_id != programme.pk:
            self.add_error("segment", "This segment belongs to another programme.")
        if self.errors or programme is None:
            return cleaned
        try:
            cleaned["plan"] = plan_of(cleaned)
            rehearse(cleaned["plan"], currency=programme.currency, programme_name=programme.name)
        except Refusal as refused:
            self._show(refused)
        return cleaned

    def _show(self, refused: Refusal) -> None:
        """Put a refusal under the field it is about."""
        problems = refused.facts.get("errors") or [
            {"pointer": refused.pointer or "", "detail": refused.detail}
        ]
        for problem in problems:
            names = [part for part in problem["pointer"].split("/") if part and not part.isdigit()]
            field = next(
                (
                    _FIELD_OF.get(name, name)
                    for name in reversed(names)
                    if _FIELD_OF.get(name, name) in self.fields
                ),
                None,
            )
            self.add_error(field, problem["detail"])


def plan_of(cleaned: dict[str, Any]) -> Plan:
    """The plan that the fields describe.

    :raises InvalidInput: if they do not make one; pointers name the part of the plan.
    """
    plan: Plan = typed.load(
        Plan,
        {
            "offer": _offer(cleaned),
            "schedule": _schedule(cleaned),
            **{name: cleaned[name] for name in ("channels", "purpose", "title", "subject", "body")},
            "valid_days": cleaned["valid_days"],
            "max_uses": cleaned["max_uses"],
        },
    )
    return plan


def fields_of(plan: Plan) -> dict[str, Any]:
    """The fields that describe a plan."""
    told: dict[str, Any] = typed.dump(plan)
    offer, schedule = told.pop("offer"), told.pop("schedule")
    return told | {
        "offer_kind": offer["type"],
        "percent": offer.get("percent", 300),
        "category": offer.get("category", ""),
        "except_categories": ", ".join(offer.get("except_categories", [])),
        "points": offer.get("points"),
        "minimum_minor": offer.get("minimum_minor", 0),
        "schedule_kind": schedule["type"],
        "on": schedule.get("on") or schedule.get("starts_on"),
        "weekday": schedule.get("weekday", 1),
        "at": schedule["at"][:5],
    }


def _offer(cleaned: dict[str, Any]) -> dict[str, Any]:
    kind = cleaned["offer_kind"]
    if kind == "extra_points":
        return {"type": kind, "points": cleaned["points"], "minimum_minor": cleaned["minimum_minor"] or 0}
    if kind == "category_points":
        return {"type": kind, "percent": cleaned["percent"], "category": cleaned["category"]}
    left_out = [code.strip() for code in cleaned["except_categories"].split(",") if code.strip()]
    return {"type": kind, "percent": cleaned["percent"], "except_categories": left_out}


def _schedule(cleaned: dict[str, Any]) -> dict[str, Any]:
    kind, on, at = cleaned["schedule_kind"], cleaned["on"].isoformat(), cleaned["at"].isoformat()
    if kind == "once":
        return {"type": kind, "on": on, "at": at}
    if kind == "daily":
        return {"type": kind, "starts_on": on, "at": at}
    return {"type": kind, "starts_on": on, "weekday": cleaned["weekday"], "at": at}
