"""Our admin site. Every floor registers its pages on `site`: `from config.staff.site import site`."""

from collections.abc import Iterable
from typing import Any, cast

from csp.decorators import csp_update
from django.contrib import admin
from django.contrib.auth import BACKEND_SESSION_KEY
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from config.staff import dashboard, pages, second_factor, signin
from config.staff.models import Staff

FOR_THE_THEME = {"script-src": ["'self'", "'unsafe-eval'"]}
"""What the theme's Alpine needs beyond the policy of `CONTENT_SECURITY_POLICY`; no other page may do it."""

LIBRARIES_LEFT_OUT = ("axes.", "django.contrib.auth.", "django_celery_beat.", "django_otp.", "pghistory.")
"""Pages these bring along are left out: the ones we want are in `config/staff/admin`, in our look. The device pages
would show every colleague's secret."""


class RegularsSite(UnfoldAdminSite):
    """The theme's site with our sign-in: a password alone admits nobody who has a second factor, or must have one."""

    index_title = "Dashboard"
    index_template = "staff/dashboard.html"

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[admin.ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        if admin_class is None or not admin_class.__module__.startswith(LIBRARIES_LEFT_OUT):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether this session may be here at all: staff, active, and proved where proof is needed."""
        return bool(super().has_permission(request)) and _is_proved(_person(request))

    def get_urls(self) -> list[URLPattern]:
        doors = [
            path("sign-in/code/", self.sign_in_code, name="sign_in_code"),
            path("second-factor/", self.own_second_factor, name="second_factor"),
        ]
        urls: list[URLPattern] = [*doors, *super().get_urls()]
        return urls

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return csp_update(FOR_THE_THEME)(super().admin_view(view, cacheable))

    @method_decorator(csp_update(FOR_THE_THEME))
    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The first step; who is past it goes to the next."""
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        if request.method == "GET" and super().has_permission(request):
            backend = request.session[BACKEND_SESSION_KEY]
            return signin.let_wait(
                request, _person(request), backend=backend, next_url=reverse("admin:index")
            )
        next_url = request.POST.get("next") or request.GET.get("next") or reverse("admin:index")
        context = {
            **self.each_context(request),
            "title": "Sign in",
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            "next": next_url,
            **(extra_context or {}),
        }
        request.current_app = self.name
        step = signin.PasswordStep.as_view(
            extra_context=context,
            authentication_form=self.login_form,
            template_name=self.login_template or "admin/login.html",
        )
        return cast(HttpResponse, step(request))

    @method_decorator(csp_update(FOR_THE_THEME))
    @method_decorator(never_cache)
    def sign_in_code(self, request: HttpRequest) -> HttpResponse:
        """The second step."""
        return pages.sign_in_code(request, self.each_context(request))

    @method_decorator(csp_update(FOR_THE_THEME))
    @method_decorator(never_cache)
    def own_second_factor(self, request: HttpRequest) -> HttpResponse:
        """A person's own second factor: for who is signed in, or must set one up to be."""
        person = _person(request) if self.has_permission(request) else signin.find_waiting(request)
        if person is None:
            return HttpResponseRedirect(reverse("admin:login"))
        if not self.has_permission(request) and second_factor.find_device(person):
            return HttpResponseRedirect(reverse("admin:sign_in_code"))
        return pages.own_second_factor(request, self.each_context(request), person)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The dashboard: the cards this person may see."""
        cards = dashboard.cards_for(_person(request))
        page: HttpResponse = super().index(request, {"cards": cards, **(extra_context or {})})
        return page


def _is_proved(person: Staff) -> bool:
    """Whether the second factor was given in this session, or none is needed."""
    return person.is_verified() or not second_factor.is_needed(person)


def _person(request: HttpRequest) -> Staff:
    """Who is signed in; only asked where somebody is."""
    return cast(Staff, request.user)


site: admin.AdminSite = admin.site
"""The one instance: Django makes it from `StaffAdminConfig.default_site`, so that pages registered by libraries and
ours are on the same site."""
