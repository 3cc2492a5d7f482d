"""Households: who shares points with whom, since when, and the steps a colleague may take for them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.ground import clock
from config.ground.refusals import NotAllowed, Refusal
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import OwnPageAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.models import Household, HouseholdPlace, HouseholdRole, PlaceEnd
from members.queries.households import list_living, list_open_invitations, list_past
from members.rules.people import name_of
from members.services.households import find_inside, hand_over, leave_household

MAY_STEP = "members.change_household"


@admin.register(Household, site=site)
class HouseholdAdmin(ExportsList, OwnPageAdmin):
    """The newest first. Members found households in their app, or by an integration."""

    export_columns = {
        "head": "head__ref",
        **{name: name for name in ("ref", "founded_at")},
    }
    """Not its name, which people chose."""
    when_empty = "No household yet. A member founds one in their app, and asks others to join."
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    list_display = ("called", "head_name", "people", "founded_at", "state_label")
    list_select_related = ("head",)
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Household]:
        living = Count("places", filter=Q(places__left_at=None))
        households: QuerySet[Household] = super().get_queryset(request)
        return households.annotate(living=living)

    def row_page(self, request: HttpRequest, household: Household) -> HttpResponse:
        """The people, who were there before, and the steps."""
        if request.method == "POST":
            return self._step(request, household)
        may_step = request.user.has_perm(MAY_STEP)
        past = list_past(household.pk)
        names = name_actors(place.left_by for place in past)
        now = clock.now()
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": household.name or "Household",
            "household": household,
            "head": name_of(household.head) if household.head else "",
            "people": [
                {
                    "ref": place.ref,
                    "name": name_of(place.member),
                    "page": reverse("admin:members_member_change", args=[place.member_id]),
                    "role": place.get_role_display(),
                    "is_head": place.member_id == household.head_id,
                    "limit": _limit(place),
                    "since": place.joined_at,
                    "may_head": may_step
                    and place.role == HouseholdRole.ADULT
                    and place.member_id != household.head_id,
                }
                for place in list_living(household.pk)
            ],
            "may_step": may_step,
            "invitations": list_open_invitations(household.pk, now=now),
            "past": [
                {
                    "name": name_of(place.member),
                    "page": reverse("admin:members_member_change", args=[place.member_id]),
                    "since": place.joined_at,
                    "until": place.left_at,
                    "why": place.get_left_because_display(),
                    "by": names.get(place.left_by, "the member"),
                }
                for place in past
            ],
        }
        return render(request, "members/admin/household.html", page)

    def _step(self, request: HttpRequest, household: Household) -> HttpResponse:
        here = reverse("admin:members_household_change", args=[household.pk])
        try:
            if not request.user.has_perm(MAY_STEP):
                raise NotAllowed("Your role does not allow this step.")
            told = self._take(request, household)
        except Refusal as refused:
            messages.error(request, refused.detail or refused.title)
        else:
            self.log_change(request, household, told)
            messages.success(request, told)
        return HttpResponseRedirect(here)

    def _take(self, request: HttpRequest, household: Household) -> str:
        place = find_inside(household, request.POST.get("_out") or request.POST.get("_head", ""))
        if "_out" in request.POST:
            leave_household(
                place.member_id, because=PlaceEnd.EXPELLED, actor=actor_of(request), now=clock.now()
            )
            return f"{place.member.ref} is in the household no more."
        hand_over(household.head_id or 0, place.ref)
        return f"{place.member.ref} is the head now."

    @display(description="household")
    def called(self, household: Household) -> str:
        return household.name or household.ref

    @display(description="head")
    def head_name(self, household: Household) -> str:
        return name_of(household.head) if household.head else "nobody"

    @display(description="people")
    def people(self, household: Any) -> int:
        return int(household.living)

    @display(description="state", label={"lives": "success", "ended": "default"})
    def state_label(self, household: Household) -> str:
        return "lives" if household.head_id else "ended"


def _limit(place: HouseholdPlace) -> str:
    if place.limit_points is None:
        return "no limit"
    return f"{place.limit_points:,} a {place.limit_per}" if place.limit_points else "nothing"
