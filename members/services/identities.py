"""Giving identities to members, and moving them. The directory's unique constraint decides who has one; nothing is
looked up first to be sure."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from config.outbox.services import publish
from members.errors import IdentityNotHeld, MemberNotActive, MemberNotFound, SameMember
from members.events import MemberChanged
from members.models import Identity, IdentityMove, SignInCode
from members.models.members import MemberState
from members.queries.members import lock_members
from members.rules.identities import IdentityClaim, IdentityKind, MoveEvidence
from members.services.presence import forget_presences
from members.services.sign_in import end_sign_ins

REACHED_BY = (IdentityKind.PHONE, IdentityKind.EMAIL)
"""Kinds to which codes are sent."""


def claim_identities(
    member_id: int,
    claims: Sequence[IdentityClaim],
    *,
    source: str,
    verified_at: datetime | None = None,
    now: datetime,
) -> list[IdentityClaim]:
    """Write down that a member goes by these; waits for anybody who is claiming the same at this moment.

    :return: the claims that somebody, this member included, held before; those were not written.
    """
    wanted = sorted(set(claims))  # one order for all: two who claim the same pair cannot block each other
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_identity (kind, value, member_id, verified_at, source, recorded_at)"
            " SELECT kind, value, %s, %s, %s, %s FROM unnest(%s::text[], %s::text[]) AS c(kind, value)"
            " ON CONFLICT (kind, value) DO NOTHING RETURNING kind, value",
            [
                member_id,
                verified_at,
                source,
                now,
                [claim.kind for claim in wanted],
                [claim.value for claim in wanted],
            ],
        )
        written = {IdentityClaim(kind, value) for kind, value in cursor.fetchall()}
    return [claim for claim in wanted if claim not in written]


@transaction.atomic
def move_identity(
    claim: IdentityClaim,
    *,
    from_member_id: int,
    to_member_id: int,
    evidence: MoveEvidence,
    source: str,
    actor: str,
    now: datetime,
) -> Identity:
    """Let a member go by an identity that was another's. What was proven by it is proven no more; codes waiting for it
    are void, and whoever was let in by a phone or address is let in no more; what the other did under it stays theirs.

    Naming who has it now makes sure that it is not somebody else's by the time it is moved. Told again after it was
    done, it changes nothing.

    :param source: stands beside the identity from now on, e.g. `admin`, `web`.
    :raises SameMember: if both are one.
    :raises MemberNotFound: if one of them is nobody.
    :raises MemberNotActive: if the member who is to have it was merged or erased.
    :raises IdentityNotHeld: if the member it is to be taken from does not go by it.
    """
    if from_member_id == to_member_id:
        raise SameMember(pointer="/from_member")
    members = lock_members({from_member_id, to_member_id})
    if len(members) < 2:
        raise MemberNotFound
    if members[to_member_id].state != MemberState.ACTIVE:
        raise MemberNotActive
    identity = Identity.objects.select_for_update().filter(kind=claim.kind, value=claim.value).first()
    if identity is not None and identity.member_id == to_member_id and _came_from(identity, from_member_id):
        return identity
    if identity is None or identity.member_id != from_member_id:
        raise IdentityNotHeld(pointer=f"/{claim.kind}")
    IdentityMove.objects.create(
        member_id=to_member_id,
        from_member_id=from_member_id,
        identity_id=identity.pk,
        kind=identity.kind,
        was_verified_at=identity.verified_at,
        evidence=evidence.value,
        actor=actor,
        moved_at=now,
    )
    identity.member_id, identity.verified_at, identity.source = to_member_id, None, source
    identity.save(update_fields=["member_id", "verified_at", "source"])
    SignInCode.objects.filter(identity_kind=claim.kind, identity_value=claim.value).delete()
    if claim.kind in REACHED_BY:
        end_sign_ins(from_member_id, because="moved", now=now)
        forget_presences(from_member_id)
    for member in members.values():
        publish(MemberChanged(member_ref=member.ref), member_id=member.pk, happened_at=now, now=now)
    return identity


def _came_from(identity: Identity, member_id: int) -> bool:
    """Whether its last move took it from this member."""
    moves = IdentityMove.objects.filter(member_id=identity.member_id, identity_id=identity.pk)
    last = moves.order_by("-id").first()
    return last is not None and last.from_member_id == member_id
