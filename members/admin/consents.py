"""What members allow, over all of them. It is changed by the members, or on a member's page in their name."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.site import site
from members.models import Consent


@admin.register(Consent, site=site)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("who", "channel", "purpose", "says", "changed_at")
    list_filter = ("channel", "purpose", "is_given")
    list_filter_submit = True
    fields = ("member", "channel", "purpose", "is_given", "changed_at")
    ordering = ("-pk",)
    paginator = InfinitePaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consent]:
        consents: QuerySet[Consent] = super().get_queryset(request).select_related("member")
        return consents

    @display(description="member")
    def who(self, consent: Consent) -> str:
        return str(consent.member)

    @display(description="allowed", label={"yes": "success", "no": "danger"})
    def says(self, consent: Consent) -> str:
        return "yes" if consent.is_given else "no"
