"""Runs and recipients: what became of everyone, counted and one by one. Nothing here can be changed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.models import CampaignRun, Recipient
from campaigns.queries import campaigns
from campaigns.rules.verdicts import REASONS
from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.queries.search import find_by_term
from members.rules.people import name_of
from omnichannel.queries.surveys import sum_scores


@admin.register(CampaignRun, site=site)
class RunAdmin(ExportsList, ReadOnlyAdmin):
    """Each time a campaign went out."""

    export_columns = {
        "campaign": "campaign__code",
        **{name: name for name in ("number", "due_at", "frozen_at", "valid_until", "candidates")},
    }
    list_display = ("campaign", "number", "due_at", "frozen_at", "candidates", "outcome")
    list_select_related = ("campaign",)
    list_filter = ("campaign",)
    fields = (
        *("campaign", "number", "due_at", "frozen_at", "valid_until"),
        *("funnel", "answers", "reasons", "recipients"),
    )
    readonly_fields = fields

    class Media:
        css = {"all": ("campaigns/campaigns.css",)}

    def get_fields(self, request: HttpRequest, obj: CampaignRun | None = None) -> list[str]:
        """Answers are shown of a run that asks."""
        asks = obj is not None and campaigns.find_survey_asked(obj)
        return [name for name in self.fields if asks or name != "answers"]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with the counts read for the whole page at once."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        tallies = campaigns.tallies_of(page.result_list)
        for run in page.result_list:
            vars(run).update(tally=tallies[run.pk])
        return page

    @display(description="outcome")
    def outcome(self, run: CampaignRun) -> str:
        tally = _tally_of(run)
        return f"{tally.sent:,} sent, {tally.withheld:,} withheld, {tally.used:,} used"

    @display(description="funnel")
    def funnel(self, run: CampaignRun) -> SafeString:
        tally = _tally_of(run)
        steps = [("Candidates", tally.candidates, ""), ("Sent", tally.sent, "")]
        if campaigns.offers_something(run):
            steps.append(("Offer used", tally.used, ""))
        return _bars(steps, tally.candidates)

    @display(description="survey")
    def answers(self, run: CampaignRun) -> SafeString:
        """What those said who were asked: whoever was sent the campaign."""
        code, programme_id = campaigns.find_survey_asked(run) or "", run.campaign.programme_id
        said, asked = sum_scores(programme_id, code, run.cause), _tally_of(run).sent
        scores = (
            ("Promoters, 9 or 10", said.promoters, ""),
            ("Passives, 7 or 8", said.passives, "is-withheld"),
            ("Detractors, up to 6", said.detractors, "is-failed"),
        )
        return format_html(
            '{}<p class="my-2">Net promoter score: <bdi dir="ltr">{}</bdi></p>{}',
            _bars((("Asked", asked, ""), ("Answered", said.answers, "")), asked),
            "–" if said.nps is None else said.nps,
            _bars(scores, said.answers),
        )

    @display(description="why not sent")
    def reasons(self, run: CampaignRun) -> SafeString:
        tally = _tally_of(run)
        withheld = [
            (
                REASONS[reason],
                count,
                "is-failed" if reason in ("content_broken", "could_not_be_granted") else "is-withheld",
            )
            for reason, count in tally.reasons.items()
            if reason != "sent"
        ]
        return _bars(withheld, tally.candidates) if withheld else SafeString("Everyone was sent.")

    @display(description="recipients")
    def recipients(self, run: CampaignRun) -> SafeString:
        address = reverse("admin:campaigns_recipient_changelist")
        return format_html(
            '<a class="text-primary-600" href="{}?run__id__exact={}">One by one, with reasons</a>',
            address,
            run.pk,
        )


@admin.register(Recipient, site=site)
class RecipientAdmin(ExportsList, ReadOnlyAdmin):
    """Every candidate of every run, with the verdict and its reason."""

    export_columns = {
        "member": "member__ref",
        "campaign": "run__campaign__code",
        "run": "run__number",
        **{name: name for name in ("verdict", "reason", "decided_at")},
    }
    list_display = ("who", "run", "outcome", "because", "offered", "decided_at")
    list_display_links = ("run",)
    list_select_related = ("member", "run__campaign")
    list_filter = ("verdict", "reason", "run__campaign")
    search_fields = ("pk",)
    search_help_text = "The member's phone, card, e-mail, ref or name"
    show_full_result_count = False
    fields = ("who", "run", "verdict", "because", "channels", "offered", "decided_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recipient]:
        rows: QuerySet[Recipient] = super().get_queryset(request)
        return rows.order_by("-pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Recipient], search_term: str
    ) -> tuple[QuerySet[Recipient], bool]:
        term = search_term.strip()
        return (queryset.filter(member__in=find_by_term(term).values("pk")) if term else queryset), False

    @display(description="member")
    def who(self, told: Recipient) -> SafeString:
        member = told.member
        page = reverse("admin:members_member_change", args=[member.pk])
        return format_html('<a href="{}" class="text-link">{}</a>', page, name_of(member))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup in ("run__id__exact", "run__campaign__id__exact") or super().lookup_allowed(
            lookup, value, request
        )

    @display(description="verdict", label={"sent": "success", "withheld": "warning", "failed": "danger"})
    def outcome(self, told: Recipient) -> str:
        return told.verdict

    @display(description="because")
    def because(self, told: Recipient) -> str:
        return told.reason_words

    @display(description="offer")
    def offered(self, told: Recipient) -> str:
        return str(told.offer.get("title", "-"))


def _tally_of(run: CampaignRun) -> campaigns.Tally:
    """Counted once for a page."""
    if "tally" not in vars(run):
        vars(run)["tally"] = campaigns.tally_of(run)
    tally: campaigns.Tally = vars(run)["tally"]
    return tally


def _bars(steps: Any, whole: int) -> SafeString:
    """Bars against the whole, each with its number and share."""
    rows = [
        {"name": name, "count": count, "percent": round(100 * count / whole) if whole else 0, "look": look}
        for name, count, look in steps
    ]
    return render_to_string("campaigns/bars.html", {"rows": rows})
