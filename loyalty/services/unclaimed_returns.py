"""Goods of a purchase that nobody has claimed come back: money and vouchers are undone, for there are no points."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import connection

from config.ground.ids import new_ref
from loyalty.errors import ReturnContentDiffers, ReturnedAtNotPossible
from loyalty.queries.voucher_returns import lock_vouchers_of
from loyalty.rules.bought import Bought, BoughtLine
from loyalty.rules.return_told import Return, coming_back, head_text, state_after
from loyalty.rules.returns import undo
from loyalty.rules.voucher_returns import ComesBack, vouchers_back
from loyalty.services.checkout import Booked
from loyalty.services.purchase_checks import CLOCK_SKEW
from omnichannel.services.unclaimed_returns import (
    KeptLine,
    KeptReturn,
    Unclaimed,
    keep_return,
    lock_unclaimed,
)


def take_back_unclaimed(told: Return, *, now: datetime) -> Booked | None:
    """Book a return of a purchase without a member, or answer one that was told before again. In a transaction.

    :return: None if there is no such purchase in the programme.
    :raises ReturnedAtNotPossible: as `take_back`, and so are NothingLeftToReturn, ReturnExceedsPurchase and
        ReturnContentDiffers.
    """
    used = lock_vouchers_of(told.order_ref)
    purchase = lock_unclaimed(told.order_ref, programme_id=told.programme_id)
    if purchase is None:
        return None
    for kept in purchase.returns:
        if (kept.place_id, kept.number) == (told.place_id, told.number):
            if kept.fingerprint != told.fingerprint():
                raise ReturnContentDiffers("Number each return anew; repeat one only unchanged.")
            return Booked(status=200, body=kept.answer)
    if not purchase.placed_at <= told.returned_at <= now + CLOCK_SKEW:
        raise ReturnedAtNotPossible(pointer="/returned_at")
    bought = _bought(purchase)
    coming = coming_back(told.lines, bought.lines)
    undoing = undo(bought, coming, owes=False, as_of=now, now=now)
    left = sum(line.quantity - line.returned for line in bought.lines) - sum(coming.values())
    was = purchase.returns[-1].state if purchase.returns else "completed"
    ref, state = new_ref("ret"), state_after(told, was, left)
    back = vouchers_back(used, undoing.refund_minor, is_whole=not left)
    answer = head_text(told, ref, state, purchase.currency, undoing, back=back) + ',"wallet":null}'
    kept = KeptReturn(
        ref=ref,
        place_id=told.place_id,
        till_id=told.till_id,
        kind=told.kind,
        number=told.number,
        fingerprint=told.fingerprint(),
        returned_at=told.returned_at,
        recorded_at=now,
        refund_minor=undoing.refund_minor,
        lines=[KeptLine(position=position, quantity=count) for position, count in coming.items()],
        state=state,
        answer=answer,
    )
    keep_return(told.order_ref, kept)
    if back:
        _give_vouchers_back(back, to=kept, order_ref=told.order_ref, by=told.actor, now=now)
    return Booked(status=201, body=answer)


def _give_vouchers_back(
    back: Sequence[ComesBack], *, to: msgspec.Struct, order_ref: str, by: str, now: datetime
) -> None:
    """
    :param to: the return, with its `ref`, `place_id` and `returned_at`.
    """
    given, told = (msgspec.json.encode(each).decode() for each in (back, to))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_give_vouchers_back(%s::jsonb, %s::jsonb, %s, %s, %s)",
            [given, told, order_ref, by, now],
        )


def _bought(purchase: Unclaimed) -> Bought:
    """The purchase without points, in the words of returns."""
    lines = []
    for position, line in enumerate(purchase.lines):
        total = line.quantity * line.unit_price_minor - line.discount_minor
        came = [each for kept in purchase.returns for each in kept.lines if each.position == position]
        lines.append(
            BoughtLine(
                position=position,
                sku=line.sku,
                name=line.name,
                category=line.category,
                department=line.department,
                quantity=line.quantity,
                total_minor=total,
                paid_minor=total,
                returned=sum(each.quantity for each in came),
            )
        )
    return Bought(lines=lines, earned=[])
