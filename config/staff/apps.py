from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin_apps
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register


class StaffConfig(AppConfig):
    name = "config.staff"
    label = "staff"
    verbose_name = "Staff"

    def ready(self) -> None:
        from config.staff import checks  # noqa: F401, PLC0415 - importing it is what registers the checks


class StaffAdminConfig(admin_apps.SimpleAdminConfig):
    """Django's admin on our own site.

    The theme's default app would put its own site in place of ours, and with it a sign-in that knows no second
    factor; so the theme is installed by its plain app and the site is named here. The pages are a third of what there
    is to import: `config/urls.py` loads them, for who serves pages; the worker, the relay and beat do without.
    """

    default = False
    default_site = "config.staff.site.RegularsSite"

    def ready(self) -> None:
        register(check_dependencies, Tags.admin)
        register(check_pages, Tags.admin)


def check_pages(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Django's check of every page of the admin, which would find none in a process that serves no pages."""
    import_module(settings.ROOT_URLCONF)
    return list(check_admin_app(app_configs, **options))
