"""What becomes of a redemption: it is moved on, its money part is paid, or it is cancelled.

What is cancelled comes back whole: points into their lots with their old expiry, the piece or the seat, and the
voucher is good no more.
"""

from datetime import datetime

from django.db import connection, transaction

from config.outbox.services import publish
from loyalty.errors.rewards import RedemptionNotChanged
from loyalty.events import RedemptionCancelled, RedemptionMoved
from loyalty.models import Redemption, RedemptionStep
from loyalty.queries.redemptions import cancel_until, get_redemption, lock_redemption
from loyalty.rules.redemptions import ENDED, later_states, needs_payment


def give_redemption_back(ref: str, *, member_id: int, by: str, now: datetime) -> Redemption:
    """The member wants their points back.

    :raises RedemptionNotFound: they have none by this ref.
    :raises RedemptionNotChanged: its time is over, somebody packed it already, or the voucher was used.
    """
    redemption = get_redemption(ref, member_id=member_id)
    if redemption.state not in ENDED and cancel_until(redemption, now=now) is None:
        raise _refused(redemption, "too_late")
    return _cancel(redemption, because="given back by the member", by=by, now=now)


def cancel_redemption(
    ref: str, *, programme_id: int | None = None, because: str, by: str, now: datetime
) -> Redemption:
    """A colleague or the shop takes a redemption back; the member gets everything again.

    :raises RedemptionNotFound: there is none in the programme.
    :raises RedemptionNotChanged: it was handed over or attended, cancelled before, or the voucher was used.
    """
    redemption = get_redemption(ref, programme_id=programme_id)
    return _cancel(redemption, because=because, by=by, now=now)


_WORDS = {
    "voucher_used": "The voucher was used already.",
    "voucher_reserved": "The voucher is being used by an order that is not paid yet.",
    "handed_over": "It was handed over already.",
    "attended": "The member was there already.",
    "cancelled": "It was cancelled before.",
    "too_late": "The time to give it back is over, or it is on its way already: ask in the store.",
    "cash_due": "Take the money first, and tell the receipt of the sale.",
}


def _refused(redemption: Redemption, reason: str, words: str = "") -> RedemptionNotChanged:
    return RedemptionNotChanged(words or _WORDS[reason], reason=reason, state=redemption.state)


@transaction.atomic
def _cancel(redemption: Redemption, *, because: str, by: str, now: datetime) -> Redemption:
    reward = redemption.reward
    reason = f"Cancelled: {reward.title}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_cancel_redemption(%s, %s, %s, %s, %s)", [redemption.ref, by, because, reason, now]
        )
        (fault,) = cursor.fetchone()
    if fault is not None:
        raise _refused(redemption, fault)
    cancelled = get_redemption(redemption.ref, member_id=redemption.member_id)
    event = RedemptionCancelled(
        programme_code=reward.programme.code,
        redemption_ref=cancelled.ref,
        reward_code=reward.code,
        title=reward.title,
        points=cancelled.points,
        cash_minor=cancelled.cash_minor if cancelled.cash_receipt else 0,
        because=because,
    )
    publish(event, member_id=cancelled.member_id, happened_at=now, now=now)
    return cancelled


@transaction.atomic
def move_redemption(
    ref: str, to: str, *, programme_id: int | None = None, by: str, now: datetime
) -> Redemption:
    """Bring a redemption to a later state: packed, ready, handed over, attended. Told twice, it is done once.

    :raises RedemptionNotFound: there is none in the programme.
    :raises RedemptionNotChanged: this state does not come after the one it is in, or the money part is due before.
    """
    redemption = get_redemption(ref, programme_id=programme_id)
    locked = lock_redemption(ref)
    if locked.state == to:
        return redemption
    if to not in later_states(locked.state):
        raise _refused(locked, "not_next", f"It is {locked.get_state_display()}.")
    if needs_payment(to) and locked.cash_minor and not locked.cash_receipt:
        raise _refused(locked, "cash_due")
    Redemption.objects.filter(pk=locked.pk, member_id=locked.member_id).update(state=to, changed_at=now)
    RedemptionStep.objects.create(
        redemption=locked, member_id=locked.member_id, state=to, actor=by, happened_at=now
    )
    event = RedemptionMoved(
        programme_code=redemption.reward.programme.code,
        redemption_ref=ref,
        reward_code=redemption.reward.code,
        title=redemption.reward.title,
        state=to,
        place_code=redemption.place.code if redemption.place else "",
    )
    publish(event, member_id=locked.member_id, happened_at=now, now=now)
    return get_redemption(ref)


@transaction.atomic
def pay_cash(
    ref: str, *, receipt: str, place_id: int | None, programme_id: int | None = None, now: datetime
) -> Redemption:
    """Write down by which sale the money part was paid. The same receipt may be told again.

    :raises RedemptionNotFound: there is none in the programme.
    :raises RedemptionNotChanged: there is no money part, it was paid by another sale, or the redemption is over.
    """
    get_redemption(ref, programme_id=programme_id)
    locked = lock_redemption(ref)
    if locked.cash_receipt != receipt or not locked.cash_minor:
        if not locked.cash_minor or locked.cash_receipt or locked.state in ENDED:
            raise _refused(locked, "no_cash_due", _no_cash_due(locked))
        Redemption.objects.filter(pk=locked.pk, member_id=locked.member_id).update(
            cash_receipt=receipt, cash_place_id=place_id, changed_at=now
        )
    return get_redemption(ref)


def _no_cash_due(redemption: Redemption) -> str:
    if not redemption.cash_minor:
        return "This reward costs points alone."
    if redemption.cash_receipt:
        return f"It was paid by the sale {redemption.cash_receipt}."
    return f"It is {redemption.get_state_display()}."
