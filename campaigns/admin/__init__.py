"""Doors for staff, one file per subject. Django's autodiscovery imports this."""

from campaigns.admin import dashboard

__all__ = ["dashboard"]
