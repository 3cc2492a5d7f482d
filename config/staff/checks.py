"""Django and axes look for certain layers in `MIDDLEWARE`; ours are in `ADMIN_MIDDLEWARE`, so we look there."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

NEEDED_IN_ORDER = [
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]


@register(Tags.security)
def staff_pages_have_their_layers(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    """Each layer that the sign-in relies on is there, and in an order in which it works."""
    found = [name for name in settings.ADMIN_MIDDLEWARE if name in NEEDED_IN_ORDER]
    if found == NEEDED_IN_ORDER and "config.staff.middleware.ForAdminOnly" in settings.MIDDLEWARE:
        return []
    return [
        Error(
            "The pages of the staff lack a layer, or have them in another order.",
            hint=f"ADMIN_MIDDLEWARE needs, in this order: {', '.join(NEEDED_IN_ORDER)}.",
            id="staff.E001",
        )
    ]


@register(Tags.security, deploy=True)
def administrators_need_a_second_factor(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    """Where real customers are, a password alone is not enough for who may do everything."""
    if settings.REGULARS_REQUIRE_SECOND_FACTOR:
        return []
    return [
        Warning(
            "Administrators can sign in with a password alone.",
            hint="Set REGULARS_REQUIRE_SECOND_FACTOR=1.",
            id="staff.W001",
        )
    ]
