"""What a programme's points pay, when they mature and when they expire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from msgspec import structs
from unfold.decorators import action, display

from config.ground import clock
from config.ground.amounts import money
from config.ground.moments import moment
from config.ground.typed import load
from config.staff.admin.changes import TellsChanges, Words
from config.staff.fields import AmountField, MomentField, WholeField
from config.staff.site import site
from loyalty.admin.drafted import SavesDrafts, ensure_own
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.admin.programme_file import MAY_BRING, bring_page, file_answer
from loyalty.models import ProgrammeDraft, ProgrammeTerms
from loyalty.models.programme_drafts import DraftKind
from loyalty.queries.drafts import list_waiting, needs_approval
from loyalty.queries.programme_drafts import find_coming_terms, find_open_programme_draft, terms_of
from loyalty.queries.vocabulary import Home
from loyalty.rules.lots import Expiry, fault_in
from loyalty.rules.programme_files import TermsPart
from loyalty.rules.words import sentence_of_terms
from loyalty.services.programme_drafts import submit_programme_draft, write_terms_draft


class TermsForm(forms.ModelForm):
    """`home` and `actor` are set by the page. An open draft of one's own is written on."""

    home: Home
    actor: str

    burn_points = WholeField(label="So many points", min_value=1, initial=10)
    burn_minor = AmountField(
        label="pay",
        initial=1,
        help_text="For example 10 points pay 0.01. Fewer points than that pay nothing.",
    )
    maturity_days = WholeField(
        label="Days until they can be spent",
        min_value=0,
        max_value=365,
        initial=0,
        help_text="0: at once. 14: on the fifteenth day, e.g. once the time for returns is over.",
    )
    expiry_days = WholeField(
        label="Days they live",
        required=False,
        min_value=0,
        max_value=36_500,
        initial=365,
        help_text="To the end of the last day, by the clock of the programme. Empty: for ever. 0 with the end of "
        "a year: to the end of the year they are earned in.",
    )
    welcome_points = WholeField(
        label="Welcome points",
        min_value=0,
        max_value=1_000_000,
        initial=0,
        help_text="Given once, at enrolment.",
    )
    live_from = MomentField(label="Holds from", required=False, help_text="Empty: as soon as it is approved.")

    class Meta:
        model = ProgrammeTerms
        fields = (
            "burn_points",
            "burn_minor",
            "proof_above",
            "transfer_points_a_day",
            "households_share",
            "households_share_tier",
            "maturity_days",
            "expiry_kind",
            "expiry_days",
            "expiry_on",
            "kept_alive_by",
            "welcome_points",
            "when_spent",
            "rules_need_approval",
        )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if "burn_minor" in self.fields:
            self.fields["burn_minor"].in_currency(self.home.currency)  # type: ignore[attr-defined]  # ours
        if not self.instance.pk:
            self.instance.programme_id = self.home.id
            return
        draft = find_open_programme_draft(self.home.id, DraftKind.TERMS)
        if draft is not None and draft.made_by == self.actor:
            written = structs.asdict(load(TermsPart, draft.definition))
            self.initial.update(written, live_from=draft.live_from)

    def clean_burn_minor(self) -> int:
        amount: int = self.cleaned_data["burn_minor"]
        if amount < 1:
            raise forms.ValidationError("Points pay something: name more than 0.")
        return amount

    def clean_live_from(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["live_from"]
        if at is not None and at < clock.now():
            raise forms.ValidationError("This moment has passed. Leave it empty to start at once.")
        return at

    def clean_rules_need_approval(self) -> bool:
        """What waits for a second person is decided by one before nobody is needed any more."""
        needs: bool = self.cleaned_data["rules_need_approval"]
        loosens = self.instance.rules_need_approval and not needs
        waiting = list_waiting(self.home.code)
        if loosens and waiting:
            raise forms.ValidationError(
                f"Waiting for a second person: {', '.join(waiting)}. Decide or discard that first."
            )
        return needs

    def clean(self) -> dict[str, Any]:
        others = ProgrammeTerms.objects.filter(programme_id=self.home.id).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(f"{self.home.name} has its terms already. Open them to change them.")
        if self.instance.pk:
            ensure_own(self.home.id, DraftKind.TERMS, self.actor)
            self._ensure_alone()
        told = super().clean() or self.cleaned_data
        held = self.instance.rules_need_approval
        if told.get("live_from") and told.get("rules_need_approval", held) != held:
            self.add_error("live_from", "Whether a second person approves is changed by itself, and at once.")
        names = {"kind": "expiry_kind", "days": "expiry_days", "on": "expiry_on"}
        if all(name in told for name in names.values()):
            expiry = msgspec.convert({part: told[name] for part, name in names.items()}, Expiry)
            if fault := fault_in(expiry, maturity_days=told.get("maturity_days") or 0):
                self.add_error("expiry_on" if expiry.kind == "date" else "expiry_days", fault)
        return told

    def _ensure_alone(self) -> None:
        coming = find_coming_terms(self.home.id)
        if coming is not None and coming.live_from is not None:
            begins = moment(coming.live_from, timezone.get_current_timezone())
            raise forms.ValidationError(f"Other terms hold from {begins} on. Withdraw them to write others.")


@admin.register(ProgrammeTerms, site=site)
class ProgrammeTermsAdmin(SavesDrafts, TellsChanges, OfOneProgramme):
    """One row for each programme. What is changed holds for purchases from now on; lots keep their expiry."""

    form = TermsForm
    list_display = ("programme", "says", "updated_at")
    list_select_related = ("programme",)
    ordering = ("programme",)
    compressed_fields = True
    readonly_fields = ("says", "coming")
    actions_detail = ("take_out", "bring_in")
    fieldsets = (
        ("As it stands", {"fields": ("says", "coming")}),
        (
            "What points pay",
            {
                "fields": (
                    ("burn_points", "burn_minor"),
                    "proof_above",
                    "transfer_points_a_day",
                    "households_share",
                    "households_share_tier",
                )
            },
        ),
        (
            "How long they live",
            {"fields": ("maturity_days", "expiry_kind", ("expiry_days", "expiry_on"), "kept_alive_by")},
        ),
        ("Returns", {"fields": ("when_spent",)}),
        ("Welcome", {"fields": ("welcome_points",)}),
        ("Second pair of eyes", {"fields": ("rules_need_approval",)}),
        ("When", {"fields": ("live_from",)}),
    )

    def is_drafted(self, obj: ProgrammeTerms) -> bool:
        """The first terms hold at once; each change is written down with its moment, whoever is asked."""
        return obj.pk is not None

    def draft_of(self, form: Any, actor: str) -> ProgrammeDraft:
        home_id, now = form.instance.programme_id, clock.now()
        begins = form.cleaned_data["live_from"]
        draft = write_terms_draft(home_id, terms_of(form.instance), live_from=begins, by=actor, now=now)
        return draft if needs_approval(home_id) else submit_programme_draft(draft.pk, by=actor, now=now)

    def get_fieldsets(self, request: HttpRequest, obj: ProgrammeTerms | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else fieldsets[1:-1]

    def has_delete_permission(self, request: HttpRequest, obj: ProgrammeTerms | None = None) -> bool:
        """Tills cannot settle a purchase without terms."""
        return False

    def words_of(self, row: ProgrammeTerms) -> Words:
        return {
            "burn_points": ("so many points", str),
            "burn_minor": ("pay", lambda minor: money(minor, row.programme.currency)),
            "proof_above": ("proof above", lambda points: "never asked" if points is None else str(points)),
            "transfer_points_a_day": (
                "given away a day",
                lambda points: "as many as they have" if points is None else str(points),
            ),
            "expiry_days": ("days they live", lambda days: str(days or "for ever")),
        }

    @action(description="Save as a file", icon="download")
    def take_out(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Terms, tiers, benefits and rules as one file."""
        return file_answer(
            self.home_of(request, self._row(request, object_id, ("loyalty.view_programmeterms",)))
        )

    @action(description="Bring in a file", icon="upload", permissions=("bring_in",))
    def bring_in(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Read what a file would change, and change it."""
        terms = self._row(request, object_id, MAY_BRING)
        page = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Bring in a file"}
        return bring_page(request, terms, self.home_of(request, terms), page)

    def has_bring_in_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return all(request.user.has_perm(right) for right in MAY_BRING)

    def _row(self, request: HttpRequest, object_id: int, rights: Sequence[str]) -> ProgrammeTerms:
        row = self.get_object(request, str(object_id))
        if row is None or not all(request.user.has_perm(right) for right in rights):
            raise Http404
        terms: ProgrammeTerms = row
        return terms

    @display(description="coming")
    def coming(self, terms: ProgrammeTerms) -> str:
        draft = find_coming_terms(terms.programme_id)
        if draft is None or draft.live_from is None:
            return "Nothing else is scheduled."
        page = reverse("admin:loyalty_programmedraft_change", args=[draft.pk])
        begins = moment(draft.live_from, timezone.get_current_timezone())
        return format_html('<a class="underline" href="{}">Other terms hold from {} on</a>', page, begins)

    @display(description="in words")
    def says(self, terms: ProgrammeTerms) -> str:
        return sentence_of_terms(
            currency=terms.programme.currency,
            burn_points=terms.burn_points,
            burn_minor=terms.burn_minor,
            maturity_days=terms.maturity_days,
            expiry=terms.expiry,
            welcome_points=terms.welcome_points,
            when_spent=terms.when_spent,
            proof_above=terms.proof_above,
            transfer_points_a_day=terms.transfer_points_a_day,
            households_share=terms.households_share,
            households_share_tier=terms.households_share_tier,
        )
