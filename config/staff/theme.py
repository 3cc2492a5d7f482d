"""How the admin looks: the theme's settings. `config/settings.py` reads them, so nothing of Django's runs here yet."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

_MATCHA = {
    "50": "oklch(97.9% .021 166)",
    "100": "oklch(95% .052 163)",
    "200": "oklch(90.5% .093 164)",
    "300": "oklch(84.5% .143 165)",
    "400": "oklch(76.5% .177 163)",
    "500": "oklch(64% .15 162)",
    "600": "oklch(50.8% .118 165.6)",
    "700": "oklch(43.2% .095 167)",
    "800": "oklch(37.8% .077 169)",
    "900": "oklch(31% .062 171)",
    "950": "oklch(26.2% .051 172.5)",
}
"""The green of tea; 600 is dark enough to carry white text (contrast above 5 to 1)."""

_CLAY = {
    "50": "oklch(98.5% .001 106)",
    "100": "oklch(97% .001 106)",
    "200": "oklch(92.3% .003 49)",
    "300": "oklch(86.9% .005 56)",
    "400": "oklch(70.9% .01 56)",
    "500": "oklch(55.3% .013 58)",
    "600": "oklch(44.4% .011 74)",
    "700": "oklch(37.4% .01 68)",
    "800": "oklch(26.8% .007 34)",
    "900": "oklch(21.6% .006 56)",
    "950": "oklch(14.7% .004 49)",
}


def environment(_request: HttpRequest) -> list[str] | None:
    """The badge beside the header: none where real customers are."""
    if settings.DEBUG:
        return ["Debug", "danger"]
    return ["Sandbox", "warning"] if settings.SANDBOX else None


THEME: dict[str, Any] = {
    "SITE_TITLE": "Regulars",
    "SITE_HEADER": "Regulars",
    "SITE_SUBHEADER": "Remembers every customer",
    "SITE_URL": None,
    "SITE_ICON": lambda _request: static("staff/cup.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("staff/cup.svg")},
    ],
    "LOGIN": {"image": lambda _request: static("staff/tea-house.svg")},
    "STYLES": [lambda _request: static("staff/admin.css")],
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "config.staff.theme.environment",
    "BORDER_RADIUS": "8px",
    "COLORS": {"base": _CLAY, "primary": _MATCHA},
    "COMMAND": {"search_callback": "config.staff.search.find_rows", "show_history": True},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "config.staff.navigation.groups_for",
    },
    "ACCOUNT": {
        "navigation": [
            {"title": "Second factor", "link": reverse_lazy("admin:second_factor")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ]
    },
}
