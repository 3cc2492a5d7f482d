"""Becoming a member."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from config.ground.ids import new_ref
from config.outbox.services import publish
from members.errors import IdentitiesOfTwoMembers, IdentityMissing
from members.events import MemberEnrolled
from members.models import Member
from members.queries.members import find_owners
from members.rules.consents import ConsentWord
from members.rules.identities import IdentityClaim, IdentityKind
from members.rules.people import Person
from members.services.cards import give_card
from members.services.consents import record_consents
from members.services.identities import claim_identities


@dataclass(frozen=True, slots=True)
class Enrolled:
    """
    :ivar is_new: False if somebody went by one of the identities already; then nothing was written.
    """

    member_id: int
    ref: str
    is_new: bool


class _TakenMeanwhile(Exception):  # noqa: N818 - never leaves this file
    """Somebody else became a member by one of the identities between our look and our write."""


@transaction.atomic
def enrol(
    *,
    identities: Sequence[IdentityClaim],
    person: Person = Person(),  # noqa: B008 - frozen
    via: str,
    place_code: str = "",
    programme_code: str = "",
    referral_code: str = "",
    consents: Sequence[ConsentWord] = (),
    actor: str,
    now: datetime,
) -> Enrolled:
    """Make somebody a member, known by these identities; or answer the member who goes by one of them.

    A member who exists is left as they are, further identities included: whoever can name somebody's phone must not be
    able to hang an address of their own onto that account. A new member without a card is given a number.

    :param identities: made by `rules.identities.claim`; one is enough.
    :param via: one of `models.members.EnrolledVia`.
    :param referral_code: of the member who brought them; only announced.
    :param actor: who wrote it down, e.g. `key:12`; stands beside the consents as evidence.
    :raises IdentityMissing: if no identity is given.
    :raises IdentitiesOfTwoMembers: if they belong to different members.
    """
    if not identities:
        raise IdentityMissing
    known = _find_one_owner(identities)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            member = _record_member(person, via=via, place_code=place_code, now=now)
            _record_identities(member, identities, via=via, now=now)
    except _TakenMeanwhile:
        winner = _find_one_owner(identities)
        if winner is None:
            raise
        return winner
    if consents:
        record_consents(
            member.pk, consents, source=via, actor=actor, place_code=place_code, happened_at=now, now=now
        )
    enrolled = MemberEnrolled(
        member_ref=member.ref,
        via=via,
        place_code=place_code,
        programme_code=programme_code,
        referral_code=referral_code,
    )
    publish(enrolled, member_id=member.pk, happened_at=now, now=now)
    return Enrolled(member_id=member.pk, ref=member.ref, is_new=True)


def _find_one_owner(claims: Sequence[IdentityClaim]) -> Enrolled | None:
    owners = find_owners(claims)
    if len({owner for owner, _ in owners.values()}) > 1:
        conflicts = [
            {"kind": claim.kind, "value": claim.value, "member": ref}
            for claim, (_, ref) in sorted(owners.items())
        ]
        named = ", ".join(f"{found['kind']} to {found['member']}" for found in conflicts)
        raise IdentitiesOfTwoMembers(f"These belong to different members: {named}.", conflicts=conflicts)
    if not owners:
        return None
    member_id, ref = next(iter(owners.values()))
    return Enrolled(member_id=member_id, ref=ref, is_new=False)


def _record_member(person: Person, *, via: str, place_code: str, now: datetime) -> Member:
    return Member.objects.create(
        ref=new_ref("mem"),
        given_name=person.given_name,
        family_name=person.family_name,
        display_name=person.display_name,
        language=person.language,
        birth_date=person.birth_date,
        birth_month=person.birth_month,
        birth_day=person.birth_day,
        enrolled_at=now,
        enrolled_via=via,
        enrolled_at_place=place_code,
        card_secret=secrets.token_bytes(32),
        recorded_at=now,
    )


def _record_identities(member: Member, claims: Sequence[IdentityClaim], *, via: str, now: datetime) -> None:
    if claim_identities(member.pk, claims, source=via, now=now):
        raise _TakenMeanwhile
    if all(claim.kind != IdentityKind.CARD for claim in claims):
        give_card(member.pk, now=now)
