"""Drafts of terms, of limits of corrections and of whole files: what would change."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display

from config.ground import clock
from config.ground.typed import load
from config.staff.actors import actor_of, name_actors
from config.staff.site import site
from loyalty.admin.draft_page import Act, DraftPage
from loyalty.admin.programme_file import MAY_BRING
from loyalty.models import DraftState, ProgrammeDraft, ProgrammeTerms
from loyalty.models.programme_drafts import DraftKind
from loyalty.queries.drafts import waiting_for
from loyalty.queries.programme_drafts import find_terms, list_limits
from loyalty.queries.programme_files import find_programme_file
from loyalty.queries.vocabulary import Home
from loyalty.rules.programme_files import ProgrammeFile, TermsPart, differences, without_ended
from loyalty.rules.terms_words import limits_changes, terms_changes
from loyalty.services.coming_terms import withdraw_terms
from loyalty.services.programme_drafts import PROGRAMME_DRAFTS

RIGHTS = {
    DraftKind.TERMS: ("loyalty.change_programmeterms",),
    DraftKind.LIMITS: ("loyalty.change_correctionlimit",),
    DraftKind.FILE: MAY_BRING,
}
"""Who may write them, submit and discard."""


@admin.register(ProgrammeDraft, site=site)
class ProgrammeDraftAdmin(DraftPage):
    """A draft is written on the page of the terms, or of a limit, by one person until it is decided."""

    road = PROGRAMME_DRAFTS
    of_what = "terms, limits and files"
    template = "loyalty/admin/programme_draft.html"
    list_display = ("called", "state_label", "waits_for_me", "made", "submitted_at", "live_from", "programme")

    def rights_to_write(self, draft: ProgrammeDraft) -> Sequence[str]:
        return RIGHTS[DraftKind(draft.kind)]

    def rights_to_approve(self, draft: ProgrammeDraft) -> Sequence[str]:
        """A file holds rules and a ladder, too."""
        of_rules = super().rights_to_approve(draft) if draft.kind == DraftKind.FILE else ()
        return ("loyalty.approve_terms", *of_rules)

    def list_waiting(self, request: HttpRequest) -> QuerySet[ProgrammeDraft]:
        waiting = waiting_for(actor_of(request), self.get_queryset(request))
        if not request.user.has_perm("loyalty.approve_terms"):
            return waiting.none()
        may_rules = request.user.has_perm("loyalty.approve_rule")
        return waiting if may_rules else waiting.exclude(kind=DraftKind.FILE)

    def outcome(self, draft: ProgrammeDraft) -> str:
        return "it is scheduled" if draft.waits_for_its_time else "it holds from now on"

    def acts(self, draft: ProgrammeDraft) -> dict[str, tuple[Sequence[str], Act]]:
        return super().acts(draft) | {"_withdraw": (self.rights_to_write(draft), self._withdraw)}

    def _withdraw(self, request: HttpRequest, draft: ProgrammeDraft) -> str:
        withdraw_terms(draft, by=actor_of(request), now=clock.now())
        return "Withdrawn. The terms that hold go on."

    def tell(self, request: HttpRequest, draft: ProgrammeDraft, home: Home) -> dict[str, Any]:
        return {
            "title": f"{draft.get_kind_display().capitalize()} of {home.name}",
            "says": [_says(draft, home)],
            "changes": _changes(draft),
            "write_url": _write_url(draft) if actor_of(request) == draft.made_by else "",
            "withdrawn_by": name_actors([draft.withdrawn_by]).get(draft.withdrawn_by, draft.withdrawn_by),
            "may_withdraw": draft.waits_for_its_time and request.user.has_perms(self.rights_to_write(draft)),
        }

    @display(description="draft")
    def called(self, draft: ProgrammeDraft) -> str:
        return f"{draft.get_kind_display().capitalize()} {draft.pk}"


def _says(draft: ProgrammeDraft, home: Home) -> str:
    if draft.kind == DraftKind.FILE:
        return f"{home.name}, as a file says: all of it holds from its approval, or nothing"
    return f"Other {draft.get_kind_display()} for {home.name}"


def _changes(draft: ProgrammeDraft) -> list[str]:
    """Beside what holds; once it is approved, beside what it took the place of; of a discarded one, none."""
    held, wanted = draft.before, draft.definition
    if draft.state == DraftState.DISCARDED:
        return []
    if draft.kind == DraftKind.LIMITS:
        return limits_changes(list_limits(draft.programme_id) if held is None else held, wanted)
    if draft.kind == DraftKind.FILE:
        at = draft.decided_at or clock.now()
        today = load(ProgrammeFile, held) if held else find_programme_file(draft.programme.code, now=at)
        return differences(today, without_ended(load(ProgrammeFile, wanted), at)[0])
    before = find_terms(draft.programme_id) if held is None else load(TermsPart, held)
    return terms_changes(before, load(TermsPart, wanted), draft.programme.currency)


def _write_url(draft: ProgrammeDraft) -> str:
    if draft.kind == DraftKind.LIMITS:
        return reverse("admin:loyalty_correctionlimit_changelist")
    terms = ProgrammeTerms.objects.get(programme_id=draft.programme_id)
    page = "bring_in" if draft.kind == DraftKind.FILE else "change"
    return reverse(f"admin:loyalty_programmeterms_{page}", args=[terms.pk])
