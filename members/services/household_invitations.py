"""Being asked to join a household: by a code that the head hands on, or in one's own app where the head named one."""

import hmac
import secrets
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import transaction

from config.ground.ids import new_ref
from members.errors import InvitationNotValid
from members.models import (
    Household,
    HouseholdInvitation,
    HouseholdPlace,
    HouseholdRole,
    InvitationAnswer,
    LimitPeriod,
    PlaceEnd,
)
from members.queries.households import (
    By,
    find_last_place,
    find_place,
    is_for,
    is_into,
    list_names,
    lock_household,
    lock_invitation,
)
from members.queries.members import find_member, lookup_of
from members.rules.identities import MemberKey
from members.services.households import Limit, ensure_room, give_place, lock_as_head, lock_free_member

LASTS = timedelta(days=7)
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_LENGTH = 9
"""30 letters to the power of 9 are 44 bits: with ten tries in ten minutes nobody guesses one."""


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """:ivar code: shown this once; only its digest is kept."""

    ref: str
    code: str
    role: str
    limit_points: int | None
    limit_per: str
    expires_at: datetime


@transaction.atomic
def invite(
    head_id: int,
    *,
    named: MemberKey | None,
    role: HouseholdRole,
    limit: Limit | None = None,
    region: str,
    actor: str,
    now: datetime,
) -> Invited:
    """Make a code by which one person may join. It answers the same for a stranger as for a member.

    :param named: whoever goes by this finds it in their app too, and the code lets in nobody else: neither the answer
        nor the code tells whether that is a member.
    :param limit: under which they join; None: who was in it before keeps theirs, and nobody else has any.
    :raises NoHousehold, NotTheHead: whoever asks. :raises IdentityNotValid: nobody can go by this.
    """
    household = lock_as_head(head_id)
    member_id, name = _addressee(named, region=region, now=now) if named else (None, "")
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    made = HouseholdInvitation.objects.create(
        ref=new_ref("hin"),
        household=household,
        member_id=member_id,
        role=role,
        limit_points=limit.points if limit else None,
        limit_per=(limit.per or LimitPeriod.MONTH) if limit else "",
        code_hash=_digest(code, name),
        invited_by=actor,
        invited_at=now,
        expires_at=now + LASTS,
    )
    return Invited(
        ref=made.ref,
        code=code,
        role=made.role,
        limit_points=made.limit_points,
        limit_per=made.limit_per,
        expires_at=made.expires_at,
    )


def join_by_code(member_id: int, code: str, *, now: datetime) -> Household:
    """Join by the code one was given. Told again by who is in by now, it answers the same.

    :raises InvitationNotValid: there is no such open invitation, it is for another member, or was made before they were
        taken out.
    :raises HouseholdTaken: they are in one already. :raises HouseholdFull: there is no place left.
    """
    written = "".join(letter for letter in code.upper() if letter.isalnum())
    names = ["", *list_names(member_id)]
    return _join(member_id, now=now, code_hash__in=[_digest(written, name) for name in names])


def accept_invitation(member_id: int, ref: str, *, now: datetime) -> Household:
    """Join as the invitation in one's app says.

    :raises InvitationNotValid, HouseholdTaken, HouseholdFull: as `join_by_code`.
    """
    return _join(member_id, now=now, ref=ref, member=member_id)


@transaction.atomic
def close_invitation(member_id: int, ref: str, *, now: datetime) -> None:
    """Refuse it, as the one who was named, or take it back, as the head.

    :raises InvitationNotValid: there is no such open invitation for, or of, this member.
    """
    invitation = lock_invitation(now=now, ref=ref)
    if invitation is None:
        raise InvitationNotValid
    if invitation.member_id == member_id:
        _answer(invitation, InvitationAnswer.REFUSED, now=now)
    elif Household.objects.filter(pk=invitation.household_id, head=member_id).exists():
        _answer(invitation, InvitationAnswer.WITHDRAWN, now=now)
    else:
        raise InvitationNotValid


@transaction.atomic
def _join(member_id: int, *, now: datetime, **by: By) -> Household:
    invitation = lock_invitation(now=now, **by)
    already = find_place(member_id)
    if already is not None and is_into(already.household_id, **by):
        return already.household
    if invitation is None or not is_for(invitation, member_id):
        raise InvitationNotValid
    lock_free_member(member_id)
    household = lock_household(invitation.household_id)
    before = find_last_place(member_id, household.pk)
    if household.head_id is None or (before and _was_taken_out_since(before, invitation)):
        raise InvitationNotValid
    ensure_room(household)
    like = invitation if invitation.limit_per else before
    give_place(household, member_id, role=invitation.role, like=like, now=now)
    _answer(invitation, InvitationAnswer.ACCEPTED, now=now)
    return household


def _was_taken_out_since(place: HouseholdPlace, invitation: HouseholdInvitation) -> bool:
    if place.left_at is None or place.left_because != PlaceEnd.EXPELLED:
        return False
    return place.left_at >= invitation.invited_at


def _answer(invitation: HouseholdInvitation, answer: InvitationAnswer, *, now: datetime) -> None:
    invitation.answer, invitation.answered_at = answer, now
    invitation.save(update_fields=["answer", "answered_at"])


def _addressee(key: MemberKey, *, region: str, now: datetime) -> tuple[int | None, str]:
    """The member who goes by this; where nobody does, what is mixed into the digest of the code, so that it lets in who
    goes by it later."""
    kind, value = lookup_of(key, region=region, now=now)
    found = find_member(kind, value)
    return (found.id, "") if found else (None, f"{kind}:{value}")


def _digest(code: str, name: str) -> bytes:
    told = f"household:{code}:{name}" if name else f"household:{code}"
    return hmac.digest(settings.SECRET_KEY.encode(), told.encode(), "sha256")
