"""What members did beside buying, and why it was worth what it was worth."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display

from config.staff.list_exports import ExportsList
from config.staff.site import site
from loyalty.admin.cells import link_to_member
from loyalty.admin.why_page import WhyAdmin
from loyalty.models import ActSettlement
from loyalty.queries.acts import get_act_why
from loyalty.queries.people import find_member_ids
from loyalty.rules.act_answers import told_of_act
from members.rules.people import name_of


@admin.register(ActSettlement, site=site)
class ActSettlementAdmin(ExportsList, WhyAdmin):
    """What each act was worth; its page says why."""

    export_columns = {
        "member": "member__ref",
        "programme": "programme__code",
        **{name: name for name in ("act_ref", "type_code", "points_earned", "happened_at")},
    }
    list_display = ("happened_at", "title", "of_member", "points_earned", "programme")
    list_filter = ("programme",)
    list_select_related = ("member", "programme")
    search_help_text = "Phone, card, e-mail, name or ref of a member, or the ref of an act"
    to_programme = "programme"
    named_by = "act_ref"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.startswith("evt_"):
            return queryset.filter(act_ref=term), False
        return queryset.filter(member_id__in=find_member_ids(term)), False

    def why(self, request: HttpRequest, ref: str) -> HttpResponse:
        """The page of any act of the programmes that the colleague serves, in the time of its programme."""
        settlement = self.get_queryset(request).filter(act_ref=ref).first()
        if settlement is None:
            raise Http404
        why = get_act_why(ref)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Why {why.points_earned:,} points?",
            "why": why,
            "member": link_to_member(settlement.member_id, name_of(settlement.member)),
            "in_words": told_of_act(why),
        }
        with timezone.override(ZoneInfo(why.timezone)):
            return render(request, "loyalty/admin/act_why.html", page)

    @display(description="member")
    def of_member(self, settlement: ActSettlement) -> SafeString:
        return link_to_member(settlement.member_id, name_of(settlement.member))
