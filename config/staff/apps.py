from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


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

    default_site = "config.staff.site.RegularsSite"
