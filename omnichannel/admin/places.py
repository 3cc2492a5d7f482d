"""Stores and web shops, the tills in them, and who serves where."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from config.staff.list_exports import ExportsList
from config.staff.site import site
from omnichannel.admin.own_stores import of_own_stores
from omnichannel.admin.shown import code
from omnichannel.models import Place, StaffPlace, Till


class TillsInline(TabularInline):
    """The tills of a store. A till that is gone keeps its row, for its receipts name it."""

    model = Till
    extra = 0
    can_delete = False
    hide_title = True
    fields = ("code", "name", "known_as")
    readonly_fields = ("known_as",)

    @display(description="ref")
    def known_as(self, till: Till) -> str:
        return code(till.ref) if till.pk else "given when saved"


@admin.register(Place, site=site)
class PlaceAdmin(ExportsList):
    """Stores are closed, not deleted: what was bought there stays."""

    export_columns = {
        "programme": "programme__code",
        **{name: name for name in ("ref", "code", "name", "kind", "is_open")},
    }
    compressed_fields = True
    warn_unsaved_form = True
    list_display = ("name", "code", "kind_of_place", "programme", "tills_counted", "status")
    list_filter = ("programme", "kind", "is_open")
    list_filter_submit = True
    list_select_related = ("programme",)
    search_fields = ("code", "name")
    ordering = ("programme", "code")
    fields = ("name", "programme", "code", "kind", "is_open", "ref")
    inlines = (TillsInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Place]:
        places: QuerySet[Place] = super().get_queryset(request)
        return of_own_stores(request, places, place="pk").annotate(tills_of_it=Count("tills"))

    def get_readonly_fields(self, request: HttpRequest, obj: Place | None = None) -> tuple[str, ...]:
        """Receipts and members name a store by its code, so it stays what it was."""
        return ("ref", "programme", "code", "kind") if obj else ("ref",)

    def has_delete_permission(self, request: HttpRequest, obj: Place | None = None) -> bool:
        return False

    @display(description="kind", ordering="kind", label={"Store": "info", "Web shop": "success"})
    def kind_of_place(self, place: Place) -> str:
        return place.get_kind_display()

    @display(description="tills", ordering="tills_of_it")
    def tills_counted(self, place: Any) -> int:
        return int(place.tills_of_it)

    @display(description="is", ordering="is_open", label={"open": "success", "closed": "danger"})
    def status(self, place: Place) -> str:
        return "open" if place.is_open else "closed"


@admin.register(Till, site=site)
class TillAdmin(ExportsList):
    """All tills, to find one and to give it a key."""

    export_columns = {
        "place": "place__code",
        **{name: name for name in ("ref", "code", "name")},
    }
    compressed_fields = True
    list_display = ("code", "name", "place", "known_as")
    list_filter = (("place", AutocompleteSelectFilter),)
    list_filter_submit = True
    list_select_related = ("place",)
    search_fields = ("code", "name", "ref", "place__code", "place__name")
    ordering = ("place__code", "code")
    autocomplete_fields = ("place",)
    fields = ("place", "code", "name", "ref")
    actions_detail = ("make_its_key",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Till]:
        tills: QuerySet[Till] = super().get_queryset(request)
        return of_own_stores(request, tills.select_related("place"))

    def get_readonly_fields(self, request: HttpRequest, obj: Till | None = None) -> tuple[str, ...]:
        return ("ref", "place", "code") if obj else ("ref",)

    def has_delete_permission(self, request: HttpRequest, obj: Till | None = None) -> bool:
        return False

    @display(description="ref")
    def known_as(self, till: Till) -> str:
        return code(till.ref)

    def has_make_key_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("omnichannel.add_apikey")

    @action(description="Make its key", permissions=["make_key"], icon="key")
    def make_its_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """On to the page that makes keys, with this till filled in."""
        page = reverse("admin:omnichannel_apikey_add")
        return HttpResponseRedirect(f"{page}?till={int(object_id)}&scopes=till")


@admin.register(StaffPlace, site=site)
class StaffPlaceAdmin(ModelAdmin):
    """Who serves which stores. Who serves none in particular sees all that their role allows."""

    compressed_fields = True
    list_display = ("staff", "place")
    list_filter = (("place", AutocompleteSelectFilter),)
    list_filter_submit = True
    list_select_related = ("staff", "place")
    search_fields = ("staff__username", "staff__display_name", "place__code", "place__name")
    autocomplete_fields = ("staff", "place")
    ordering = ("staff__username", "place__code")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffPlace]:
        served: QuerySet[StaffPlace] = super().get_queryset(request)
        return of_own_stores(request, served)
