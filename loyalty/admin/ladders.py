"""Ladders: the one that holds and those before it, and the form by which another one is drafted."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import display

from config.ground import clock
from config.ground.refusals import Refusal
from config.ground.typed import load
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import OwnPageAdmin
from config.staff.site import site
from loyalty.admin.cells import moment
from loyalty.admin.ladder_form import LadderForm
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.models import Ladder, Tier
from loyalty.queries.ladders import find_last_ladder, find_open_ladder_draft
from loyalty.queries.vocabulary import Home, list_names
from loyalty.rules.ladder_words import sentences_of
from loyalty.rules.ladders import LadderDefinition
from loyalty.services.ladder_drafts import write_ladder_draft
from loyalty.services.ladders import withdraw_ladder

STATES = {"holds": "success", "waits for its time": "info", "is over": "default", "withdrawn": "default"}


def said(stored: Any, home: Home) -> list[str]:
    """A ladder in sentences, with the names of its tiers."""
    return sentences_of(load(LadderDefinition, stored), list_names([home.id])[home.id].tiers, home.currency)


@admin.register(Ladder, site=site)
class LadderAdmin(OfOneProgramme, OwnPageAdmin):
    """The newest first. A change is written as a draft."""

    list_display = ("numbered", "state_label", "begins", "made", "programme")
    list_select_related = ("programme",)
    ordering = ("programme", "-version")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("loyalty.add_ladder"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ladder]:
        self.now = clock.now()
        rows: QuerySet[Ladder] = super().get_queryset(request)
        return rows

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with who made them and which one holds read for the whole page at once."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        names = name_actors(row.made_by for row in page.result_list)
        now = clock.now()
        holding: dict[int, int] = {}
        for row in sorted(page.result_list, key=lambda one: (one.live_from, one.version)):
            if row.live_from <= now and row.withdrawn_at is None:
                holding[row.programme_id] = row.pk
        for row in page.result_list:
            vars(row).update(maker=names.get(row.made_by, row.made_by), shown=_state(row, holding, now))
        return page

    def row_page(self, request: HttpRequest, ladder: Ladder) -> HttpResponse:
        """What the ladder says; one that waits for its time can be withdrawn."""
        may = self.has_add_permission(request)
        if request.method == "POST" and may:
            try:
                withdraw_ladder(ladder, by=actor_of(request), now=clock.now())
                messages.success(request, "Withdrawn. The ladder that holds goes on.")
            except Refusal as refused:
                messages.error(request, refused.detail)
            return HttpResponseRedirect(reverse("admin:loyalty_ladder_change", args=[ladder.pk]))
        people = name_actors([ladder.made_by, ladder.approved_by, ladder.withdrawn_by])
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Ladder {ladder.version}",
            "ladder": ladder,
            "says": said(ladder.definition, self.home_of(request, ladder)),
            "made_by": people.get(ladder.made_by, ladder.made_by),
            "approved_by": people.get(ladder.approved_by, ladder.approved_by),
            "withdrawn_by": people.get(ladder.withdrawn_by, ladder.withdrawn_by),
            "back": reverse("admin:loyalty_ladder_changelist"),
            "another": f"{reverse('admin:loyalty_ladder_add')}?programme={ladder.programme_id}"
            if may
            else "",
            "may_withdraw": may and ladder.live_from > clock.now() and ladder.withdrawn_at is None,
        }
        return render(request, "loyalty/admin/ladder.html", page)

    def new_page(self, request: HttpRequest) -> HttpResponse:
        """The form; what it says becomes the programme's draft."""
        if not self.has_add_permission(request):
            raise Http404
        home, now = self.home_of(request), clock.now()
        tiers = list(Tier.objects.filter(programme_id=home.id).order_by("rank"))
        open_draft = find_open_ladder_draft(home.id)
        today = load(LadderDefinition, open_draft.definition) if open_draft else find_last_ladder(home.id)
        form = LadderForm(request.POST or None, home=home, tiers=tiers, today=today, now=now)
        if tiers and form.is_valid():
            try:
                draft = write_ladder_draft(
                    programme_id=home.id,
                    definition=form.definition,
                    live_from=form.cleaned_data["live_from"],
                    by=actor_of(request),
                    now=now,
                )
                return HttpResponseRedirect(reverse("admin:loyalty_ladderdraft_change", args=[draft.pk]))
            except Refusal as refused:
                form.add_error(None, refused.detail)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"The ladder of {home.name}",
            "form": form,
            "tiers": tiers,
            "tiers_page": reverse("admin:loyalty_tier_changelist"),
            "back": reverse("admin:loyalty_ladder_changelist"),
        }
        return render(request, "loyalty/admin/ladder_form.html", page)

    @display(description="version")
    def numbered(self, ladder: Ladder) -> str:
        return f"Ladder {ladder.version}"

    @display(description="state", label=STATES)
    def state_label(self, ladder: Ladder) -> str:
        return str(vars(ladder)["shown"])

    @display(description="from")
    def begins(self, ladder: Ladder) -> str:
        return "the beginning" if ladder.version == 1 else moment(ladder.live_from)

    @display(description="written by")
    def made(self, ladder: Ladder) -> str:
        return str(vars(ladder)["maker"])


def _state(ladder: Ladder, holding: dict[int, int], now: datetime) -> str:
    if ladder.withdrawn_at is not None:
        return "withdrawn"
    if ladder.live_from > now:
        return "waits for its time"
    return "holds" if holding.get(ladder.programme_id) == ladder.pk else "is over"
