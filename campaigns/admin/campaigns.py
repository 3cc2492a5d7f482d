"""Campaigns in the admin: a form with validation, a preview as a real member, scheduling and pausing."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone
from unfold.decorators import action, display

from campaigns.admin.campaign_form import NAMES_TO_USE, CampaignForm
from campaigns.models import Campaign, CampaignRun
from campaigns.queries import campaigns
from campaigns.queries.preview import find_preview
from campaigns.rules.plans import offer_words
from campaigns.rules.schedules import schedule_words
from campaigns.services.campaigns import (
    make_campaign,
    pause_campaign,
    redraft_campaign,
    schedule_campaign,
)
from config.ground import clock
from config.ground.moments import moment
from config.ground.refusals import Refusal
from config.staff.actors import actor_of
from config.staff.admin.refusals import RefusalsInWords
from config.staff.confirm import confirmed
from config.staff.site import site

COLOURS = {
    "draft": "info",
    "scheduled": "primary",
    "running": "warning",
    "paused": "danger",
    "finished": "success",
}


SHOWN = ("standing", "goes_out", "offered", "channels_in_words", "letter")
"""What stands in place of the form while a campaign is scheduled."""


@admin.register(Campaign, site=site)
class CampaignAdmin(RefusalsInWords):
    """Offers to segments at times."""

    form = CampaignForm
    change_form_template = "campaigns/campaign_form.html"
    list_display = ("name", "standing", "goes_out", "segment", "last_run")
    list_filter = ("intent", "programme")
    list_select_related = ("programme", "segment")
    search_fields = ("name", "code", "ref")
    warn_unsaved_form = True
    compressed_fields = True
    actions_detail = ("schedule", "pause", "see_recipients")
    conditional_fields = {
        **dict.fromkeys(("points", "minimum"), "offer_kind == 'extra_points'"),
        "times": "offer_kind == 'category_points' || offer_kind == 'favourite_category_points'",
        **dict.fromkeys(("max_uses", "title"), "offer_kind != 'nothing'"),
        "category": "offer_kind == 'category_points'",
        "except_categories": "offer_kind == 'favourite_category_points'",
        "weekday": "schedule_kind == 'weekly'",
    }
    fieldsets = (
        ("Campaign", {"fields": ("name", "code", "programme", "segment")}),
        (
            "What is offered",
            {
                "fields": ("offer_kind", "times", "category", "except_categories", "points", "minimum",
                           ("valid_days", "max_uses")),
                "description": "Granted to each member alone, and honoured by every till without asking anybody.",
            },
        ),
        ("Whom it may reach", {"fields": (("channels", "purpose"),)}),
        (
            "What is said",
            {"fields": ("title", "subject", "body", "survey"), "description": NAMES_TO_USE},
        ),
        (
            "When it goes out",
            {
                "fields": ("schedule_kind", "weekday", ("on", "at"), "seen_version"),
                "description": "Nine o'clock stays nine o'clock when the clocks change.",
            },
        ),
    )  # fmt: skip

    class Media:
        js = ("campaigns/campaign.js",)
        css = {"all": ("campaigns/campaigns.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        return ("programme", "code", *SHOWN) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        return {} if obj else {"code": ("name",)}

    def get_fieldsets(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        """The form; of a campaign that is not open to changes, its plan in words."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        return ((None, {"fields": (("name", "code"), ("programme", "segment"))}), ("Plan", {"fields": SHOWN}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        rows: QuerySet[Campaign] = super().get_queryset(request)
        return rows.order_by("-pk")

    def has_change_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        """What is scheduled is shown, not edited: it is paused first."""
        is_open = obj is None or obj.intent != Campaign.Intent.SCHEDULED
        return is_open and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with what its columns tell read for the whole page at once."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        stands = campaigns.overviews_of(page.result_list)
        tallies = campaigns.tallies_of_last_runs(page.result_list)
        for campaign in page.result_list:
            vars(campaign).update(overview=stands[campaign.pk], tally=tallies.get(campaign.pk))
        return page

    @display(description="state", label=COLOURS)
    def standing(self, campaign: Campaign) -> str:
        return _overview(campaign).standing

    @display(description="goes out")
    def goes_out(self, campaign: Campaign) -> str:
        stands = _overview(campaign)
        return schedule_words(stands.plan.schedule, stands.version.zone)

    @display(description="offer")
    def offered(self, campaign: Campaign) -> str:
        return offer_words(campaigns.overview_of(campaign).plan, campaign.programme.currency)

    @display(description="channels")
    def channels_in_words(self, campaign: Campaign) -> str:
        plan = campaigns.overview_of(campaign).plan
        asks = f"; asks the survey {plan.survey}" if plan.survey else ""
        return f"{', '.join(plan.channels)}, to those who agreed to {plan.purpose}{asks}"

    @display(description="letter")
    def letter(self, campaign: Campaign) -> SafeString:
        plan = campaigns.overview_of(campaign).plan
        return format_html(
            '<strong>{}</strong><p style="white-space: pre-line">{}</p>', plan.subject, plan.body
        )

    @display(description="last run")
    def last_run(self, campaign: Campaign) -> str:
        tally: campaigns.Tally | None = vars(campaign).get("tally")
        if tally is None:
            return "-"
        return f"{tally.sent:,} of {tally.candidates:,} sent, {tally.used:,} used"

    def has_schedule_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the button is there: of a campaign that does not go out already."""
        return self._may_steer(request, object_id, is_scheduled=False)

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_steer(request, object_id, is_scheduled=True)

    def _may_steer(self, request: HttpRequest, object_id: Any, *, is_scheduled: bool) -> bool:
        """Asked here, because Unfold looks up a dotted permission in tables that `migrate` has yet to make."""
        if not request.user.has_perm("campaigns.change_campaign"):
            return False
        campaign = self.get_object(request, str(object_id))
        return campaign is not None and (campaign.intent == Campaign.Intent.SCHEDULED) is is_scheduled

    def has_see_recipients_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return request.user.has_perm("campaigns.view_recipient")

    @action(description="Schedule", icon="schedule_send", permissions=["schedule"])
    @confirmed("Let this campaign go out at its time?")
    def schedule(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Let it go out at its time."""
        try:
            campaign = schedule_campaign(int(object_id), now=clock.now())
        except Refusal as refused:
            messages.error(request, refused.detail)
        else:
            stands = campaigns.overview_of(campaign)
            due = moment(stands.next_due_at, get_current_timezone()) if stands.next_due_at else "at once"
            messages.success(request, f"{campaign} goes out {due}.")
        return HttpResponseRedirect(reverse("admin:campaigns_campaign_change", args=[object_id]))

    @action(description="Pause", icon="pause", permissions=["pause"])
    @confirmed("Stop this campaign at once? Who was not decided yet waits.")
    def pause(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Stop at once; what was not decided yet waits."""
        try:
            campaign = pause_campaign(int(object_id), now=clock.now())
        except Refusal as refused:
            messages.error(request, refused.detail)
        else:
            messages.success(request, f"{campaign} is paused. It can be changed now.")
        return HttpResponseRedirect(reverse("admin:campaigns_campaign_change", args=[object_id]))

    @action(description="Recipients", icon="group", permissions=["see_recipients"])
    def see_recipients(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Everyone it considered, with the reason."""
        address = reverse("admin:campaigns_recipient_changelist")
        return HttpResponseRedirect(f"{address}?run__campaign__id__exact={object_id}")

    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "preview/", self.admin_site.admin_view(self.preview), name="campaigns_campaign_preview"
        )
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """The letter and the till's words for a real member, from the fields as they are now. Writes nothing."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        stored = Campaign.objects.filter(pk=request.POST.get("campaign") or 0).first()
        form = CampaignForm(request.POST, instance=stored)
        if stored:
            for name in ("programme", "code"):
                form.fields.pop(name)
        form.full_clean()
        plan, segment = form.cleaned_data.get("plan"), form.cleaned_data.get("segment")
        page: dict[str, Any] = {"problems": [text for texts in form.errors.values() for text in texts]}
        if plan and segment:
            page["found"] = find_preview(plan, segment, request.POST.get("as_member", ""), now=clock.now())
        return render(request, "campaigns/preview.html", page)

    def save_model(self, request: HttpRequest, obj: Campaign, form: CampaignForm, change: bool) -> None:
        """Through the service that the API uses, so that both write the same."""
        plan, by, now = form.cleaned_data["plan"], actor_of(request), clock.now()
        if change:
            redraft_campaign(
                obj.pk,
                name=obj.name,
                segment=obj.segment,
                plan=plan,
                seen_version=form.cleaned_data["seen_version"],
                by=by,
                now=now,
            )
            return
        saved = make_campaign(
            programme_id=obj.programme_id,
            segment=obj.segment,
            code=obj.code,
            name=obj.name,
            plan=plan,
            by=by,
            now=now,
        )
        obj.pk = saved.pk

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        page = {**(extra_context or {}), "runs": _runs_of(object_id)}
        return super().changeform_view(request, object_id, form_url, page)


def _overview(campaign: Campaign) -> campaigns.Overview:
    """Where a campaign stands, as read for the whole list, or alone."""
    found: campaigns.Overview | None = vars(campaign).get("overview")
    return found or campaigns.overview_of(campaign)


def _runs_of(object_id: str | None) -> SafeString | str:
    """Links to the runs of a campaign, with what became of them."""
    if object_id is None or not object_id.isdigit():
        return ""
    runs = list(
        CampaignRun.objects.filter(campaign_id=int(object_id))
        .select_related("campaign")
        .order_by("-number")[:10]
    )
    tallies, zone = campaigns.tallies_of(runs), get_current_timezone()
    if not runs:
        return ""
    rows = (
        (
            reverse("admin:campaigns_campaignrun_change", args=[run.pk]),
            run.number,
            moment(run.due_at, zone),
            f"{tallies[run.pk].sent:,} of {tallies[run.pk].candidates:,} sent"
            if run.frozen_at
            else "waits for its time",
        )
        for run in runs
    )
    return format_html(
        "<ul>{}</ul>",
        format_html_join("", '<li><a class="text-primary-600" href="{}">Run {}</a>: due {}, {}</li>', rows),
    )
