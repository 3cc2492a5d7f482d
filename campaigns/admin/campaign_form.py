"""A campaign as a form: plain fields on one side, the typed plan on the other."""

from decimal import Decimal
from typing import Any

from django import forms
from django.forms import ModelForm
from django.urls import reverse
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminSingleTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from campaigns.models import Campaign
from campaigns.queries import campaigns
from campaigns.queries.programmes import ProgrammeFacts, list_programmes
from campaigns.rules.content import NAMES
from campaigns.rules.plans import DEFAULT_BODY, DEFAULT_SUBJECT, Plan
from campaigns.services.campaigns import ensure_askable, rehearse
from config.ground import typed
from config.ground.refusals import Refusal
from config.staff.fields import AmountField, NameField, NamesField, TimesField, WholeField
from omnichannel.queries.surveys import list_open_surveys

OFFERS = [
    ("favourite_category_points", "More points on each member's own favourite category"),
    ("category_points", "More points on one category, the same for all"),
    ("extra_points", "A fixed number of points on a purchase"),
    ("nothing", "Nothing: the letter alone, such as one that asks a survey"),
]
TIMES = [("once", "Once, on a day"), ("daily", "Every day"), ("weekly", "Every week")]
WEEKDAYS = [(1, "Monday"), (2, "Tuesday"), (3, "Wednesday"), (4, "Thursday"), (5, "Friday"), (6, "Saturday"),
            (7, "Sunday")]  # fmt: skip
_NEEDED = {
    "favourite_category_points": ("times",),
    "category_points": ("times", "category"),
    "extra_points": ("points",),
}
_FIELD_OF = {
    "offer": "offer_kind",
    "percent": "times",
    "except_categories": "except_categories",
    "category": "category",
    "points": "points",
    "minimum_minor": "minimum",
    "schedule": "schedule_kind",
    "weekday": "weekday",
    "at": "at",
}
NAMES_TO_USE = "Words that each letter fills in: " + ", ".join("{{ " + name + " }}" for name in NAMES) + "."


