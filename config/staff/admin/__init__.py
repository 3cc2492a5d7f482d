"""Doors for administrators: people, roles, sign-ins and what was changed. Django's autodiscovery imports this."""

from config.staff.admin import clockwork, exports, history, jobs, people, signins

__all__ = ["clockwork", "exports", "history", "jobs", "people", "signins"]
