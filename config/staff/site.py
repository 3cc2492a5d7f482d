"""Our admin site. Every floor registers its pages on `site`: `from config.staff.site import site`."""

from django.contrib import admin
from unfold.sites import UnfoldAdminSite


class RegularsSite(UnfoldAdminSite):
    """The theme's site with our sign-in."""


site: admin.AdminSite = admin.site
"""The one instance: Django makes it from `StaffAdminConfig.default_site`, so that pages registered by libraries and
ours are on the same site."""
