"""What members make of benefits: dates with seats, and bookings, each of which uses the benefit once."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.timezone import get_current_timezone

from config.ground.moments import moment
from loyalty.models.tiers import Benefit, BenefitGrant


class BenefitDate(models.Model):
    """A time at which a benefit can be had: an evening with seats, or an hour with one person."""

    id = models.BigAutoField(primary_key=True)
    benefit = models.ForeignKey(Benefit, on_delete=models.PROTECT, related_name="dates")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    where = models.CharField(max_length=160, blank=True)
    seats = models.PositiveIntegerField(default=1)
    taken = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(taken__lte=F("seats")), name="no_seat_is_given_twice"),
            CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_date_lasts"),
        ]
        ordering = ["starts_at", "id"]

    def __str__(self) -> str:
        return f"{self.benefit.title}, {moment(self.starts_at, get_current_timezone())}"


class BookingState(models.TextChoices):
    BOOKED = "booked", "booked"
    WAITING = "waiting", "on the waiting list"
    USED = "used", "used"
    CANCELLED = "cancelled", "cancelled"


COUNTING = [BookingState.BOOKED, BookingState.WAITING, BookingState.USED]
"""What takes from the allowance."""


class BenefitBooking(models.Model):
    """A use of a benefit: booked for a date or waiting for a seat, used, or cancelled. At a till it is booked and used
    at once.

    `number` counts the uses of a grant within `year` (0: in all, or its first year): two never are the same use.
    """

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=30)
    grant = models.ForeignKey(BenefitGrant, on_delete=models.PROTECT, related_name="bookings")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False, related_name="+")
    date = models.ForeignKey(BenefitDate, on_delete=models.PROTECT, null=True, related_name="bookings")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=BookingState)
    booked_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=60, help_text="Who booked or used it last.")
    where = models.CharField(max_length=160, blank=True, default="")

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["grant", "year", "number", "member"],
                condition=Q(state__in=COUNTING),
                name="an_allowance_is_used_once",
            ),
            UniqueConstraint(
                fields=["date", "grant", "member"],
                condition=Q(state__in=COUNTING) & Q(date__isnull=False),
                name="nobody_books_a_date_twice",
            ),
            UniqueConstraint(fields=["ref", "member"], name="a_booking_ref_names_one_booking"),
        ]
        indexes = [models.Index(fields=["ref"], name="booking_by_ref")]

    def __str__(self) -> str:
        return self.ref
