"""Asking for service cases."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, Q, QuerySet

from omnichannel.errors import CaseNotFound
from omnichannel.models import CaseStep, ServiceCase
from omnichannel.models.cases import STILL_OPEN


def cases_in(programme_id: int | None, place_id: int | None = None) -> QuerySet[ServiceCase]:
    """Those that a key may see: of its programme, of its store; None for all."""
    rows = ServiceCase.objects.select_related("member", "programme", "place", "owner")
    if programme_id is not None:
        rows = rows.filter(programme_id=programme_id)
    return rows.filter(place_id=place_id) if place_id is not None else rows


def get_case(ref: str, *, programme_id: int | None, place_id: int | None = None) -> ServiceCase:
    """
    :raises CaseNotFound: if there is none that this key may see.
    """
    found = cases_in(programme_id, place_id).filter(ref=ref).first()
    if found is None:
        raise CaseNotFound
    return found


def get_member_of_case(case_id: int) -> int:
    return ServiceCase.objects.values_list("member_id", flat=True).get(pk=case_id)


def lock_case(case_id: int) -> ServiceCase:
    """A case, locked until commit.

    :raises CaseNotFound: if there is none.
    """
    found = ServiceCase.objects.select_for_update(of=("self",)).filter(pk=case_id).first()
    if found is None:
        raise CaseNotFound
    return found


def list_cases_of(
    member_ids: Collection[int], *, limit: int, places: Collection[int] = ()
) -> list[ServiceCase]:
    """A member's cases, the newest first.

    :param places: at these stores, or at none; empty for all.
    """
    rows = ServiceCase.objects.filter(member_id__in=member_ids).select_related("owner")
    if places:
        rows = rows.filter(Q(place_id__in=places) | Q(place__isnull=True))
    return list(rows.order_by("-opened_at", "-pk")[:limit])


def overdue(rows: QuerySet[ServiceCase], *, now: datetime) -> QuerySet[ServiceCase]:
    """Those that are still open and should have been solved."""
    return rows.filter(state__in=STILL_OPEN, due_at__lt=now)


def most_pressing_first(rows: QuerySet[ServiceCase]) -> QuerySet[ServiceCase]:
    return rows.order_by("priority", F("due_at").asc(nulls_last=True), "pk")


def list_steps(case_id: int) -> list[CaseStep]:
    """Every change, the latest first."""
    return list(CaseStep.objects.filter(case_id=case_id).order_by("-number"))
