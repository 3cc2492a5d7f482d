"""Being there: a member proves to a till that it is them, by a code that is sent to them and told to the cashier."""

from datetime import datetime, timedelta

from django.db import transaction

from members.errors import CodeNotValid, NoWayToProve
from members.models import CodePurpose, Identity, Presence
from members.queries.sign_in import lock_holder
from members.rules.identities import IdentityClaim, IdentityKind
from members.services.sign_in_codes import request_code, use_code

LASTS = timedelta(minutes=10)
"""How long the proof holds at the till it was given to."""


def reach_of(member_id: int) -> IdentityClaim:
    """Where a member's code goes: their phone, the verified one first, or else their e-mail address.

    :raises NoWayToProve: they have neither.
    """
    reached_by = [IdentityKind.PHONE, IdentityKind.EMAIL]
    known = Identity.objects.filter(member_id=member_id, kind__in=reached_by).order_by("id")
    best = min(
        known,
        key=lambda one: (reached_by.index(IdentityKind(one.kind)), one.verified_at is None),
        default=None,
    )
    if best is None:
        raise NoWayToProve
    return IdentityClaim(best.kind, best.value)


def request_presence_code(claim: IdentityClaim, *, now: datetime) -> None:
    """Have a code sent that the member tells the cashier."""
    request_code(claim, purpose=CodePurpose.PRESENCE, now=now)


def prove_presence(claim: IdentityClaim, code: str, *, caller: str, now: datetime) -> datetime:
    """Take the code that the member told.

    :param caller: the till's key, e.g. key:12; the proof holds there and nowhere else.
    :return: until when it holds.
    :raises CodeNotValid: it is not the newest code, or that was used, ran out or was tried too often.
    """
    member_id = use_code(claim, code, purpose=CodePurpose.PRESENCE, now=now)
    until = now + LASTS
    with transaction.atomic():
        if lock_holder(member_id, claim) is None:
            raise CodeNotValid
        Presence.objects.update_or_create(
            member_id=member_id, caller=caller, defaults={"proven_at": now, "expires_at": until}
        )
    return until


def forget_presences(member_id: int) -> None:
    """Nothing that a member has proven holds any more."""
    Presence.objects.filter(member_id=member_id).delete()


def purge_presences(*, before: datetime) -> int:
    """Delete proofs that ran out before a moment. Answers how many."""
    deleted, _ = Presence.objects.filter(expires_at__lt=before).delete()
    return deleted
