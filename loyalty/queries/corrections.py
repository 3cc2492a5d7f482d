"""Corrections that wait, and how far a colleague may go alone."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Case, Max, QuerySet, Value, When

from loyalty.errors import CorrectionNotFound
from loyalty.models import Correction, CorrectionLimit, CorrectionState


def limit_of(roles: Collection[str], programme_id: int) -> int:
    """So many points these roles may give or take at once without a second person: the highest of their limits."""
    limits = CorrectionLimit.objects.filter(programme_id=programme_id, role__in=roles)
    found: int | None = limits.aggregate(most=Max("points"))["most"]
    return found or 0


def count_corrected(wallet_id: int, *, by: str, since: datetime) -> int:
    """Points that a colleague gave and took of a wallet since a moment without anybody else."""
    alone = Correction.objects.filter(
        wallet_id=wallet_id, asked_by=by, decided_by="", state=CorrectionState.BOOKED, asked_at__gt=since
    )
    return sum(abs(points) for points in alone.values_list("points", flat=True))


def lock_correction(correction_id: int) -> Correction:
    """The correction with its wallet, locked until commit.

    :raises CorrectionNotFound: there is none with this id.
    """
    rows = Correction.objects.select_related("wallet").select_for_update(of=("self",))
    correction = rows.filter(pk=correction_id).first()
    if correction is None:
        raise CorrectionNotFound
    return correction


def get_member_of_correction(correction_id: int) -> int:
    """
    :raises CorrectionNotFound: there is none with this id.
    """
    member_id = Correction.objects.filter(pk=correction_id).values_list("member_id", flat=True).first()
    if member_id is None:
        raise CorrectionNotFound
    return member_id


def waiting_first(corrections: QuerySet[Correction]) -> QuerySet[Correction]:
    """Those that wait for somebody in front, then the newest."""
    waits = Case(When(state=CorrectionState.WAITING, then=Value(0)), default=Value(1))
    return corrections.order_by(waits, "-asked_at", "-pk")
