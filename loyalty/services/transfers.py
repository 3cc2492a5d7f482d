"""Points that one member gives to another."""

from dataclasses import dataclass
from datetime import datetime, time

import msgspec
from django.db import connection, transaction

from config.ground.ids import new_ref
from loyalty.errors import (
    TransferContentDiffers,
    TransferExceeds,
    TransfersNotAllowed,
    TransferToOneself,
)
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.wallets import shown
from loyalty.rules.answers import WalletAnswer
from loyalty.rules.wallets import WalletFacts


@dataclass(frozen=True, slots=True)
class TransferDraft:
    """Who gives how many points to whom. `number`: what the giver's app calls it, once; "": it has no name."""

    member_id: int
    to_member_id: int
    programme_id: int
    points: int
    actor: str
    number: str = ""


class Transferred(msgspec.Struct, frozen=True, kw_only=True):
    """`ref` of the transfer, and the giver's wallet after it. `is_new`: False where its number was told before."""

    ref: str
    wallet: WalletAnswer
    is_new: bool


class _Answer(msgspec.Struct, frozen=True):
    ref: str
    is_same: bool
    left: int
    wallet: WalletFacts | None


_decoder = msgspec.json.Decoder(_Answer)


@transaction.atomic
def transfer_points(draft: TransferDraft, *, now: datetime) -> Transferred:
    """Give points to another member of the same programme. They keep the day on which they run out.

    A number that was told before is answered by what was given then.

    :raises TransferToOneself: giver and receiver are one.
    :raises TransfersNotAllowed: the programme's terms let nobody give points away.
    :raises TransferContentDiffers: its number was told with another receiver or number of points.
    :raises TransferExceeds: fewer can be spent, or were left to be given today; none while something is owed.
    """
    if draft.member_id == draft.to_member_id:
        raise TransferToOneself(pointer="/to")
    terms = get_current_programme(draft.programme_id).terms_at(now)
    if terms.transfer_points_a_day == 0:
        raise TransfersNotAllowed
    today = datetime.combine(now.astimezone(terms.zone).date(), time(), terms.zone)
    document = {
        "ref": new_ref("trf"),
        "programme_id": draft.programme_id,
        "member_id": draft.member_id,
        "to_member_id": draft.to_member_id,
        "number": draft.number,
        "points": draft.points,
        "most": terms.transfer_points_a_day,
        "day_from": today,
        "actor": draft.actor,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_transfer_points(%s::jsonb, %s)", [msgspec.json.encode(document).decode(), now]
        )
        answer = _decoder.decode(cursor.fetchone()[0])
    if not answer.is_same:
        raise TransferContentDiffers("Number each gift anew; repeat one only unchanged.", pointer="/number")
    if answer.wallet is None:
        raise TransferExceeds(f"{answer.left} points can be given.", pointer="/points", left=answer.left)
    return Transferred(ref=answer.ref, wallet=shown(answer.wallet), is_new=answer.ref == document["ref"])
