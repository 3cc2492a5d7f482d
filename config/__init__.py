"""Wiring, and below it the ground that every floor stands on.

Celery's app is named here so that tasks find it wherever the floors are loaded.
"""

from config.celery import app as celery_app

__all__ = ["celery_app"]
