"""Benefits: granted, booked with or without a date, used at a till, cancelled; seats exact, the waiting list in order.

A gift or discount that takes money off is a voucher: a benefit says that the member has it, the voucher pays. Locks are
taken in one order: the date, then the grant.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from config.ground.ids import new_ref
from config.outbox.services import publish
from loyalty.errors.tiers import BenefitNotFound, BenefitNotUsable, BookingNotFound, BookingNotOpen
from loyalty.events import BenefitBooked
from loyalty.models import (
    Benefit,
    BenefitBooking,
    BenefitDate,
    BenefitGrant,
    BenefitKind,
    BookingState,
    Wallet,
)
from loyalty.models.benefits import COUNTING
from loyalty.queries.benefits import find_window, list_uses_within, zone_of
from loyalty.rules.birthdays import Window


def grant_benefit(
    benefit: Benefit, member_ids: Sequence[int], *, cause: str, valid_until: datetime, now: datetime
) -> int:
    """Give a benefit by an offer, whatever tier members stand on: once for each member and cause. Safe to repeat.

    :param cause: e.g. `offer:<ref>`.
    :return: how many were granted now; members without a wallet in the programme get none.
    """
    wallets = Wallet.objects.filter(member_id__in=member_ids, programme_id=benefit.tier.programme_id)
    made = BenefitGrant.objects.bulk_create(
        [
            BenefitGrant(
                wallet=wallet,
                member_id=wallet.member_id,
                benefit=benefit,
                cause=cause,
                granted_at=now,
                valid_until=valid_until,
                ref=new_ref("ben"),
            )
            for wallet in wallets
            if not BenefitGrant.objects.filter(wallet=wallet, cause=cause).exists()
        ],
        ignore_conflicts=True,
    )
    return len(made)


def open_date(
    programme_id: int, benefit_code: str, *, starts_at: datetime, ends_at: datetime, where: str, seats: int
) -> bool:
    """Let a benefit be had at a time and place, from now on by booking alone. Safe to repeat.

    :return: whether it was not open before.
    """
    benefit = Benefit.objects.get(tier__programme_id=programme_id, code=benefit_code)
    _, is_new = BenefitDate.objects.get_or_create(
        benefit=benefit, starts_at=starts_at, defaults={"ends_at": ends_at, "where": where, "seats": seats}
    )
    return is_new


@transaction.atomic
def book_benefit(
    ref: str, *, member_id: int, date_id: int | None, actor: str, now: datetime
) -> BenefitBooking:
    """Book a benefit of a member: for a date where it has dates. Without a seat left it waits for one.

    :raises BenefitNotFound: the member has no such benefit, or it has no such date.
    :raises BenefitNotUsable: it is over or used up, or it is booked for this date.
    """
    date = _lock_date(date_id) if date_id is not None else None
    grant = _lock_grant(ref, member_id=member_id)
    if date is not None and date.benefit_id != grant.benefit_id:
        raise BenefitNotFound
    if date is None and grant.benefit.dates.exists():
        raise BenefitNotUsable("Choose a date.")
    if date is not None and date.starts_at <= now:
        raise BenefitNotUsable("This date has begun.")
    _ensure_usable(grant, date.starts_at if date else now)
    if date is not None and grant.bookings.filter(date=date, state__in=COUNTING).exists():
        raise BenefitNotUsable("It is booked for this date.")
    has_seat = date is None or date.taken < date.seats
    booking = _book(grant, date, BookingState.BOOKED if has_seat else BookingState.WAITING, actor, now)
    if date is not None and has_seat:
        BenefitDate.objects.filter(pk=date.pk).update(taken=date.taken + 1)
    return booking


@transaction.atomic
def use_benefit(ref: str, *, programme_id: int, where: str, actor: str, now: datetime) -> BenefitBooking:
    """Use a benefit at a till: what is booked for today, or else one of the allowance.

    :raises BenefitNotFound: there is no such benefit in the programme.
    :raises BenefitNotUsable: it is over, used up, or needs a booking; in words that a cashier can read out.
    """
    grant = _lock_grant(ref, programme_id=programme_id)
    _ensure_in_time(grant, now)
    open_ones = grant.bookings.select_for_update(of=("self",)).filter(state=BookingState.BOOKED)
    booked = open_ones.select_related("date").order_by("date__starts_at", "pk")
    zone = zone_of(grant.benefit)
    today = now.astimezone(zone).date()
    due = next(
        (one for one in booked if not one.date or one.date.starts_at.astimezone(zone).date() <= today), None
    )
    if due is None:
        _ensure_usable(grant, now)
        if grant.benefit.dates.exists():
            raise BenefitNotUsable(f"{grant.benefit.title} has to be booked for a date.")
        due = _book(grant, None, BookingState.BOOKED, actor, now)
    due.state, due.used_at, due.actor, due.where = BookingState.USED, now, actor, where
    due.save()
    grant.used_at = now
    grant.save(update_fields=["used_at"])
    return due


@transaction.atomic
def cancel_booking(ref: str, *, member_id: int | None, actor: str, now: datetime) -> BenefitBooking:
    """Give a booking up; whoever waits longest takes the seat.

    :param member_id: whose it has to be; None: anybody's.
    :raises BookingNotFound: there is none. :raises BookingNotOpen: it was used or cancelled before.
    """
    found = BenefitBooking.objects.filter(ref=ref)
    if member_id is not None:
        found = found.filter(member_id=member_id)
    known = found.first()
    if known is None:
        raise BookingNotFound
    date = _lock_date(known.date_id) if known.date_id is not None else None
    booking = BenefitBooking.objects.select_for_update().get(pk=known.pk)
    if booking.state not in (BookingState.BOOKED, BookingState.WAITING):
        raise BookingNotOpen(f"It was {booking.get_state_display()} before.")
    had_seat = booking.state == BookingState.BOOKED
    booking.state, booking.cancelled_at, booking.actor = BookingState.CANCELLED, now, actor
    booking.save()
    if date is not None and had_seat and not _move_up(date, now):
        BenefitDate.objects.filter(pk=date.pk).update(taken=date.taken - 1)
    return booking


@transaction.atomic
def check_in(ref: str, *, actor: str, now: datetime) -> BenefitBooking:
    """Let in who booked.

    :raises BookingNotFound: there is none. :raises BookingNotOpen: it waits, or was used or cancelled before.
    """
    booking = BenefitBooking.objects.select_for_update(of=("self",)).filter(ref=ref).first()
    if booking is None:
        raise BookingNotFound
    if booking.state != BookingState.BOOKED:
        raise BookingNotOpen(f"It is {booking.get_state_display()}.")
    booking.state, booking.used_at, booking.actor = BookingState.USED, now, actor
    booking.save()
    BenefitGrant.objects.filter(pk=booking.grant_id).update(used_at=now)
    return booking


def _move_up(date: BenefitDate, now: datetime) -> bool:
    """Give the seat that was left to whoever waits longest; they are told."""
    if date.starts_at <= now:
        return False
    first = date.bookings.select_for_update().filter(state=BookingState.WAITING).order_by("pk").first()
    if first is None:
        return False
    first.state = BookingState.BOOKED
    first.save(update_fields=["state"])
    _announce(first, now)
    return True


def _book(
    grant: BenefitGrant, date: BenefitDate | None, state: BookingState, actor: str, now: datetime
) -> BenefitBooking:
    year = grant.year_at(date.starts_at if date else now)
    taken = set(grant.bookings.filter(year=year, state__in=COUNTING).values_list("number", flat=True))
    number = next(number for number in range(1, len(taken) + 2) if number not in taken)
    booking = BenefitBooking.objects.create(
        ref=new_ref("bkg"),
        grant=grant,
        member_id=grant.member_id,
        date=date,
        year=year,
        number=number,
        state=state,
        booked_at=now,
        actor=actor,
    )
    if date is not None:
        _announce(booking, now)
    return booking


def _announce(booking: BenefitBooking, now: datetime) -> None:
    benefit = booking.grant.benefit
    event = BenefitBooked(
        programme_code=benefit.tier.programme.code,
        benefit_code=benefit.code,
        booking_ref=booking.ref,
        state=booking.state,
        starts_at=booking.date.starts_at if booking.date else None,
    )
    publish(event, member_id=booking.member_id, happened_at=now, now=now)


def _ensure_usable(grant: BenefitGrant, at: datetime) -> None:
    benefit = grant.benefit
    if at >= grant.valid_until:
        raise BenefitNotUsable(f"{benefit.title} ran out on {grant.valid_until:%-d %B %Y}.")
    around = _ensure_in_time(grant, at)
    used = grant.bookings.filter(year=grant.year_at(at), state__in=COUNTING).order_by("pk")
    if around is not None:
        used = list_uses_within(grant, around)
    if benefit.uses is not None and used.count() >= benefit.uses:
        last = used.filter(state=BookingState.USED).order_by("-used_at").first()
        if last is not None and last.used_at is not None:
            where = f" at {last.where}" if last.where else ""
            raise BenefitNotUsable(f"{benefit.title} was used on {last.used_at:%-d %B %Y}{where}.")
        raise BenefitNotUsable(f"{benefit.title} is booked already.")


def _ensure_in_time(grant: BenefitGrant, at: datetime) -> Window | None:
    """:return: the days around the birthday, of a birthday gift."""
    title, zone = grant.benefit.title, zone_of(grant.benefit)
    day = at.astimezone(zone).date()
    if at < grant.granted_at:
        raise BenefitNotUsable(f"{title} can be used from {grant.granted_at.astimezone(zone):%-d %B %Y}.")
    if grant.benefit.kind != BenefitKind.BIRTHDAY_GIFT:
        return None
    around = find_window(grant.benefit, grant.member, day)
    if around is None:
        raise BenefitNotUsable(
            f"{title} is for the birthday, and nobody knows it yet. Ask for it and write it down."
        )
    if not around.has(day):
        raise BenefitNotUsable(
            f"{title} can be used from {around.first:%-d %B %Y} to {around.last:%-d %B %Y}."
        )
    return around


def _lock_date(date_id: int) -> BenefitDate:
    date = BenefitDate.objects.select_for_update().filter(pk=date_id).first()
    if date is None:
        raise BenefitNotFound
    return date


def _lock_grant(ref: str, *, member_id: int | None = None, programme_id: int | None = None) -> BenefitGrant:
    """The grant, with all of the same benefit locked in the order of their ids: a birthday is celebrated once, however
    many grants there are."""
    known = BenefitGrant.objects.filter(ref=ref)
    if member_id is not None:
        known = known.filter(member_id=member_id)
    if programme_id is not None:
        known = known.filter(benefit__tier__programme_id=programme_id)
    owned = known.values("wallet_id", "benefit_id", "member_id").first()
    if owned is None:
        raise BenefitNotFound
    rows = BenefitGrant.objects.select_related("benefit__tier__programme", "member").filter(**owned)
    return next(one for one in rows.select_for_update(of=("self",)).order_by("pk") if one.ref == ref)
