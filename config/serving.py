"""All that answers requests, imported: every door and page. `wsgi.py` makes the application of it."""

import os
from importlib import import_module

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.ground.shared_counts import share_counts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

share_counts(settings.HOME / "metrics")
if settings.SECRET_KEY.startswith("not-secret-"):
    raise ImproperlyConfigured(
        "Set SECRET_KEY to about 50 random characters; sessions and cards are signed with it."
    )

django.setup()
import_module(settings.ROOT_URLCONF)  # now, not while the first customer waits
