"""What runs out: announced beforehand, and booked afterwards.

Points past their hour could not be spent before the booking ran; it only writes it down.
"""

from datetime import datetime

from django.db import connection, transaction

from config.ground.jobs import run_job
from config.outbox.registry import subscribers_of
from loyalty.events import PointsExpiring
from loyalty.models import Lot
from loyalty.queries.importing import keeps_history_out
from loyalty.services.hands import open_hands

LOTS_PER_STEP = 20_000
WARNINGS_PER_STEP = 5_000
WARNINGS = ((30, 7), (7, 0))
"""Days before the end, and the days before it that belong to the next warning."""


class ExpiryStandsStill(Exception):  # noqa: N818 - an alarm, raised where nobody reads an answer
    """Lots are due and none of them can be booked."""


def book_expired_lots(*, until: datetime, now: datetime, hands: int = 1) -> int:
    """Book an entry for each lot that ran out at `until` or before, in steps that commit for themselves.

    Safe to repeat, any number at once, and to be killed: what is booked is booked, the rest is still due. While a
    history is imported nothing is booked: a later purchase of it may have kept points alive.

    :param hands: so many book at once, each the lots of other wallets, over connections of their own.
    :return: how many lots were booked.
    :raises ExpiryStandsStill: so that the run is marked failed and the alarm is raised.
    """
    due = Lot.objects.filter(remaining__gt=0, expires_at__lte=until)
    left = due.count()
    if not left:
        return 0
    with run_job("loyalty.book_expiry", now) as progress, open_hands(hands) as several:
        progress.expect(left)
        booked = 0
        while left > 0:
            with transaction.atomic():
                if not keeps_history_out():
                    progress.note("a history is being imported; the rest is booked after it")
                    break
                step = sum(several.each(lambda part, parts: _book_step(until, now, part, parts)))
            booked += step
            progress.advance(step)
            left = left - step if step else _left_by_others(due.count(), before=left)
    return booked


def _left_by_others(left: int, *, before: int) -> int:
    """What is left after a step that booked nothing: less than before, for others booked it."""
    if left >= before:
        raise ExpiryStandsStill(f"of {left} lots that ran out not one can be booked")
    return left


def _book_step(until: datetime, now: datetime, part: int, parts: int) -> int:
    """Book some lots of the wallets whose turn it is."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_book_expiry(%s, %s, %s, %s, %s)", [until, now, LOTS_PER_STEP, part, parts]
        )
        return int(cursor.fetchone()[0])


def warn_of_expiry(*, now: datetime) -> int:
    """Announce points that run out within 30 and within 7 days: once each for a member and a day.

    Safe to repeat, any number at once. Points that were earned later, or whose end was moved by the member's activity,
    are announced for their own day.

    :return: how many warnings were announced.
    """
    announced = 0
    for within, beyond in WARNINGS:
        while step := _warn_step(within, beyond, now):
            announced += step
    return announced


def _warn_step(within: int, beyond: int, now: datetime) -> int:
    listeners = subscribers_of(PointsExpiring)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_warn_of_expiry(%s, %s, %s::text[], %s, %s)",
            [within, beyond, listeners, now, WARNINGS_PER_STEP],
        )
        return int(cursor.fetchone()[0])
