"""What a colleague writes down: a conversation, a new case, and what becomes of a case."""

from datetime import datetime
from typing import Any, cast

import msgspec
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from config.staff.fields import MomentField
from config.staff.models import Staff
from members.rules.masking import masked
from omnichannel.admin.own_stores import of_own_stores, of_own_stores_or_none
from omnichannel.errors import ProgrammeNotNamed
from omnichannel.models import CaseKind, CasePriority, CaseState, InteractionKind, Place, ServiceCase
from omnichannel.queries.cases import cases_in
from omnichannel.queries.places import find_only_programme
from omnichannel.rules.cases import FOLLOWS, CaseChange


class _CaseField(forms.ModelChoiceField):
    shows_words = False

    def label_from_instance(self, obj: Any) -> str:
        subject = obj.subject if self.shows_words else masked("words", obj.subject)
        return f"{subject} ({obj.get_state_display().lower()})"


class _OfMember(forms.Form):
    """At which store, or for which programme: the store says it, unless there is one programme alone."""

    place = forms.ModelChoiceField(
        queryset=Place.objects.none(), label="Where", required=False, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, request: HttpRequest, **more: Any) -> None:
        super().__init__(*args, **more)
        self.only = find_only_programme()
        places = of_own_stores(request, Place.objects.filter(is_open=True), place="pk").order_by("name")
        _offer(self, "place", places, "Nowhere in particular")
        self.fields["place"].required = self.only is None

    @property
    def programme_id(self) -> int:
        place = self.cleaned_data.get("place")
        if place is not None:
            return int(place.programme_id)
        if self.only is None:
            raise ProgrammeNotNamed(pointer="/place")
        return self.only.pk

    @property
    def place_id(self) -> int | None:
        place = self.cleaned_data.get("place")
        return place.pk if place else None


class ConversationForm(_OfMember):
    """That somebody spoke with a member, how far it got, and what was promised."""

    kind = forms.ChoiceField(
        label="What it was", choices=InteractionKind.choices, widget=UnfoldAdminSelectWidget
    )
    at = MomentField(label="When", required=False, help_text="Empty: now.")
    outcome = forms.CharField(
        label="How far it got",
        max_length=4_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="In your own words, so that the next conversation starts here.",
    )
    promise = forms.CharField(
        label="What you promised", max_length=300, required=False, widget=UnfoldAdminTextInputWidget
    )
    promise_due_on = forms.DateField(label="Until", required=False, widget=UnfoldAdminSingleDateWidget)
    case = _CaseField(
        queryset=ServiceCase.objects.none(),
        label="Belongs to",
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    field_order = ("kind", "place", "at", "outcome", "promise", "promise_due_on", "case")

    def __init__(
        self, *args: Any, people: list[int], now: datetime, request: HttpRequest, **more: Any
    ) -> None:
        super().__init__(*args, request=request, **more)
        self.now = now
        shows_words = request.user.has_perm("members.see_personal_data")
        cast(_CaseField, self.fields["case"]).shows_words = shows_words
        cases = of_own_stores_or_none(request, cases_in(None).filter(member_id__in=people))
        _offer(self, "case", cases.order_by("-pk"), "No case")

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and at > self.now:
            raise forms.ValidationError("Nobody has spoken yet then: choose a moment up to now.")
        return at

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if told.get("promise_due_on") and not told.get("promise"):
            self.add_error("promise", "Say what you promised for that day.")
        return told

    @property
    def case_id(self) -> int | None:
        case = self.cleaned_data["case"]
        return case.pk if case else None


class _Cared(forms.Form):
    """Who looks after a case, how urgently and until when."""

    priority = forms.ChoiceField(
        choices=CasePriority.choices, initial=CasePriority.NORMAL, widget=UnfoldAdminSelectWidget
    )
    owner = forms.ModelChoiceField(
        queryset=Staff.objects.none(), label="Looked after by", required=False, widget=UnfoldAdminSelectWidget
    )
    due_at = MomentField(label="Due", required=False)
    words = forms.CharField(
        label="What was said",
        max_length=4_000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        _offer(self, "owner", Staff.objects.filter(is_active=True).order_by("username"), "Nobody yet")

    @property
    def owner_id(self) -> int | None:
        owner = self.cleaned_data["owner"]
        return owner.pk if owner else None


class NewCaseForm(_OfMember, _Cared):
    """What a member wants to have put right."""

    subject = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    kind = forms.ChoiceField(label="About", choices=CaseKind.choices, widget=UnfoldAdminSelectWidget)

    field_order = ("subject", "kind", "words", "priority", "owner", "due_at", "place")


class CaseForm(_Cared):
    """What becomes of a case. `version`: as the colleague saw it."""

    state = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    version = forms.IntegerField(widget=forms.HiddenInput)

    field_order = ("state", "owner", "priority", "due_at", "words", "version")

    def __init__(self, *args: Any, case: ServiceCase, words: str = "", **more: Any) -> None:
        told = {name: getattr(case, name) for name in ("state", "priority", "owner", "due_at", "version")}
        super().__init__(*args, initial=told | {"words": words}, **more)
        self.is_behind = self.is_bound and self["version"].value() != str(case.version)
        reachable = (case.state, *FOLLOWS[case.state])
        choice = cast(forms.ChoiceField, self.fields["state"])
        choice.choices = [(one, CaseState(one).label) for one in reachable]

    @property
    def typed(self) -> str:
        """The words, also of a form that is refused."""
        return str(self["words"].value() or "").strip()

    @property
    def change(self) -> CaseChange:
        told = self.cleaned_data
        due_at = told["due_at"] if "due_at" in self.changed_data else msgspec.UNSET
        return CaseChange(state=told["state"], priority=told["priority"], owner=self.owner_id, due_at=due_at)


def _offer(form: forms.Form, name: str, rows: QuerySet[Any], none_of_them: str) -> None:
    """Let one of the rows be chosen, or none."""
    field = cast(forms.ModelChoiceField, form.fields[name])
    field.queryset, field.empty_label = rows, none_of_them
