"""Deciding about flags: cleared or confirmed, with a reason.

Points are taken back by a correction, and beyond one's own limit with a second person.
"""

from datetime import datetime
from typing import Literal

from django.db import transaction

from config.ground.ids import new_ref
from config.staff.actors import id_of
from loyalty.errors import AlreadyDecided, NeedsAnotherPerson, OwnWallet
from loyalty.models import CorrectionReason, CorrectionState, FlagState, FraudFlag, Wallet
from loyalty.queries.corrections import limit_of
from loyalty.queries.fraud import lock_flag
from loyalty.services.corrections import Colleague, approve_correction, correct_points, ensure_not_own
from loyalty.services.holds import release_hold

Verdict = Literal["cleared", "confirmed"]

TOLD_TO_THE_MEMBER = "please ask us about it"
"""The reason of a verdict is for colleagues; the member reads this among their points."""


@transaction.atomic
def decide(
    flag_id: int, verdict: Verdict, *, take_points: int, note: str, by: Colleague, now: datetime
) -> FraudFlag:
    """Clear a flag, or confirm it and take points back; what was held is free again.

    Taking more than the colleague corrects alone waits for another one, and so long the points stay held.

    :param take_points: above 0 only of a confirmed flag about one member.
    :raises AlreadyDecided: somebody was faster.
    :raises OwnWallet: it is about the colleague's own wallet, or about the colleague.
    :raises InsufficientPoints: the member has fewer to be taken.
    """
    flag = _lock(flag_id, (FlagState.OPEN,), by)
    flag.decided_by, flag.decided_at, flag.note = by.name, now, note
    flag.take_points = take_points if verdict == "confirmed" and flag.member_id else 0
    flag.state = FlagState(verdict)
    if flag.take_points > limit_of(by.roles, flag.programme_id):
        flag.state = FlagState.PROPOSED
    else:
        _carry_out(flag, by, None, now)
    flag.save()
    return flag


@transaction.atomic
def agree(flag_id: int, *, by: Colleague, now: datetime) -> FraudFlag:
    """Let it be confirmed as a colleague proposed, and take the points.

    :raises AlreadyDecided: it does not wait for a second person.
    :raises NeedsAnotherPerson: it is this very colleague's proposal.
    :raises OwnWallet, InsufficientPoints: as `decide`.
    """
    flag = _lock(flag_id, (FlagState.PROPOSED,), by)
    if flag.decided_by == by.name:
        raise NeedsAnotherPerson
    flag.state, flag.agreed_by = FlagState.CONFIRMED, by.name
    proposer = Colleague(id=id_of(flag.decided_by), name=flag.decided_by, email="", roles=())
    _carry_out(flag, proposer, by, now)
    flag.save()
    return flag


@transaction.atomic
def send_back(flag_id: int, *, by: Colleague) -> FraudFlag:
    """Do not agree: the flag is open again, with its points still held.

    :raises AlreadyDecided: it does not wait for a second person.
    """
    flag = _lock(flag_id, (FlagState.PROPOSED,), by)
    flag.state, flag.take_points, flag.note, flag.decided_by, flag.decided_at = (
        FlagState.OPEN,
        0,
        "",
        "",
        None,
    )
    flag.save()
    return flag


def _lock(flag_id: int, states: tuple[FlagState, ...], by: Colleague) -> FraudFlag:
    flag = lock_flag(flag_id)
    if flag.state not in states:
        raise AlreadyDecided(f"This flag is {flag.get_state_display()}.")
    if flag.evidence["subject"] == by.name:
        raise OwnWallet
    for member_id in flag.evidence["member_ids"]:
        ensure_not_own(member_id, by)
    return flag


def _carry_out(flag: FraudFlag, by: Colleague, agreed: Colleague | None, now: datetime) -> None:
    """Free what was held, then take what is to be taken, in one transaction: nobody can spend between."""
    if flag.hold_ref:
        release_hold(flag.hold_ref, programme_id=flag.programme_id, actor=by.name, now=now)
    if not flag.take_points or flag.member_id is None:
        return
    wallet = Wallet.objects.get(member_id=flag.member_id, programme_id=flag.programme_id)
    flag.correction_ref = new_ref("cor")
    made = correct_points(
        wallet,
        -flag.take_points,
        ref=flag.correction_ref,
        reason=CorrectionReason.FRAUD,
        note=TOLD_TO_THE_MEMBER,
        by=by,
        now=now,
    )
    if agreed is not None:
        approve_correction(made.pk, by=agreed, now=now)
    elif made.state != CorrectionState.BOOKED:
        raise NeedsAnotherPerson("What you may correct of this wallet today is used up: ask a colleague.")
