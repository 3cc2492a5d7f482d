"""Doors for staff, one file per subject. Django's autodiscovery imports this."""

from members.admin import consents, dashboard, members

__all__ = ["consents", "dashboard", "members"]
