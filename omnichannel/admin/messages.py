"""Messages to members: what waits, what went out, what did not and why. Nothing is sent from these pages."""

import re

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.list_exports import ExportsList
from config.staff.site import site
from members.queries.search import find_by_term
from omnichannel.admin.days import DaysFilter
from omnichannel.admin.shown import code, member_link
from omnichannel.models import Message
from omnichannel.rules.messages import MOST_ATTEMPTS

MOST_MEMBERS = 200
STATES = {
    "Queued": "info",
    "Sending": "info",
    "Sent": "success",
    "Delivered": "success",
    "Failed": "danger",
    "Uncertain": "warning",
    "Withdrawn": "warning",
}
WHAT_NOW = {
    Message.State.QUEUED: f"It goes out by itself when it is due; after {MOST_ATTEMPTS} attempts it is given up.",
    Message.State.SENDING: "A sender has it. If that one dies, the message is taken up again or becomes uncertain.",
    Message.State.SENT: "The carrier took it.",
    Message.State.DELIVERED: "It has arrived.",
    Message.State.FAILED: "The carrier refused it for good, or too often. It is not tried again.",
    Message.State.UNCERTAIN: "Nobody knows whether it arrived, so it is not sent again: twice would be worse.",
    Message.State.WITHDRAWN: "It was taken back before it went out. It is not sent.",
}


@admin.register(Message, site=site)
class MessageAdmin(ExportsList, ReadOnlyAdmin):
    """Read only: a message is sent again by the rules of its class or not at all, so that nobody gets it twice."""

    export_columns = {
        "member": "member__ref",
        **{name: name for name in ("channel", "message_class", "state", "attempts", "queued_at")},
    }
    list_display = (
        "subject_shown",
        "who",
        "channel",
        "kind",
        "state_label",
        "attempts",
        "queued_at",
        "last_error",
    )
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("message_class", ChoicesDropdownFilter),
        ("queued_at", DaysFilter),
    )
    list_filter_submit = True
    list_select_related = ("member",)
    ordering = ("-queued_at", "-pk")
    sortable_by = ()
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    search_fields = ("ref",)
    search_help_text = "The member's phone, card, e-mail, ref or name"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("subject", "state_label"),
                    ("who", "known_as"),
                    ("channel", "message_class"),
                    "letter",
                )
            },
        ),
        ("What became of it", {"fields": ("what_now", "last_error", ("attempts", "carrier_id"))}),
        ("When", {"fields": (("queued_at", "due_at"), ("sent_at", "read_at"), "expires_at")}),
        ("Why", {"fields": (("dedupe_key", "purpose"),)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        messages: QuerySet[Message] = super().get_queryset(request)
        return messages.defer("body_html", "facts")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """By the member: that is whom people ask about."""
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(
            member__in=list(find_by_term(term).values_list("pk", flat=True)[:MOST_MEMBERS])
        ), False

    @display(description="subject")
    def subject_shown(self, message: Message) -> str:
        return message.subject or message.body_text[:60]

    @display(description="text")
    def letter(self, message: Message) -> SafeString:
        """As it was written, but for the keys in its links: whoever has them can choose in the member's place."""
        text = re.sub(r"(/u/|/preferences/)\S+", r"\1…", message.body_text)
        return format_html('<div style="white-space: pre-line">{}</div>', text)

    @display(description="member")
    def who(self, message: Message) -> SafeString:
        return member_link(message.member)

    @display(description="class", label=True)
    def kind(self, message: Message) -> str:
        return message.get_message_class_display()

    @display(description="ref")
    def known_as(self, message: Message) -> SafeString:
        return code(message.ref)

    @display(description="state", label=STATES)
    def state_label(self, message: Message) -> str:
        return message.get_state_display()

    @display(description="what now")
    def what_now(self, message: Message) -> str:
        return WHAT_NOW[Message.State(message.state)]
