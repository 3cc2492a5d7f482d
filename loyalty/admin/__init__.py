"""Doors for staff, one file per subject. Django's autodiscovery imports this."""

from loyalty.admin import dashboard

__all__ = ["dashboard"]
