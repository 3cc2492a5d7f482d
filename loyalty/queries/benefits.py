"""What members have of benefits: in hand, dates to choose, bookings."""

from datetime import datetime

import msgspec

from loyalty.models import BenefitBooking, BenefitDate, BenefitGrant
from loyalty.models.benefits import COUNTING


class BookingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A booking; `state` is booked, waiting, used or cancelled. `starts_at`: null without a date."""

    ref: str
    state: str
    starts_at: datetime | None
    where: str
    used_at: datetime | None


class DateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A date that can be booked; with 0 seats left one waits."""

    id: int
    starts_at: datetime
    ends_at: datetime
    where: str
    seats_left: int


class BenefitInHandAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A benefit that the member has. `uses_left`: null for as often as they like."""

    ref: str
    code: str
    kind: str
    title: str
    description: str
    valid_until: datetime
    uses_left: int | None
    dates: list[DateAnswer]
    bookings: list[BookingAnswer]


def booking_answer(booking: BenefitBooking) -> BookingAnswer:
    """A booking as member and till read it."""
    date = booking.date
    return BookingAnswer(
        ref=booking.ref,
        state=booking.state,
        starts_at=date.starts_at if date else None,
        where=date.where if date else booking.where,
        used_at=booking.used_at,
    )


def list_benefits_in_hand(member_id: int, programme_id: int, *, now: datetime) -> list[BenefitInHandAnswer]:
    """The benefits that have not run out, those that end first in front. Three statements."""
    grants = list(
        BenefitGrant.objects.filter(
            member_id=member_id, wallet__programme_id=programme_id, granted_at__lte=now, valid_until__gt=now
        )
        .select_related("benefit")
        .order_by("valid_until", "pk")[:200]
    )
    bookings: dict[int, list[BenefitBooking]] = {}
    for booking in BenefitBooking.objects.filter(grant__in=grants).select_related("date").order_by("pk"):
        bookings.setdefault(booking.grant_id, []).append(booking)
    dates: dict[int, list[BenefitDate]] = {}
    benefits = {grant.benefit_id for grant in grants}
    for date in BenefitDate.objects.filter(benefit__in=benefits, starts_at__gt=now):
        dates.setdefault(date.benefit_id, []).append(date)
    return [
        _in_hand(grant, bookings.get(grant.pk, []), dates.get(grant.benefit_id, []), now) for grant in grants
    ]


def _in_hand(
    grant: BenefitGrant, bookings: list[BenefitBooking], dates: list[BenefitDate], now: datetime
) -> BenefitInHandAnswer:
    benefit, year = grant.benefit, grant.year_at(now)
    counted = sum(one.year == year and one.state in COUNTING for one in bookings)
    return BenefitInHandAnswer(
        ref=grant.ref,
        code=benefit.code,
        kind=benefit.kind,
        title=benefit.title,
        description=benefit.description,
        valid_until=grant.valid_until,
        uses_left=None if benefit.uses is None else max(benefit.uses - counted, 0),
        dates=[
            DateAnswer(
                id=date.pk,
                starts_at=date.starts_at,
                ends_at=date.ends_at,
                where=date.where,
                seats_left=date.seats - date.taken,
            )
            for date in dates
        ],
        bookings=[booking_answer(one) for one in bookings],
    )
