"""A filter from one day to another, both included."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import get_current_timezone
from unfold.contrib.filters.admin import RangeDateFilter


class DaysFilter(RangeDateFilter):
    """The theme's form over moments: its own filter would end at the first second of the last day."""

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        name = self.field_path
        first, last = self._day(f"{name}_from"), self._day(f"{name}_to")
        if first is not None:
            rows = rows.filter(**{f"{name}__gte": _midnight(first)})
        if last is not None:
            rows = rows.filter(**{f"{name}__lt": _midnight(last + timedelta(days=1))})
        return rows

    def _day(self, parameter: str) -> date | None:
        """What was typed, None if that is no day."""
        try:
            return date.fromisoformat(str(self.used_parameters.get(parameter, "")))
        except ValueError:
            return None


def _midnight(day: date) -> datetime:
    """Where the day begins in the time of the page."""
    return datetime.combine(day, time(), tzinfo=get_current_timezone())
