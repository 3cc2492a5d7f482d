"""Who changed what when: the history that the database keeps of a row, below the row's form."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import get_current_timezone
from unfold.admin import ModelAdmin

from config.ground.moments import moment
from config.staff.actors import name_actors

Words = Mapping[str, tuple[str, Callable[[Any], str]]]
"""Field -> what it is called and how its value is said, where that is not as it is stored."""

_UNKNOWN = "no colleague: a program or the console"


@dataclass(frozen=True)
class Change:
    """One change: when, by whom, and in words what was before and after, e.g. `name: Gold → Golden`."""

    at: datetime
    by: str
    words: list[str]


class TellsChanges(ModelAdmin):
    """A page of rows that `config.ground.history.before_each_change` tracks."""

    change_form_outer_after_template = "staff/changes.html"

    def rows_told(self, row: Any) -> Iterable[tuple[Model, str]]:
        """The rows whose changes are told, each with what to put before its fields."""
        return [(row, "")]

    def words_of(self, row: Any) -> Words:
        return {}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **more: Any
    ) -> HttpResponse:
        row = more.get("obj")
        if row is not None:
            stored = type(row)._default_manager.get(pk=row.pk)
            told = list(self.rows_told(stored))
            context["changes"] = list_changes(told, self.words_of(stored))
        answer: HttpResponse = super().render_change_form(request, context, *args, **more)
        return answer


def list_changes(rows: Iterable[tuple[Model, str]], words: Words) -> list[Change]:
    """The changes of these rows as they are stored, the newest first. A statement for each row, and one for names."""
    changes = [change for row, prefix in rows for change in _changes_of(row, prefix, words)]
    names = name_actors(change.by for change in changes)
    told = [Change(one.at, names.get(one.by, _UNKNOWN), one.words) for one in changes if one.words]
    return sorted(told, key=lambda change: change.at)[::-1]


def _changes_of(row: Any, prefix: str, words: Words) -> Iterable[Change]:
    """A row of the history is the state before a change; what came after is the next one, at last the row itself."""
    befores = list(row.events.filter(pgh_label="changed").select_related("pgh_context").order_by("pgh_id"))
    for before, after in pairwise([*befores, row]):
        changed = [
            field
            for field in row._meta.concrete_fields
            if hasattr(before, field.attname)
            and getattr(before, field.attname) != getattr(after, field.attname)
        ]
        said = [f"{prefix}{_said(field, before, after, words)}" for field in changed]
        metadata = before.pgh_context.metadata if before.pgh_context else {}
        yield Change(before.pgh_created_at, f"staff:{metadata.get('user')}", said)


def _said(field: Any, before: Any, after: Any, words: Words) -> str:
    name, say = words.get(field.name, (field.verbose_name, lambda value: _value(field, value)))
    return f"{name}: {say(getattr(before, field.attname))} → {say(getattr(after, field.attname))}"


def _value(field: Any, value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value, get_current_timezone())
    return str(dict(field.flatchoices).get(value, value))
