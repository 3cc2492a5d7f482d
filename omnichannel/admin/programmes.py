"""Programmes: each brand with its currency and its days."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from config.ground.refusals import Refusal
from config.staff.admin.changes import TellsChanges
from config.staff.site import site
from omnichannel.models import Programme
from omnichannel.services.places import ensure_programme_is_possible


class ProgrammeForm(forms.ModelForm):
    """Checked as the service checks it, so that no shop runs in a timezone that does not exist."""

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        facts = {
            name: told.get(name) or getattr(self.instance, name)
            for name in ("timezone", "currency", "region")
        }
        try:
            ensure_programme_is_possible(**facts)
        except Refusal as refusal:
            field = (refusal.pointer or "").removeprefix("/")
            self.add_error(field if field in self.fields else None, refusal.detail)
        return told


@admin.register(Programme, site=site)
class ProgrammeAdmin(TellsChanges):
    """A programme is named once and never deleted: orders and points stand in its currency and its days."""

    form = ProgrammeForm
    compressed_fields = True
    warn_unsaved_form = True
    list_display = ("name", "code", "currency", "timezone", "region")
    search_fields = ("code", "name")
    ordering = ("name",)
    fields = ("name", "code", "currency", "timezone", "region")

    def get_readonly_fields(self, request: HttpRequest, obj: Programme | None = None) -> tuple[str, ...]:
        return ("code", "currency", "timezone") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Programme | None = None) -> bool:
        return False
