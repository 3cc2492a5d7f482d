"""Points set aside: held for a purchase that is being paid, then captured or released."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db import connection

from config.ground.ids import new_ref
from loyalty.errors import (
    HoldContentDiffers,
    HoldExceeded,
    HoldHasEnded,
    HoldNotFound,
    InsufficientPoints,
    WalletBusy,
)
from loyalty.queries.holds import find_hold
from loyalty.queries.pools import find_household_points
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.wallets import shown
from loyalty.rules.holds import HoldAnswer, HoldNow
from loyalty.rules.households import spendable_words
from loyalty.rules.purchase import Purchase, spending_keeps_until
from loyalty.rules.wallets import WalletFacts
from loyalty.services.bookings import Stale, signals
from loyalty.services.proof import Spending, Unproven, ensure_shown, unproven_in

SHORTEST, LONGEST = timedelta(seconds=10), timedelta(days=7)
USUAL = timedelta(minutes=15)
"""How long points are held unless the caller says otherwise."""


@dataclass(frozen=True, slots=True)
class HoldDraft:
    """Points to set aside for so long.

    :ivar reference: what the shop calls the purchase: its name at this place while it counts; "": none.
    :ivar place_id: the place that tells it, None for a key of the whole programme.
    :ivar is_proven: the member has shown that it is them, or nobody has to.
    """

    member_id: int
    programme_id: int
    points: int
    lasts: timedelta
    reference: str
    actor: str
    place_id: int | None = None
    is_proven: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """`is_new`: False where it was told before; then nothing was written."""

    answer: HoldAnswer
    is_new: bool


class _Held(msgspec.Struct, frozen=True):
    hold: HoldNow | None
    wallet: WalletFacts
    is_new: bool
    needs_proof: bool


class _Settled(msgspec.Struct, frozen=True):
    was: HoldNow
    hold: HoldNow
    wallet: WalletFacts


_held = msgspec.json.Decoder(_Held)
_settled = msgspec.json.Decoder(_Settled)


def hold_points(draft: HoldDraft, *, now: datetime) -> Held:
    """Set points aside: nothing else can spend them until they are captured, released, or the time is over.

    A hold ends early where the points themselves would run out before. Told again under its reference while it counts,
    it is the same one.

    :raises HoldContentDiffers: the reference stands for a hold of another number of points.
    :raises ProofNeeded: so many points ask for more than a name.
    :raises InsufficientPoints: there are not as many to be spent.
    """
    spending = Spending(
        points=draft.points, member_id=draft.member_id, caller=draft.actor, place_id=draft.place_id
    )
    terms = get_current_programme(draft.programme_id).terms_at(now)
    unproven = None if draft.is_proven else unproven_in(spending, terms, now=now)
    found = _set_aside(draft, unproven, now=now)
    if unproven is not None and found.needs_proof:
        ensure_shown(spending, unproven.above, now=now)
        found = _set_aside(draft, None, now=now)
    if found.hold is None:
        raise _insufficient(draft, found.wallet, now=now)
    if found.hold.points != draft.points:
        raise HoldContentDiffers(
            f"It holds {found.hold.points} points. Release it first, or name each hold anew.",
            pointer="/reference",
            hold_ref=found.hold.ref,
        )
    return Held(HoldAnswer(hold=found.hold, wallet=shown(found.wallet)), is_new=found.is_new)


def _insufficient(draft: HoldDraft, wallet: WalletFacts, *, now: datetime) -> InsufficientPoints:
    points = find_household_points(draft.member_id, draft.programme_id, now=now)
    return InsufficientPoints(
        spendable_words(wallet.spendable, points, owes=wallet.debt > 0),
        pointer="/points",
        spendable=wallet.spendable + (points.drawable if points else 0),
    )


def _set_aside(draft: HoldDraft, unproven: Unproven | None, *, now: datetime) -> _Held:
    document = {
        "ref": new_ref("hld"),
        "member_id": draft.member_id,
        "programme_id": draft.programme_id,
        "place_id": draft.place_id,
        "points": draft.points,
        "reference": draft.reference,
        "actor": draft.actor,
        "until": now + draft.lasts,
        "unproven": unproven,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_hold_points(%s::jsonb, %s)", [msgspec.json.encode(document).decode(), now]
        )
        return _held.decode(cursor.fetchone()[0])


def capture_hold(ref: str, points: int | None, *, programme_id: int, actor: str, now: datetime) -> HoldAnswer:
    """Spend held points, all or so many; what is left of them is free again. Told twice, it is done once.

    :raises HoldNotFound: there is no such hold in the programme.
    :raises HoldHasEnded: it was captured for another number, released, or its time is over.
    :raises HoldExceeded: it holds fewer points.
    """
    if points is None:
        hold = find_hold(ref, programme_id, now=now)
        points = hold.points if hold else 1
    settled = _settle(ref, points, programme_id=programme_id, actor=actor, now=now)
    was = settled.was
    if was.state == "captured" and was.captured_points == points:
        return HoldAnswer(hold=was, wallet=shown(settled.wallet))
    if was.state != "held":
        raise _ended(was)
    if points > was.points:
        raise HoldExceeded(f"It holds {was.points} points.", pointer="/points", held=was.points)
    return HoldAnswer(hold=settled.hold, wallet=shown(settled.wallet))


def release_hold(ref: str, *, programme_id: int, actor: str, now: datetime) -> HoldAnswer:
    """Let held points go. One that is over already, by itself or by this, is answered as it stands.

    :raises HoldNotFound: there is no such hold in the programme.
    :raises HoldHasEnded: it was captured.
    """
    settled = _settle(ref, 0, programme_id=programme_id, actor=actor, now=now)
    if settled.was.state == "captured":
        raise _ended(settled.was)
    return HoldAnswer(hold=settled.hold, wallet=shown(settled.wallet))


def held_for(purchase: Purchase, member_id: int | None, *, now: datetime) -> int:
    """How many points the hold that a purchase names sets aside for it, 0 if it names none.

    :raises HoldNotFound: this member has no such hold in the programme.
    :raises HoldHasEnded: it counts no more.
    """
    if purchase.hold is None:
        return 0
    hold = (
        find_hold(purchase.hold, purchase.programme_id, now=now, member_id=member_id) if member_id else None
    )
    if hold is None:
        raise HoldNotFound(pointer="/hold")
    if hold.state != "held":
        raise _ended(hold)
    return hold.points


def _settle(ref: str, points: int, *, programme_id: int, actor: str, now: datetime) -> _Settled:
    """
    :raises WalletBusy: what is set aside is not there yet at this moment, for somebody's clock went back.
    """
    kept_until = spending_keeps_until(get_current_programme(programme_id), now) if points else None
    try:
        with signals(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT loyalty_settle_hold(%s, %s, %s, %s, %s, %s)",
                [ref, programme_id, points, actor, kept_until, now],
            )
            (found,) = cursor.fetchone()
    except Stale as signal:
        raise WalletBusy from signal
    if found is None:
        raise HoldNotFound
    return _settled.decode(found)


def _ended(hold: HoldNow) -> HoldHasEnded:
    words = {
        "captured": f"{hold.captured_points} of its {hold.points} points were spent already.",
        "released": "It was released; hold the points anew.",
        "lapsed": f"Its time was over at {hold.expires_at.isoformat()}; hold the points anew.",
    }
    return HoldHasEnded(words[hold.state], state=hold.state)
