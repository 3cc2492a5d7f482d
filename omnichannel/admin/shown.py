"""How amounts, moments and people are shown on this floor's pages."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.ground.amounts import money
from config.ground.moments import moment
from members.rules.people import Named, name_of

LOOK_OF_LINKS = "text-primary-600 dark:text-primary-500"


def amount(minor: int | None, currency: str) -> SafeString | str:
    """Money that keeps its order in right-to-left languages too; nothing for None."""
    return "" if minor is None else code(money(minor, currency))


def code(text: str) -> SafeString:
    """A ref, number or code, read from left to right."""
    return format_html('<bdi dir="ltr">{}</bdi>', text)


def wall_time(at: datetime, timezone: str) -> str:
    """When it was by the clock on the wall there: `2026-11-21 10:15`."""
    return moment(at, ZoneInfo(timezone))


def member_link(member: Named) -> SafeString:
    """The member's name, or ref if there is none, leading to the member's page."""
    page = reverse("admin:members_member_change", args=[member.pk])
    return format_html('<a href="{}" class="{}">{}</a>', page, LOOK_OF_LINKS, name_of(member))