class CampaignForm(ModelForm):
    """Cleans to a typed plan in `cleaned_data["plan"]`, rehearsed: its letter can be written."""

    offer_kind = forms.ChoiceField(label="Offer", choices=OFFERS, widget=UnfoldAdminSelectWidget)
    times = TimesField(
        label="Times", initial=300, required=False, max_value=Decimal(10),
        help_text="3 is triple points, 1.5 is half as many again.",
    )  # fmt: skip
    category = NameField(label="Category", help_text="Type a few letters of its name.")
    except_categories = NamesField(
        label="Never these categories",
        help_text="For example fuel. Whose favourite is one of these is offered the next favourite instead.",
    )
    points = WholeField(label="Points", required=False, min_value=1, max_value=1_000_000)
    minimum = AmountField(
        label="From a purchase of", required=False, help_text="What is to pay for it. Empty: any purchase."
    )
    valid_days = WholeField(
        label="Good for days",
        initial=7,
        help_text="The day it is sent counts; it ends at midnight of the last.",
    )
    max_uses = WholeField(label="Uses for each member", initial=1, help_text="So often the till honours it.")

    channels = forms.MultipleChoiceField(
        choices=[("email", "E-mail"), ("inbox", "Inbox of the app")], initial=["email", "inbox"],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Each goes only to members who agreed to it.",
    )  # fmt: skip
    purpose = forms.ChoiceField(
        choices=[(word, word.title()) for word in ("marketing", "points", "service", "surveys")],
        widget=UnfoldAdminSelectWidget,
        help_text="To which consent it belongs.",
    )
    title = forms.CharField(
        label="On the till",
        initial="{{ offer.words }}",
        widget=UnfoldAdminTextInputWidget,
        help_text="What the cashier reads to the member.",
    )
    subject = forms.CharField(initial=DEFAULT_SUBJECT, widget=UnfoldAdminTextInputWidget)
    body = forms.CharField(
        label="Letter",
        initial=DEFAULT_BODY,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 10}),
        help_text="Why it came, and a link that ends such letters, stand below it by themselves.",
    )

    survey = forms.ChoiceField(
        label="Asks",
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Its first question stands as a link below the letter; each member answers once at an address of"
        " their own. A letter that only asks goes to those who agreed to surveys.",
    )

    schedule_kind = forms.ChoiceField(label="Goes out", choices=TIMES, widget=UnfoldAdminSelectWidget)
    on = forms.DateField(
        label="On, or from", widget=UnfoldAdminSingleDateWidget, help_text="Of what repeats: the first day."
    )
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
        self.fields["survey"].choices = [("", "No survey")]  # type: ignore[attr-defined]  # a choice field
        if (programme := self._programme()) is not None:
            self._speak_of(programme)

    def _programme(self) -> ProgrammeFacts | None:
        """Whose campaign it is: the stored one's, the chosen one, or the only one there is."""
        known = {str(one.id): one for one in list_programmes()}
        chosen = self.instance.programme_id or self.data.get("programme")
        if chosen is None and len(known) == 1:
            self.initial.setdefault("programme", next(iter(known.values())).id)
        return known.get(str(chosen or self.initial.get("programme")))

    def _speak_of(self, programme: ProgrammeFacts) -> None:
        """Take amounts in the programme's currency and suggest what its catalogue names."""
        surveys = {code: f"{title} ({code})" for code, title in list_open_surveys(programme.id)}
        if (asked := self.initial.get("survey")) and asked not in surveys:
            surveys[asked] = f"{asked}, which is closed"
        self.fields["survey"].choices += surveys.items()  # type: ignore[attr-defined]  # as above
        suggestions = reverse("admin:loyalty_rule_suggest", args=[programme.id, "category"])
        for name, field in self.fields.items():
            if isinstance(field, AmountField):
                field.in_currency(programme.currency)
            elif isinstance(field, NamesField):
                field.suggest_from(suggestions, self[name].value() or [])
            elif isinstance(field, NameField):
                field.suggest_from(suggestions, self[name].value() or "")

    def clean(self) -> dict[str, Any]:
        """Build the plan, write its letter once, and refuse what somebody else changed meanwhile."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.instance.pk and cleaned.get("seen_version") != self.instance.current_version:
            raise forms.ValidationError("Somebody changed this campaign meanwhile. Open it again.")
        segment = cleaned.get("segment")
        programme = cleaned.get("programme") or (self.instance.programme if self.instance.pk else None)
        if segment and programme and segment.programme_id != programme.pk:
            self.add_error("segment", "This segment belongs to another programme.")
        for name in _NEEDED.get(cleaned.get("offer_kind", ""), ()):
            if cleaned.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, "The offer you chose needs this.")
        if self.errors or programme is None:
            return cleaned
        try:
            cleaned["plan"] = plan_of(cleaned)
            ensure_askable(cleaned["plan"], programme.pk)
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
    is_alone = cleaned["offer_kind"] == "nothing"
    plan: Plan = typed.load(
        Plan,
        {
            "offer": _offer(cleaned),
            "schedule": _schedule(cleaned),
            **{name: cleaned[name] for name in ("channels", "purpose", "subject", "body")},
            "title": cleaned["subject"] if is_alone else cleaned["title"],
            "valid_days": cleaned["valid_days"],
            "max_uses": cleaned["max_uses"],
            "survey": cleaned["survey"] or None,
        },
    )
    return plan


def fields_of(plan: Plan) -> dict[str, Any]:
    """The fields that describe a plan."""
    told: dict[str, Any] = typed.dump(plan)
    offer, schedule = told.pop("offer"), told.pop("schedule")
    return told | {
        "offer_kind": offer["type"],
        "times": offer.get("percent", 300),
        "category": offer.get("category", ""),
        "except_categories": offer.get("except_categories", []),
        "points": offer.get("points"),
        "minimum": offer.get("minimum_minor") or None,
        "schedule_kind": schedule["type"],
        "on": schedule.get("on") or schedule.get("starts_on"),
        "weekday": schedule.get("weekday", 1),
        "at": schedule["at"][:5],
    }


def _offer(cleaned: dict[str, Any]) -> dict[str, Any]:
    match cleaned["offer_kind"]:
        case "extra_points" as kind:
            worth = {"points": cleaned["points"], "minimum_minor": cleaned["minimum"] or 0}
        case "nothing" as kind:
            worth = {}
        case "category_points" as kind:
            worth = {"percent": cleaned["times"], "category": cleaned["category"]}
        case kind:
            worth = {"percent": cleaned["times"], "except_categories": cleaned["except_categories"]}
    return {"type": kind, **worth}


def _schedule(cleaned: dict[str, Any]) -> dict[str, Any]:
    kind, on, at = cleaned["schedule_kind"], cleaned["on"].isoformat(), cleaned["at"].isoformat()
    if kind == "once":
        return {"type": kind, "on": on, "at": at}
    if kind == "daily":
        return {"type": kind, "starts_on": on, "at": at}
    return {"type": kind, "starts_on": on, "weekday": cleaned["weekday"], "at": at}
