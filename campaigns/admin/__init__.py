"""Doors for staff, one file per subject. Django's autodiscovery imports this."""

from campaigns.admin import campaigns, dashboard, runs, segments

__all__ = ["campaigns", "dashboard", "runs", "segments"]
