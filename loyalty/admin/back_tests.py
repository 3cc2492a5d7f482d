"""Back-tests: what a change of rules would have come to, asked for and looked at."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import display

from config.ground import clock
from config.ground.typed import load
from config.staff.actors import actor_of, name_actors
from config.staff.admin.readonly import OwnPageAdmin
from config.staff.site import site
from loyalty.admin.back_test_form import DaysForm, WithoutForm
from loyalty.admin.back_test_page import STATES, page_of, progress_of
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.models import BackTest, BackTestState
from loyalty.queries.back_tests import OPEN
from loyalty.queries.vocabulary import Home
from loyalty.rules.back_tests import Changes, named
from loyalty.services.back_tests import ask_back_test


def ask_from_page(request: HttpRequest, home: Home, changes: Changes, days: DaysForm) -> HttpResponse:
    """Ask for a back-test and lead to its page."""
    asked = ask_back_test(
        programme_id=home.id,
        name=named(changes),
        changes=changes,
        **days.days,
        by=actor_of(request),
        now=clock.now(),
    )
    return HttpResponseRedirect(reverse("admin:loyalty_backtest_change", args=[asked.pk]))


@admin.register(BackTest, site=site)
class BackTestAdmin(OfOneProgramme, OwnPageAdmin):
    """The newest first. A draft of a rule is tried from the rule's own page; what would be without one, from here."""

    list_display = ("name", "days", "state_label", "progress", "more_points", "programme", "asked_at")
    list_filter = ("programme",)
    list_select_related = ("programme",)
    ordering = ("-pk",)

    class Media:
        css = {"all": ("loyalty/rules.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("loyalty.add_backtest"))

    def new_page(self, request: HttpRequest) -> HttpResponse:
        """Ask what would have been without some rules."""
        if not self.has_add_permission(request):
            raise Http404
        home = self.home_of(request)
        form = WithoutForm(
            request.POST or None,
            home=home,
            now=clock.now(),
            initial={"without": request.GET.getlist("without")},
        )
        if form.is_valid():
            return ask_from_page(request, home, Changes(without=form.cleaned_data["without"]), form)
        return self._page(request, "back_test_form", title="What if a rule had not been?", form=form)

    def row_page(self, request: HttpRequest, back_test: BackTest) -> HttpResponse:
        """How far it came and what it came to; its form tries the same on other days."""
        home = self.home_of(request, back_test)
        days = {"since_on": back_test.since_on, "until_on": back_test.until_on}
        form = DaysForm(request.POST or None, home=home, now=clock.now(), initial=days)
        may_ask = self.has_add_permission(request)
        if may_ask and form.is_valid():
            return ask_from_page(request, home, load(Changes, back_test.changes), form)
        return self._page(
            request,
            "back_test",
            title=back_test.name,
            back_test=back_test,
            form=form if may_ask else None,
            is_open=back_test.state in OPEN,
            asked_by=name_actors([back_test.asked_by]).get(back_test.asked_by, back_test.asked_by),
            **page_of(back_test),
        )

    def _page(self, request: HttpRequest, name: str, **shown: Any) -> HttpResponse:
        form = shown.get("form")
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            **shown,
            "media": self.media + form.media if form else self.media,
        }
        return render(request, f"loyalty/admin/{name}.html", page)

    @display(description="days")
    def days(self, back_test: BackTest) -> str:
        return f"{back_test.since_on} – {back_test.until_on}"

    @display(description="state", label=STATES)
    def state_label(self, back_test: BackTest) -> str:
        return back_test.state

    @display(description="done")
    def progress(self, back_test: BackTest) -> str:
        return f"{progress_of(back_test)} %"

    @display(description="more points")
    def more_points(self, back_test: BackTest) -> str:
        if back_test.state != BackTestState.DONE:
            return ""
        points = back_test.tally["points"]
        return f"{points['after'] - points['before']:+,}"
