"""Event types: what shops and apps may tell that people did, declared without code."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.http.response import HttpResponse
from django.urls import reverse
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from config.staff.admin.changes import TellsChanges
from config.staff.site import site
from omnichannel.admin.own_stores import of_own_programmes
from omnichannel.admin.shown import code
from omnichannel.models import EventProperty, EventType, Programme
from omnichannel.queries.places import lock_programme
from omnichannel.rules import behaviour as rules
from omnichannel.rules.behaviour import LONGEST_CLAIM_DAYS, Property
from omnichannel.rules.built_in_events import BUILT_IN, find_fault_of_type


class EventTypeForm(forms.ModelForm):
    """Which programme and code it has is said once."""

    claimed_within_days = forms.IntegerField(
        label="Earns if claimed within days",
        required=False,
        min_value=0,
        max_value=LONGEST_CLAIM_DAYS,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=EventType._meta.get_field("claimed_within_days").help_text,
    )

    def clean_claimed_within_days(self) -> int:
        return self.cleaned_data["claimed_within_days"] or 0

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        programme, code_told = told.get("programme"), told.get("code")
        if not self.instance.pk and programme and code_told:
            known = EventType.objects.filter(programme=programme, code=code_told)
            if known.exists():
                self.add_error(
                    "code", "The programme declares this type already. Open that one to change it."
                )
        return told


class PropertyForm(forms.ModelForm):
    allowed = SimpleArrayField(
        forms.CharField(max_length=100),
        label="Only these",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "any"}),
        help_text=EventProperty._meta.get_field("allowed").help_text,
    )

    class Meta:
        model = EventProperty
        fields = ("name", "kind", "is_required", "allowed")


class PropertiesFormSet(BaseInlineFormSet):
    """Checked together as the service checks them."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        told = [one.cleaned_data for one in self.forms if one.cleaned_data and not one.cleaned_data["DELETE"]]
        properties = [
            Property(
                name=one["name"], kind=one["kind"], is_required=one["is_required"], allowed=one["allowed"]
            )
            for one in told
            if one.get("name")
        ]
        row: EventType = self.instance
        fault = find_fault_of_type(
            rules.EventType(code=row.code, title=row.title, properties=properties, is_act=row.is_act)
        )
        if fault:
            raise ValidationError(fault.detail)


class PropertyInline(TabularInline):
    """What events of the type say of themselves."""

    model = EventProperty
    form = PropertyForm
    formset = PropertiesFormSet
    fields = ("name", "kind", "is_required", "allowed")
    verbose_name = "property"
    verbose_name_plural = "properties"

    def get_extra(self, request: HttpRequest, obj: EventType | None = None, **more: Any) -> int:
        like = _like(request)
        return 1 + (len(like.properties) if like and obj is None else 0)


@admin.register(EventType, site=site)
class EventTypeAdmin(TellsChanges):
    """What the programme declares; the built-in types stand below and are declared otherwise with one click."""

    form = EventTypeForm
    inlines = (PropertyInline,)
    list_display = ("title", "code_shown", "says", "is_act", "is_told_by_members", "is_retired", "programme")
    list_filter = ("programme", "is_act", "is_told_by_members", "is_retired")
    list_select_related = ("programme",)
    search_fields = ("code", "title")
    ordering = ("programme", "title")
    compressed_fields = True
    warn_unsaved_form = True
    fields = (
        "programme",
        ("title", "code"),
        "is_act",
        "claimed_within_days",
        "is_told_by_members",
        "is_retired",
    )
    list_after_template = "omnichannel/admin/built_in_events.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[EventType]:
        types: QuerySet[EventType] = super().get_queryset(request)
        return of_own_programmes(request, types).prefetch_related("properties")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_add = self.has_add_permission(request)
        add = reverse("admin:omnichannel_eventtype_add")
        told = [
            {
                "type": one,
                "says": words_of_properties(one.properties),
                "link": f"{add}?like={one.code}" if may_add else "",
            }
            for one in BUILT_IN.values()
        ]
        more = {"built_in": told, **(extra_context or {})}
        answer: HttpResponse = super().changelist_view(request, extra_context=more)
        return answer

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new type is for the first of one's own programmes, and says what the built-in one says that it stands
        for.
        """
        first = of_own_programmes(request, Programme.objects.order_by("pk"), programme="pk").first()
        initial: dict[str, Any] = {"programme": first.pk if first else None}
        if like := _like(request):
            names = ("title", "code", "is_act", "is_told_by_members")
            initial |= {name: getattr(like, name) for name in names}
        return initial

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **more: Any) -> Any:
        if db_field.name == "programme":
            more["queryset"] = of_own_programmes(request, Programme.objects.order_by("pk"), programme="pk")
        return super().formfield_for_foreignkey(db_field, request, **more)

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        like = _like(request)
        if like is not None and request.method == "GET" and not (obj and obj.pk):
            kwargs["initial"] = [
                {name: getattr(one, name) for name in PropertyForm.Meta.fields} for one in like.properties
            ]
        return kwargs

    def get_readonly_fields(self, request: HttpRequest, obj: EventType | None = None) -> tuple[str, ...]:
        return ("programme", "code") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: EventType | None = None) -> dict[str, Any]:
        return {} if obj else {"code": ("title",)}

    def save_model(self, request: HttpRequest, obj: EventType, form: Any, change: bool) -> None:
        """Nobody who has read the type and sends its ETag comes between."""
        lock_programme(obj.programme_id)
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: EventType | None = None) -> bool:
        """What was told names it for ever; a type that is over is retired."""
        return False

    def rows_told(self, row: EventType) -> Iterable[tuple[Model, str]]:
        return [(row, ""), *((one, f"{one.name}, ") for one in row.properties.all())]

    @display(description="code")
    def code_shown(self, kind: EventType) -> str:
        return code(kind.code)

    @display(description="properties")
    def says(self, kind: EventType) -> str:
        return words_of_properties(kind.properties.all())


def _like(request: HttpRequest) -> rules.EventType | None:
    """The built-in type that a new one is to stand for."""
    return BUILT_IN.get(request.GET.get("like", ""))


def words_of_properties(properties: Iterable[Property | EventProperty]) -> str:
    """What events of a type say: `product, rating (number), survey (must be told)`."""
    return ", ".join(_words(one) for one in properties) or "none"


def _words(one: Property | EventProperty) -> str:
    kinds = {"number": "number", "yes_no": "yes or no", "moment": "moment"}
    notes = [kinds[one.kind]] if one.kind in kinds else []
    notes += ["must be told"] if one.is_required else []
    notes += [f"one of {', '.join(one.allowed)}"] if one.allowed else []
    return f"{one.name} ({'; '.join(notes)})" if notes else one.name
