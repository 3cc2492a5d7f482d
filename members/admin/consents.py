"""What members allow, over all of them. It is changed by the members, or on a member's page in their name."""

from datetime import datetime

import msgspec
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.api.consents import proof_of
from members.models import Consent
from members.queries.members import get_member_by_id
from members.queries.search import find_by_term
from members.rules.consents import Channel, Purpose
from members.rules.people import name_of


def proof_file(member_id: int, channel: str, purpose: str, *, now: datetime) -> HttpResponse:
    """One consent with all its evidence, as JSON to be saved.

    :raises Http404: for a channel or purpose that there is not.
    """
    try:
        proof = proof_of(get_member_by_id(member_id), Channel(channel), Purpose(purpose), now=now)
    except ValueError:
        raise Http404 from None
    name = f"{proof.member}-{channel}-{purpose}.json"
    return HttpResponse(
        msgspec.json.format(msgspec.json.encode(proof), indent=2),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@admin.register(Consent, site=site)
class ConsentAdmin(ExportsList, ReadOnlyAdmin):
    export_columns = {
        "member": "member__ref",
        **{name: name for name in ("channel", "purpose", "is_given", "changed_at")},
    }
    list_display = ("who", "channel", "purpose", "says", "changed_at")
    list_filter = ("channel", "purpose", "is_given")
    list_filter_submit = True
    list_display_links = None
    search_fields = ("pk",)
    search_help_text = "The member's phone, card, e-mail, ref or name"
    fields = ("who", "channel", "purpose", "is_given", "changed_at")
    ordering = ("-pk",)
    paginator = InfinitePaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consent]:
        consents: QuerySet[Consent] = super().get_queryset(request).select_related("member")
        return consents

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Consent], search_term: str
    ) -> tuple[QuerySet[Consent], bool]:
        term = search_term.strip()
        return (queryset.filter(member__in=find_by_term(term).values("pk")) if term else queryset), False

    @display(description="member")
    def who(self, consent: Consent) -> SafeString:
        member = consent.member
        page = reverse("admin:members_member_change", args=[member.pk])
        return format_html('<a href="{}" class="text-link">{}</a>', page, name_of(member))

    @display(description="allowed", label={"yes": "success", "no": "danger"})
    def says(self, consent: Consent) -> str:
        return "yes" if consent.is_given else "no"
