"""The entry for web servers: `granian --interface wsgi config.wsgi:application`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.ground.shared_counts import share_counts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

share_counts(settings.HOME / "metrics")
application = get_wsgi_application()
