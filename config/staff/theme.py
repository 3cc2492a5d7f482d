"""How the admin looks: the theme's settings. `config/settings.py` reads them, so nothing of Django's runs here yet."""

from typing import Any

THEME: dict[str, Any] = {
    "SITE_TITLE": "Regulars",
    "SITE_HEADER": "Regulars",
    "SITE_SUBHEADER": "Remembers every customer",
}
