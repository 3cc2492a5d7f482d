"""Celery, which wakes workers; what must be done stands in tables. The settings that hold it are in `settings.py`."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_ready

from config.ground.readiness import say_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's checks at a start would load every page, and Celery throws away what they say.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("regulars")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
@beat_init.connect
def _say_ready(**_about: Any) -> None:
    """The worker listens to the broker, its processes run; beat has read its schedule from the database."""
    say_ready()
