"""The entry for web servers: `granian --interface wsgi config.wsgi:application`."""

from django.conf import settings
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from config import serving  # noqa: F401 - imports all that answers
from config.ground.handler import Handler

application = Handler()
if settings.TRUSTED_PROXIES:
    # Limits and lock-outs count by address: behind a proxy it is the client's, not the proxy's, that must count.
    application = wrap_wsgi_with_proxy_headers(application, trusted_hosts=settings.TRUSTED_PROXIES)
