"""Back-tests: asked for by a door, worked on piece by piece by whoever has time, and repeatable after any crash.

The row is the queue and the truth: a piece settles the purchases of some members and writes how far it came and what
they came to in one transaction. Nothing is booked.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from config.ground.ids import new_ref
from config.ground.refusals import InvalidInput
from config.ground.typed import dump, load
from loyalty.models import BackTest, BackTestState, Rule
from loyalty.queries.back_tests import (
    Stretch,
    count_purchases,
    find_last_member,
    list_members,
    lock_open_back_test,
)
from loyalty.queries.programmes import compile_tried, get_current_programme
from loyalty.rules.back_tests import Changes, Tally, ensure_can_be_tried, may_move
from loyalty.services.pieces import work_off

ORDERS_PER_PIECE = 2_000
"""Purchases of one transaction: about a second's work, which is what a crash loses."""


def ask_back_test(
    *,
    programme_id: int,
    name: str,
    changes: Changes,
    since_on: date,
    until_on: date,
    by: str,
    now: datetime,
) -> BackTest:
    """Write down what shall be tried; work on it begins in a moment.

    :param until_on: the last day that is looked at, on the programme's calendar.
    :raises RuleNotValid: as `ensure_can_be_tried`.
    :raises InvalidInput: it would end before it begins.
    :raises ProgrammeWithoutTerms: if nobody has declared the programme's terms yet.
    """
    if until_on < since_on:
        raise InvalidInput("The last day lies before the first.", pointer="/until_on")
    get_current_programme(programme_id)
    codes = Rule.objects.filter(programme_id=programme_id).values_list("code", flat=True)
    ensure_can_be_tried(changes, codes)
    return BackTest.objects.create(
        ref=new_ref("bkt"),
        programme_id=programme_id,
        name=name,
        changes=dump(changes),
        since_on=since_on,
        until_on=until_on,
        asked_by=by,
        asked_at=now,
        tally=dump(Tally()),
    )


def advance_back_test(*, now: datetime) -> bool:
    """Work one piece off the oldest back-test that is open; False if there is none to take."""
    return work_off(lock_open_back_test, _work, now=now)


def _work(back_test: BackTest, now: datetime) -> None:
    """Settle the next members' purchases twice, and keep what they came to."""
    stretch = stretch_of(back_test)
    if back_test.orders_total is None:
        back_test.orders_total = count_purchases(stretch)
    tally: Tally = msgspec.convert(back_test.tally, Tally)
    up_to = find_last_member(stretch, after=back_test.last_member_id, orders=ORDERS_PER_PIECE)
    if up_to is None:
        back_test.state, back_test.finished_at = BackTestState.DONE, now
    else:
        today = get_current_programme(back_test.programme_id)
        changes: Changes = load(Changes, back_test.changes)
        tried = compile_tried(back_test.programme_id, changes, since=stretch.since)
        before = back_test.since_on if may_move(today, tried) else None
        for member in list_members(stretch, after=back_test.last_member_id, up_to=up_to, before=before):
            tally.add_member(member, today, tried, until=stretch.until)
        back_test.state, back_test.last_member_id = BackTestState.RUNNING, up_to
        back_test.tally = dump(tally)
    back_test.save()


def stretch_of(back_test: BackTest) -> Stretch:
    """The days of a back-test as moments of its programme."""
    zone = ZoneInfo(back_test.programme.timezone)
    return Stretch(
        programme_id=back_test.programme_id,
        since=datetime.combine(back_test.since_on, time(), zone),
        until=datetime.combine(back_test.until_on + timedelta(days=1), time(), zone),
    )
