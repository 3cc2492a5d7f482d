"""The books: what the ledger comes to per day and month, in points and in money, as finance closes it.

Lines are sums of entries. They are keyed by the day of recording (UTC, as seals are), so a sealed day is summed once
and for good, and by the day it happened on; `booked_on` is the day it counts on: the day it happened, or the first open
one where its month was closed already when it was recorded.
"""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from config.ground.guards import append_only
from config.ground.history import before_each_change
from loyalty.models.ledger import EntryKind
from loyalty.rules.books import SIDES

_CLOSED_LINES = """
IF EXISTS (
    SELECT FROM loyalty_bookmonth m WHERE m.state = 'closed'
        AND (TG_OP <> 'INSERT' AND m.programme_id = OLD.programme_id AND OLD.recorded_on <= m.recorded_until
            OR TG_OP <> 'DELETE' AND m.programme_id = NEW.programme_id AND NEW.recorded_on <= m.recorded_until)
) THEN
    RAISE EXCEPTION 'the books of this day are closed: % of % is refused', TG_OP, TG_TABLE_NAME;
END IF;
IF TG_OP = 'DELETE' THEN
    RETURN OLD;
END IF;
RETURN NEW;
"""
_CLOSED_COSTS = _CLOSED_LINES.replace("recorded_on <= m.recorded_until", "from_on <= m.last_on")


def _locked_once_closed(func: str) -> list[pgtrigger.Trigger]:
    every = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
    return [pgtrigger.Trigger(name="closed_books_stay", when=pgtrigger.Before, operation=every, func=func)]


@pghistory.track(*before_each_change())
class PointCost(models.Model):
    """What a point that is outstanding costs the house, from a day on until the next line says otherwise."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    from_on = models.DateField(
        verbose_name="from", help_text="The first day, on the programme's calendar. Not in a closed month."
    )
    per_points = models.PositiveIntegerField(verbose_name="so many points")
    cost_minor = models.PositiveIntegerField(verbose_name="cost")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "from_on"], name="a_day_has_one_cost_per_point"),
            CheckConstraint(condition=Q(per_points__gt=0), name="a_cost_is_for_some_points"),
        ]
        triggers = _locked_once_closed(_CLOSED_COSTS)
        verbose_name = "cost per point"
        verbose_name_plural = "costs per point"

    def __str__(self) -> str:
        return f"{self.per_points} points from {self.from_on}"


class BookedDay(models.Model):
    """A day of recording that was summed. Once it is sealed its lines are final."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    recorded_on = models.DateField(help_text="Day of recording, UTC.")
    entries = models.BigIntegerField()
    is_final = models.BooleanField()
    booked_at = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(fields=["programme", "recorded_on"], name="a_day_is_booked_once")]
        triggers = _locked_once_closed(_CLOSED_LINES)

    def __str__(self) -> str:
        return str(self.recorded_on)


class BookLine(models.Model):
    """The entries of one kind that were recorded on one day and happened on one day."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    recorded_on = models.DateField(help_text="Day of recording, UTC.")
    happened_on = models.DateField(help_text="Day it happened, on the programme's calendar.")
    booked_on = models.DateField(help_text="Day it counts on.")
    kind = models.CharField(max_length=16, choices=EntryKind)
    points = models.BigIntegerField()
    debt_change = models.BigIntegerField()
    entries = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["programme", "recorded_on", "happened_on", "kind"], name="a_kind_of_a_day_is_one_line"
            )
        ]
        indexes = [models.Index(fields=["programme", "booked_on"], name="book_lines_by_day")]
        triggers = _locked_once_closed(_CLOSED_LINES)

    def __str__(self) -> str:
        return f"{self.kind} {self.points:+d}"


class CohortLine(models.Model):
    """What moved points of the lots that were born in one month: the first of `cohort_on`, in the month `moved_on`."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey(
        "omnichannel.Programme", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    recorded_on = models.DateField(help_text="Day of recording, UTC.")
    cohort_on = models.DateField(help_text="First day of the month of birth.")
    moved_on = models.DateField(help_text="First day of the month of the movement.")
    kind = models.CharField(max_length=16, choices=EntryKind)
    points = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["programme", "recorded_on", "cohort_on", "moved_on", "kind"],
                name="a_kind_of_a_cohort_is_one_line",
            )
        ]
        triggers = _locked_once_closed(_CLOSED_LINES)

    def __str__(self) -> str:
        return f"{self.cohort_on} {self.kind} {self.points:+d}"


class MonthState(models.TextChoices):
    WAITING = "waiting", "waits for a second person"
    CLOSED = "closed", "closed"


class BookMonth(models.Model):
    """A month that is closed, or that somebody asked to close. A closed one never changes and never opens again.

    It took in what was recorded up to the end of `recorded_until`; what comes later counts on open days.
    """

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    month_on = models.DateField(help_text="Its first day.")
    last_on = models.DateField(help_text="Its last day.")
    state = models.CharField(max_length=8, choices=MonthState)
    asked_by = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=60, blank=True, default="")
    closed_at = models.DateTimeField(null=True)
    recorded_until = models.DateField(null=True, help_text="The last sealed day of recording, UTC.")
    closing_points = models.BigIntegerField(null=True)
    debt_points = models.BigIntegerField(null=True)
    liability_minor = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "month_on"], name="a_month_is_closed_once"),
            CheckConstraint(condition=~Q(decided_by=F("asked_by")), name="another_agrees_to_a_close"),
            CheckConstraint(
                condition=Q(
                    state="waiting",
                    closed_at=None,
                    recorded_until=None,
                    closing_points=None,
                    debt_points=None,
                    liability_minor=None,
                )
                | Q(
                    state="closed",
                    closed_at__isnull=False,
                    recorded_until__isnull=False,
                    closing_points__isnull=False,
                    debt_points__isnull=False,
                    liability_minor__isnull=False,
                ),
                name="a_closed_month_says_what_it_came_to",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="a_closed_month_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="closed"),
            )
        ]
        verbose_name = "month of the books"
        verbose_name_plural = "months of the books"

    def __str__(self) -> str:
        return f"{self.month_on:%Y-%m}"


@pghistory.track(*before_each_change())
class JournalAccount(models.Model):
    """The accounts that one side of the books goes to. A side without a line goes to `loyalty.rules.books.ACCOUNTS`."""

    id = models.BigAutoField(primary_key=True)
    programme = models.ForeignKey("omnichannel.Programme", on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=[(side, side) for side in SIDES])
    debit = models.CharField(max_length=80, help_text="Number and name, e.g. 2400 Points outstanding.")
    credit = models.CharField(max_length=80)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["programme", "side"], name="a_side_has_one_pair_of_accounts"),
            CheckConstraint(condition=~Q(debit=F("credit")), name="debit_and_credit_are_two_accounts"),
        ]

    def __str__(self) -> str:
        return self.side


class JournalLine(models.Model):
    """One side of a closed month: `amount_minor` from `debit` to `credit`; below 0 the other way round."""

    id = models.BigAutoField(primary_key=True)
    month = models.ForeignKey(BookMonth, on_delete=models.PROTECT, db_index=False, related_name="journal")
    side = models.CharField(max_length=10)
    debit = models.CharField(max_length=80)
    credit = models.CharField(max_length=80)
    points = models.BigIntegerField()
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [UniqueConstraint(fields=["month", "side"], name="a_side_of_a_month_is_one_line")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.side} {self.amount_minor}"
