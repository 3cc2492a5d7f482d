"""What members have of benefits: in hand, dates to choose, bookings."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Right

from loyalty.models import Benefit, BenefitBooking, BenefitDate, BenefitGrant, BenefitKind, BookingState
from loyalty.models.benefits import COUNTING
from loyalty.rules.birthdays import Window, window_around
from members.models import Identity


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
    """A benefit that the member has. `uses_left`: null for as often as they like.

    `usable_from` and `usable_until` are the first and the last day, around this birthday or the next one, on which a
    birthday gift can be used; `is_birthday_unknown`: nobody can say, until the member tells their birthday.
    """

    ref: str
    code: str
    kind: str
    title: str
    description: str
    valid_until: datetime
    uses_left: int | None
    usable_from: date | None
    usable_until: date | None
    is_birthday_unknown: bool
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


def zone_of(benefit: Benefit) -> ZoneInfo:
    """In whose days it counts."""
    return ZoneInfo(benefit.tier.programme.timezone)


def find_window(benefit: Benefit, member: Any, day: date) -> Window | None:
    """The days around a member's birthday on which a gift can be used, now or next; None: nobody knows the birthday."""
    if member.birth_month is None or member.birth_day is None:
        return None
    return window_around(
        day,
        (member.birth_month, member.birth_day),
        days_before=benefit.days_before,
        days_after=benefit.days_after,
    )


def list_uses_within(grant: BenefitGrant, window: Window) -> QuerySet[BenefitBooking]:
    """What the member made of the same benefit in these days, by whichever grant."""
    zone = zone_of(grant.benefit)
    first = datetime.combine(window.first, time(), tzinfo=zone)
    after = datetime.combine(window.last + timedelta(days=1), time(), tzinfo=zone)
    return BenefitBooking.objects.filter(
        grant__wallet=grant.wallet_id,
        grant__benefit=grant.benefit_id,
        state__in=COUNTING,
        booked_at__gte=first,
        booked_at__lt=after,
    ).order_by("pk")


def count_waiting(dates: QuerySet[BenefitDate]) -> QuerySet[BenefitDate]:
    """The dates with `waits`: how many wait for a seat."""
    return dates.annotate(waits=Count("bookings", filter=Q(bookings__state=BookingState.WAITING)))


def list_guests(date_id: int, states: Collection[str]) -> list[Any]:
    """The bookings of a date in these states, with `member`.

    :return: rows with `known_by`: the end of a phone or card, to tell people of one name apart.
    """
    known = Identity.objects.filter(member=OuterRef("member"), kind__in=("phone", "card")).order_by("-kind")
    bookings = BenefitBooking.objects.filter(date_id=date_id, state__in=states).select_related("member")
    return list(bookings.annotate(known_by=Right(Subquery(known.values("value")[:1]), 4)).order_by("pk"))


def list_benefits_in_hand(member_id: int, programme_id: int, *, now: datetime) -> list[BenefitInHandAnswer]:
    """The benefits that have not run out, those that end first in front. Three statements."""
    grants = list(
        BenefitGrant.objects.filter(
            wallet__member_id=member_id,
            wallet__programme_id=programme_id,
            granted_at__lte=now,
            valid_until__gt=now,
        )
        .select_related("benefit__tier__programme", "member")
        .order_by("valid_until", "pk")[:200]
    )
    bookings: dict[int, list[BenefitBooking]] = {}
    for booking in BenefitBooking.objects.filter(grant__in=grants).select_related("date").order_by("pk"):
        bookings.setdefault(booking.grant_id, []).append(booking)
    dates: dict[int, list[BenefitDate]] = {}
    benefits = {grant.benefit_id for grant in grants}
    for choice in BenefitDate.objects.filter(benefit__in=benefits, starts_at__gt=now):
        dates.setdefault(choice.benefit_id, []).append(choice)
    return [
        _in_hand(grant, bookings.get(grant.pk, []), dates.get(grant.benefit_id, []), now) for grant in grants
    ]


def _in_hand(
    grant: BenefitGrant, bookings: list[BenefitBooking], dates: list[BenefitDate], now: datetime
) -> BenefitInHandAnswer:
    benefit, year = grant.benefit, grant.year_at(now)
    counted = sum(one.year == year and one.state in COUNTING for one in bookings)
    is_gift = benefit.kind == BenefitKind.BIRTHDAY_GIFT
    around = find_window(benefit, grant.member, now.astimezone(zone_of(benefit)).date()) if is_gift else None
    return BenefitInHandAnswer(
        ref=grant.ref,
        code=benefit.code,
        kind=benefit.kind,
        title=benefit.title,
        description=benefit.description,
        valid_until=grant.valid_until,
        uses_left=None if benefit.uses is None else max(benefit.uses - counted, 0),
        usable_from=around.first if around else None,
        usable_until=around.last if around else None,
        is_birthday_unknown=is_gift and around is None,
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
