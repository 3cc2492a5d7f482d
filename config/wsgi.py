"""The entry for web servers: `granian --interface wsgi config.wsgi:application`."""

import os
from importlib import import_module

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from config.ground.handler import Handler
from config.ground.shared_counts import share_counts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

share_counts(settings.HOME / "metrics")
if settings.SECRET_KEY.startswith("not-secret-"):
    raise ImproperlyConfigured(
        "Set SECRET_KEY to about 50 random characters; sessions and cards are signed with it."
    )

django.setup()
import_module(settings.ROOT_URLCONF)  # all doors and pages now, not while the first customer waits
application = Handler()
if settings.TRUSTED_PROXIES:
    # Limits and lock-outs count by address: behind a proxy it is the client's, not the proxy's, that must count.
    application = wrap_wsgi_with_proxy_headers(application, trusted_hosts=settings.TRUSTED_PROXIES)
