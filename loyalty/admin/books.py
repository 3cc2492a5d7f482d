"""The books: liability, months that are closed, the journal, and breakage with its forecast."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import ProgrammingError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin

from config.ground import clock
from config.ground.amounts import money
from config.ground.refusals import Refusal
from config.ground.spreadsheets import csv_lines
from config.staff.actors import actor_of, name_actors
from config.staff.admin.changes import TellsChanges
from config.staff.admin.readonly import ReadOnlyAdmin
from config.staff.fields import AmountField, WholeField
from config.staff.site import site
from loyalty.admin.books_page import STATES, address_of, books_page, month_page
from loyalty.admin.of_programme import OfOneProgramme
from loyalty.models import BookMonth, JournalAccount, PointCost
from loyalty.queries.books import Books
from loyalty.queries.closing import preview_close
from loyalty.queries.vocabulary import Home, list_homes
from loyalty.rules.books import JOURNAL_HEADERS, journal_rows
from loyalty.services.closing import agree_to_close, ask_to_close, leave_open
from omnichannel.queries.places import list_programmes_served

MAY_CLOSE = "loyalty.close_bookmonth"


@admin.register(BookMonth, site=site)
class BooksAdmin(ReadOnlyAdmin):
    """The books of a programme as one page, and a page for each of its months."""

    def get_urls(self) -> list[URLPattern]:
        month = "<int:programme_id>/<str:month>/"
        return [
            path(month, self.admin_site.admin_view(self.month), name="loyalty_books_month"),
            path(
                f"{month}journal.csv", self.admin_site.admin_view(self.journal), name="loyalty_books_journal"
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """The whole programme; of several the one that is asked for."""
        self._ensure(request, self.has_view_permission(request))
        homes = self._homes(request)
        wanted = request.GET.get("programme", "")
        home = next((home for home in homes if str(home.id) == wanted), homes[0] if homes else None)
        shown = books_page(Books(home), now=clock.now()) if home else {}
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Books of {home.name}" if home else "Books",
            "home": home,
            "homes": homes,
            "may_say_cost": request.user.has_perm("loyalty.add_pointcost"),
            **shown,
        }
        return render(request, "loyalty/admin/books.html", page)

    def month(self, request: HttpRequest, programme_id: int, month: str) -> HttpResponse:
        """One month: what it came to, what it lacks, and the buttons of whoever may close it."""
        self._ensure(request, self.has_view_permission(request))
        books, first = self._books(request, programme_id), _month(month)
        if request.method == "POST":
            return self._decide(request, books, first)
        row = BookMonth.objects.filter(programme_id=books.home.id, month_on=first).first()
        state = row.state if row else "open"
        preview = preview_close(books.home, first, now=clock.now()) if state != "closed" else None
        names = name_actors([row.asked_by, row.decided_by]) if row else {}
        may_close = request.user.has_perm(MAY_CLOSE)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{first:%B %Y}, {books.home.name}",
            "home": books.home,
            "state": state,
            "colour": STATES[state],
            "preview": preview,
            "asked_by": names.get(row.asked_by, row.asked_by) if row else "",
            "decided_by": names.get(row.decided_by, row.decided_by) if row else "",
            "may_ask": may_close and state == "open",
            "may_agree": may_close and row and state == "waiting" and row.asked_by != actor_of(request),
            "may_leave": may_close and state == "waiting",
            "csv": reverse("admin:loyalty_books_journal", args=[books.home.id, month]),
            **month_page(books, first, row),
        }
        return render(request, "loyalty/admin/book_month.html", page)

    def journal(self, request: HttpRequest, programme_id: int, month: str) -> StreamingHttpResponse:
        """The month's journal as a file for the bookkeeping."""
        self._ensure(request, self.has_view_permission(request))
        books, first = self._books(request, programme_id), _month(month)
        home = books.home
        rows = journal_rows(books.journal(first), month=first, programme=home.code, currency=home.currency)
        name = f"journal-{home.code}-{first:%Y-%m}.csv"
        return StreamingHttpResponse(
            csv_lines(JOURNAL_HEADERS, rows),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _decide(self, request: HttpRequest, books: Books, month: date) -> HttpResponse:
        self._ensure(request, request.user.has_perm(MAY_CLOSE))
        by, now = actor_of(request), clock.now()
        acts: dict[str, tuple[Callable[[], BookMonth | None], str]] = {
            "_ask": (lambda: ask_to_close(books.home, month, by=by, now=now), ""),
            "_agree": (lambda: agree_to_close(books.home, month, by=by, now=now), ""),
            "_leave": (lambda: leave_open(books.home, month), f"{month:%B %Y} stays open."),
        }
        chosen = next((act for name, act in acts.items() if name in request.POST), None)
        if chosen is None:
            raise Http404
        try:
            row = chosen[0]()
        except Refusal as refused:
            messages.error(request, refused.detail)
        else:
            said = chosen[1] or f"{month:%B %Y} {row.get_state_display() if row else ''}."
            if row is not None:
                self.log_change(request, row, said)
            messages.success(request, said)
        return HttpResponseRedirect(address_of(books, month))

    def _books(self, request: HttpRequest, programme_id: int) -> Books:
        home = next((home for home in self._homes(request) if home.id == programme_id), None)
        if home is None:
            raise Http404
        return Books(home)

    def _homes(self, request: HttpRequest) -> list[Home]:
        served = list_programmes_served(request.user.pk) if request.user.pk else []
        return [home for home in list_homes() if not served or home.id in served]

    def _ensure(self, request: HttpRequest, may: bool) -> None:
        if not may:
            raise PermissionDenied


class PointCostForm(forms.ModelForm):
    """`home` is set by the page."""

    home: Home

    per_points = WholeField(label="So many points", min_value=1, initial=10)
    cost_minor = AmountField(label="cost", help_text="What they cost the house when they are spent.")

    class Meta:
        model = PointCost
        fields = ("from_on", "per_points", "cost_minor")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if "cost_minor" in self.fields:
            self.fields["cost_minor"].in_currency(self.home.currency)  # type: ignore[attr-defined]  # ours
        if not self.instance.pk:
            self.instance.programme_id = self.home.id

    def clean_from_on(self) -> date:
        day: date = self.cleaned_data["from_on"]
        closed = max(Books(self.home).closed.values(), key=lambda row: row.last_on, default=None)
        first = min(day, self.instance.from_on or day)
        if closed is not None and first <= closed.last_on:
            raise forms.ValidationError(f"The books are closed up to {closed.last_on}.")
        same = PointCost.objects.filter(programme_id=self.home.id, from_on=day).exclude(pk=self.instance.pk)
        if same.exists():
            raise forms.ValidationError("This day has its cost already: change that one.")
        return day


@admin.register(PointCost, site=site)
class PointCostAdmin(TellsChanges, OfOneProgramme):
    """What a point costs, and from when. A closed month keeps the cost it was closed with."""

    form = PointCostForm
    list_display = ("from_on", "programme", "says")
    list_select_related = ("programme",)
    list_filter = ("programme",)
    ordering = ("programme", "-from_on")
    fields = ("from_on", ("per_points", "cost_minor"))
    compressed_fields = True

    def delete_model(self, request: HttpRequest, obj: PointCost) -> None:
        """The database refuses what a closed month stands on."""
        try:
            with transaction.atomic():
                super().delete_model(request, obj)
        except ProgrammingError:
            messages.error(request, "The books are closed with this cost.")

    @admin.display(description="cost")
    def says(self, row: PointCost) -> str:
        return f"{row.per_points:,} points cost {money(row.cost_minor, row.programme.currency)}"


@admin.register(JournalAccount, site=site)
class JournalAccountAdmin(TellsChanges, ModelAdmin):
    """Which accounts a side of the books goes to. Closed months keep theirs."""

    list_display = ("side", "programme", "debit", "credit")
    list_select_related = ("programme",)
    list_filter = ("programme",)
    ordering = ("programme", "pk")
    compressed_fields = True


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as fault:
        raise Http404 from fault
