"""Corrections: asked for by one colleague, and above their limit decided by another."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from loyalty.errors import CorrectionDecided, NeedsAnotherPerson, OwnWallet
from loyalty.models import Correction, CorrectionReason, CorrectionState, Wallet
from loyalty.queries.batches import lock_wallets
from loyalty.queries.corrections import count_corrected, get_member_of_correction, limit_of, lock_correction
from loyalty.queries.programmes import get_current_programme
from loyalty.services.ledger import Credit, Debit, post_credit, post_debit
from members.queries.households import list_with_housemates
from members.queries.members import goes_by_email, is_colleague
from members.services.profiles import lock_unforgotten

OF_HOUSEHOLD = "You share a household with this member: ask a colleague."
LIMITED = timedelta(hours=24)
"""A limit is for what a colleague corrects alone of one wallet within so long."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Who corrects: their id, how tables name them (`staff:3`), their e-mail, and their roles."""

    id: int
    name: str
    email: str
    roles: Collection[str]


@transaction.atomic
def correct_points(
    wallet: Wallet,
    points: int,
    *,
    ref: str,
    reason: CorrectionReason,
    note: str,
    by: Colleague,
    now: datetime,
) -> Correction:
    """Give (above 0) or take points: at once within the colleague's limit of a day, else when another one agrees.

    :param ref: of the correction, made when the form was; told again, what was made of it is answered.
    :raises OwnWallet: it is the colleague's own.
    :raises MemberNotActive: the member was erased.
    :raises InsufficientPoints: more would be taken than can be spent.
    """
    ensure_not_own(wallet.member_id, by)
    lock_unforgotten(wallet.member_id)
    lock_wallets([wallet.member_id], wallet.programme_id, now=now)
    if known := Correction.objects.filter(ref=ref, member_id=wallet.member_id).first():
        return known
    correction = Correction(
        ref=ref,
        wallet=wallet,
        member_id=wallet.member_id,
        points=points,
        reason=reason,
        note=note,
        state=CorrectionState.WAITING,
        asked_by=by.name,
        asked_at=now,
    )
    alone = abs(points) + count_corrected(wallet.pk, by=by.name, since=now - LIMITED)
    if alone <= limit_of(by.roles, wallet.programme_id):
        _book(correction, now)
    correction.save()
    return correction


@transaction.atomic
def approve_correction(correction_id: int, *, by: Colleague, now: datetime) -> Correction:
    """Book what a colleague asked for.

    :raises CorrectionDecided: it does not wait any more.
    :raises NeedsAnotherPerson: it is what this very colleague asked for.
    :raises OwnWallet: it is the colleague's own.
    :raises MemberNotActive: the member was erased; it can be refused.
    :raises InsufficientPoints: more would be taken than can be spent now.
    """
    lock_unforgotten(get_member_of_correction(correction_id))
    correction = _lock(correction_id, by)
    _book(correction, now)
    correction.decided_by = by.name
    correction.save()
    return correction


@transaction.atomic
def refuse_correction(correction_id: int, *, by: Colleague, now: datetime) -> Correction:
    """Leave the points as they are.

    :raises CorrectionDecided: it does not wait any more.
    :raises NeedsAnotherPerson: it is what this very colleague asked for.
    :raises OwnWallet: it is the colleague's own.
    """
    correction = _lock(correction_id, by)
    correction.state, correction.decided_by, correction.decided_at = CorrectionState.REFUSED, by.name, now
    correction.save()
    return correction


def _lock(correction_id: int, by: Colleague) -> Correction:
    correction = lock_correction(correction_id)
    if correction.state != CorrectionState.WAITING:
        raise CorrectionDecided(f"This correction is {correction.get_state_display()}.")
    if correction.asked_by == by.name:
        raise NeedsAnotherPerson
    ensure_not_own(correction.member_id, by)
    return correction


def ensure_not_own(member_id: int, by: Colleague, words: str = "") -> None:
    """
    :raises OwnWallet: the member is the colleague, in these words, if any; or in a household with them, which shares.
    """
    for one in list_with_housemates(member_id):
        if is_colleague(one, by.id) or (by.email and goes_by_email(one, by.email)):
            raise OwnWallet(words if one == member_id else OF_HOUSEHOLD)


def _book(correction: Correction, now: datetime) -> None:
    programme = get_current_programme(correction.wallet.programme_id)
    reason = f"{correction.get_reason_display()}: {correction.note}"
    cause = f"correct:{correction.ref}"
    if correction.points > 0:
        credit = Credit(
            member_id=correction.member_id,
            points=correction.points,
            kind="adjust",
            cause=cause,
            reason=reason,
            actor=correction.asked_by,
            happened_at=now,
        )
        post_credit(credit, programme=programme, now=now)
    else:
        debit = Debit(
            wallet_id=correction.wallet_id,
            points=-correction.points,
            kind="adjust",
            cause=cause,
            reason=reason,
            actor=correction.asked_by,
        )
        post_debit(debit, now=now)
    correction.state, correction.decided_at = CorrectionState.BOOKED, now
