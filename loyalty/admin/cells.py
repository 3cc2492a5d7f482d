"""How loyalty's tables in the admin write what stands in them."""

from datetime import datetime

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.ground import moments
from loyalty.rules.lots import UNTIL_COLLECTED


def code(text: str) -> SafeString:
    """A ref or code, which reads left to right in every language."""
    return format_html('<bdi dir="ltr" class="font-mono text-xs">{}</bdi>', text)


def points(number: int) -> SafeString:
    """A movement with its sign."""
    return format_html('<bdi dir="ltr" class="font-semibold tabular-nums">{}</bdi>', f"{number:+,}")


def amount(number: int) -> SafeString:
    """A number that may break no line and lines up with others."""
    return format_html('<bdi dir="ltr" class="tabular-nums">{}</bdi>', f"{number:,}")


def label(text: str, colour: str) -> SafeString:
    """A coloured label: success, info, warning, danger, primary or default."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "variant": colour})


def moment(at: datetime) -> str:
    """A moment in the zone of the page."""
    return moments.moment(at, timezone.get_current_timezone())


def maturity(available_from: datetime) -> str:
    """From when the points of a lot can be spent."""
    return "collection" if available_from == UNTIL_COLLECTED else moment(available_from)


def link_to_wallet(wallet_id: int, text: str) -> SafeString:
    """A link to the wallet's page."""
    address = reverse("admin:loyalty_wallet_change", args=[wallet_id])
    return format_html('<a class="text-link" href="{}">{}</a>', address, text)


def link_to_member(member_id: int, text: str) -> SafeString:
    """A link to the member's page."""
    address = reverse("admin:members_member_change", args=[member_id])
    return format_html('<a class="text-link" href="{}">{}</a>', address, text)
