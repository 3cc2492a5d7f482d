"""Goods come back: money, points and what counted towards tiers are undone in proportion.

Two statements in one transaction: the purchase is read with the wallet locked, what is undone is decided, and all of it
is booked.
"""

from datetime import datetime

import msgspec
from django.db import transaction

from loyalty.errors import (
    OrderNotFound,
    PointsAlreadySpent,
    ReturnContentDiffers,
    ReturnedAtNotPossible,
)
from loyalty.models import WhenSpent
from loyalty.queries.returns import Facts, lock_purchase
from loyalty.queries.wallets import get_wallet, tell_wallet
from loyalty.rules.return_told import Return, coming_back
from loyalty.rules.returns import Undoing, undo
from loyalty.services.checkout import Booked
from loyalty.services.merging import as_before_merging
from loyalty.services.purchase_checks import CLOCK_SKEW
from loyalty.services.return_rows import book_return
from loyalty.services.unclaimed_returns import take_back_unclaimed


def take_back(told: Return, *, now: datetime) -> Booked:
    """Book a return, or answer one that was told before again.

    :return: as for a purchase: 201, or 200 for a number that is known.
    :raises OrderNotFound: there is no such purchase in the programme.
    :raises ReturnedAtNotPossible: it lies before the purchase, or ahead.
    :raises NothingLeftToReturn: all of it came back before.
    :raises ReturnExceedsPurchase: more of a line would come back than is left, or there is no such line.
    :raises ReturnContentDiffers: the number was told before with other content.
    :raises PointsAlreadySpent: the programme refuses returns whose points are spent.
    """
    with transaction.atomic(savepoint=False):
        facts = _lock(told, now)
        if facts is None:
            unclaimed = take_back_unclaimed(told, now=now)
            if unclaimed is not None:
                return unclaimed
            facts = _lock(told, now)  # somebody may have claimed it while we waited
        if facts is None:
            raise OrderNotFound
        if facts.known is not None:
            if facts.known.fingerprint != told.fingerprint():
                raise ReturnContentDiffers("Number each return anew; repeat one only unchanged.")
            return Booked(status=200, body=tell_wallet(facts.known.answer))
        if facts.is_merged:
            return _take_back_apart(told, facts, now)
        return Booked(status=201, body=tell_wallet(_undo(told, facts, now)))


def _take_back_apart(told: Return, facts: Facts, now: datetime) -> Booked:
    """A return of somebody who was merged is booked where the purchase was; the answer shows the wallet of who they
    are by now."""
    with as_before_merging(facts.member_id, facts.programme_id, now=now) as holder_id:
        apart = _lock(told, now)
        assert apart is not None  # noqa: S101 - it was there under the same lock
        answer = msgspec.json.decode(_undo(told, apart, now), type=dict[str, msgspec.Raw])
    wallet = msgspec.json.encode(get_wallet(holder_id, facts.programme_id, now=now))
    answer["wallet"] = msgspec.Raw(wallet)
    return Booked(status=201, body=msgspec.json.encode(answer).decode())


def _undo(told: Return, facts: Facts, now: datetime) -> str:
    """Decide what is undone, and book it; answers as it is kept."""
    if not facts.placed_at <= told.returned_at <= now + CLOCK_SKEW:
        raise ReturnedAtNotPossible(pointer="/returned_at")
    coming = coming_back(told.lines, facts.bought.lines)
    undoing = undo(facts.bought, coming, owes=facts.when_spent == WhenSpent.DEBT, as_of=now, now=now)
    ensure_allowed(undoing, facts)
    return book_return(told, facts, coming, undoing, now=now)


def _lock(told: Return, now: datetime) -> Facts | None:
    return lock_purchase(
        told.order_ref,
        programme_id=told.programme_id,
        place_id=told.place_id,
        number=told.number,
        as_of=now,
        now=now,
    )


def ensure_allowed(undoing: Undoing, facts: Facts) -> None:
    """
    :raises PointsAlreadySpent: points are missing, and the programme refuses such returns.
    """
    missing = undoing.missing + undoing.owed
    if missing and facts.when_spent == WhenSpent.REFUSE:
        raise PointsAlreadySpent(
            f"{missing} points are missing. Let the member pay for them, or return less.",
            missing=missing,
        )
