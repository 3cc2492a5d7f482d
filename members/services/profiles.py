"""Changing what we know of a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from config.outbox.services import publish
from members.errors import IdentityTaken, MemberNotActive, MemberNotFound
from members.events import MemberChanged
from members.models import Member
from members.models.members import MemberState
from members.queries.members import MemberFacts, find_owners, get_member_by_id
from members.rules.identities import IdentityClaim
from members.rules.people import Person, person
from members.services.identities import claim_identities


@transaction.atomic
def change_member(
    member_id: int,
    *,
    changes: Mapping[str, Any],
    identities: Sequence[IdentityClaim] = (),
    source: str,
    now: datetime,
) -> MemberFacts:
    """Change some of a person's details, and let them go by further identities.

    :param changes: fields of `rules.people.Person` by name; a new birth date brings its birthday with it.
    :param source: who told us, e.g. `app`, `admin`, `web`; stands beside the identities.
    :raises MemberNotFound: if there is no such member.
    :raises MemberNotActive: if the member was merged or erased.
    :raises BirthdayNotValid: if there is no such birthday.
    :raises IdentityTaken: if somebody else goes by one of the identities.
    """
    member = lock_active(member_id)
    before = Person(**{name: getattr(member, name) for name in Person.__struct_fields__})
    wanted = _changed(before, changes)
    if wanted != before:
        Member.objects.filter(pk=member_id).update(**msgspec.structs.asdict(wanted))
    added = _add_identities(member_id, identities, source=source, now=now)
    if wanted != before or added:
        publish(MemberChanged(member_ref=member.ref), member_id=member_id, happened_at=now, now=now)
    return get_member_by_id(member_id)


def lock_active(member_id: int) -> Member:
    """Lock somebody until commit; tills sell to them meanwhile.

    :raises MemberNotFound: if there is no such member.
    :raises MemberNotActive: if the member was merged or erased.
    """
    member = Member.objects.select_for_update(no_key=True).filter(pk=member_id).first()
    if member is None:
        raise MemberNotFound
    if member.state != MemberState.ACTIVE:
        raise MemberNotActive
    return member


def lock_unforgotten(member_id: int) -> Member:
    """Lock somebody until commit of whom something is to be written down, under whatever name: who is being erased
    meanwhile is erased with it, or waits.

    :raises MemberNotFound: if there is no such member.
    :raises MemberNotActive: if the member was erased.
    """
    member = Member.objects.select_for_update(no_key=True).filter(pk=member_id).first()
    if member is None:
        raise MemberNotFound
    if member.state == MemberState.ERASED:
        raise MemberNotActive("Nothing is written about who was forgotten.")
    return member


def _changed(before: Person, changes: Mapping[str, Any]) -> Person:
    kept = msgspec.structs.asdict(before)
    if changes.get("birth_date") is not None:
        kept |= {"birth_month": None, "birth_day": None}
    elif {"birth_month", "birth_day"} & changes.keys() and "birth_date" not in changes:
        kept |= {"birth_date": None}
    return person(**{**kept, **changes})


def _add_identities(member_id: int, claims: Sequence[IdentityClaim], *, source: str, now: datetime) -> bool:
    """Whether any was new; all of them are the member's afterwards."""
    if not claims:
        return False
    held_before = claim_identities(member_id, claims, source=source, now=now)
    for claim, (owner, ref) in find_owners(held_before).items():
        if owner != member_id:
            detail = f"This {claim.kind} belongs to {ref}."
            raise IdentityTaken(detail, pointer=f"/{claim.kind}", kind=claim.kind, member=ref)
    return len(held_before) < len(set(claims))
