"""Finding members, and telling what is known of them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from members.errors import CardCodeNotValid, IdentityNotValid, MemberNotFound
from members.models import Colleague, Identity, Member
from members.queries.card_codes import prove_card_code
from members.rules.identities import IdentityClaim, IdentityKind, MemberKey, normalise
from members.rules.people import called

REF = "ref"

WHO_THEY_ARE = "(SELECT coalesce(g.merged_into_id, g.id) FROM members_member g WHERE g.ref = %s)"
"""Who goes by a ref: for one who was merged it is the one who stayed."""


class KnownIdentity(msgspec.Struct, frozen=True):
    """:ivar source: who told us, such as till, web, app, import, admin."""

    kind: str
    value: str
    verified_at: datetime | None
    source: str


class MemberFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A member with their identities, oldest first."""

    id: int
    ref: str
    given_name: str
    family_name: str
    display_name: str
    language: str
    birth_date: date | None
    birth_month: int | None
    birth_day: int | None
    state: str
    enrolled_at: datetime
    enrolled_via: str
    enrolled_at_place: str
    recorded_at: datetime
    identities: tuple[KnownIdentity, ...]

    @property
    def called(self) -> str:
        return called(self.given_name, self.family_name, self.display_name)


def lookup_of(key: MemberKey, *, region: str, now: datetime) -> tuple[str, str]:
    """What to look for in the directory: kind ("ref", "phone", "email", "card" or "external") and normal form.

    A rotating card code is proven here, in one statement, and answers as ("ref", ...).

    :param region: two letters; where a phone number without a country code is at home.
    :raises IdentityNotValid: if nobody can have this identity.
    :raises CardCodeNotValid: if the code is forged or older than its minute, or its device is signed out.
    """
    lookup, over = recall_of(key, region=region, now=now)
    if over:
        raise CardCodeNotValid(over, pointer="/member/qr")
    return lookup


def recall_of(key: MemberKey, *, region: str, now: datetime) -> tuple[tuple[str, str], str]:
    """As `lookup_of`, and why the code is over, "" if it is not: what was told in its minute may be told again later.

    :raises IdentityNotValid: if nobody can have this identity.
    :raises CardCodeNotValid: if the code is forged.
    """
    if key.ref is not None:
        return (REF, key.ref), ""
    if key.qr is not None:
        member_ref, over = prove_card_code(key.qr, now=now)
        return (REF, member_ref), over
    if key.external is not None:
        return ("external", normalise("external", key.external.text, pointer="/member/external")), ""
    kind, text = next((name, value) for name in _TYPED if (value := getattr(key, name)) is not None)
    return (kind, normalise(kind, text, region=region, pointer=f"/member/{kind}")), ""


_TYPED = ("phone", "email", "card")


def find_member(kind: str, value: str) -> MemberFacts | None:
    """The member who goes by this, if there is one; kind and value as `lookup_of` gives them."""
    found = _facts(_known_by(kind, value), [kind, value] if kind != REF else [value])
    return found[0] if found else None


def get_member(key: MemberKey, *, region: str, now: datetime) -> MemberFacts:
    """The member whom a request names.

    :raises MemberNotFound: if nobody goes by this.
    :raises IdentityNotValid: see `lookup_of`; so CardCodeNotValid.
    """
    found = find_member(*lookup_of(key, region=region, now=now))
    if found is None:
        raise MemberNotFound
    return found


def goes_by_email(member_id: int, email: str) -> bool:
    """Whether a member is known by this address, written in whatever way; nobody by one that cannot be anybody's."""
    try:
        address = normalise(IdentityKind.EMAIL, email)
    except IdentityNotValid:
        return False
    return Identity.objects.filter(
        kind=IdentityKind.EMAIL, value=address, member_id__in=_by_now(member_id)
    ).exists()


def is_colleague(member_id: int, staff_id: int) -> bool:
    """Whether a member is this very person of the staff, by this name or another that is the same person by now."""
    theirs = Colleague.objects.annotate(person=Coalesce("member__merged_into_id", "member_id"))
    return theirs.filter(staff_id=staff_id, person__in=_by_now(member_id)).exists()


def _by_now(member_id: int) -> QuerySet[Member, Any]:
    """Who a member is by now: themselves, or who they were merged into."""
    return Member.objects.filter(pk=member_id).values(person=Coalesce("merged_into_id", "pk"))


def get_member_by_id(member_id: int) -> MemberFacts:
    """
    :raises MemberNotFound: if there is none.
    """
    found = list_members_by_id([member_id])
    if not found:
        raise MemberNotFound
    return found[0]


def list_members_by_id(member_ids: Sequence[int]) -> list[MemberFacts]:
    """The members with these ids, in the order of their ids; unknown ids are left out. One statement."""
    return _facts("WHERE m.id = ANY(%s::bigint[])", [list(member_ids)])


def lock_members(member_ids: Collection[int]) -> dict[int, Member]:
    """Lock members until commit, in the order of their ids; id -> member, unknown ids left out. Rows that point to
    them are written meanwhile."""
    locked = Member.objects.filter(pk__in=member_ids).order_by("pk")
    locked = locked.select_for_update(of=("self",), no_key=True)
    return {member.pk: member for member in locked}


def find_owners(claims: Collection[IdentityClaim]) -> dict[IdentityClaim, tuple[int, str]]:
    """Which of these identities are taken, and by whom: claim -> (member id, member ref). One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.kind, i.value, m.id, m.ref FROM json_to_recordset(%s::json) AS c(kind text, value text)"
            " JOIN members_identity i USING (kind, value) JOIN members_member m ON m.id = i.member_id",
            [msgspec.json.encode(claims).decode()],
        )
        return {IdentityClaim(kind, value): (owner, ref) for kind, value, owner, ref in cursor.fetchall()}


def find_active(keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Key -> id of the active members who go by these, as `lookup_of` gives them. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT k.kind, k.value, m.id FROM unnest(%s::text[], %s::text[]) AS k(kind, value)
            LEFT JOIN members_identity i ON i.kind = k.kind AND i.value = k.value
            LEFT JOIN members_member g ON k.kind = 'ref' AND g.ref = k.value
            JOIN members_member m ON m.id = coalesce(i.member_id, g.merged_into_id, g.id) AND m.state = 'active'
            """,
            [[kind for kind, _ in keys], [value for _, value in keys]],
        )
        return {(kind, value): id_ for kind, value, id_ in cursor.fetchall()}


def list_members(
    *, claims: Sequence[IdentityClaim] = (), words: str = "", after_id: int = 0, limit: int
) -> list[MemberFacts]:
    """Members in the order they came, those after a row already seen. Two statements.

    :param claims: only the one who goes by all of these.
    :param words: pieces of names; each must stand in one of the names.
    """
    matching = search_members(words)
    for claim in claims:
        owner = Identity.objects.filter(kind=claim.kind, value=claim.value).values("member_id")
        matching = matching.filter(pk__in=owner)
    ids = matching.filter(pk__gt=after_id).order_by("pk").values_list("pk", flat=True)[:limit]
    return list_members_by_id(list(ids))


def search_members(words: str) -> QuerySet[Member]:
    """Members in whose names each of these words stands, in any order and as a piece; by the trigram index."""
    matching = Member.objects.all()
    for word in words.split():
        in_a_name = Q(given_name__icontains=word) | Q(family_name__icontains=word)
        matching = matching.filter(in_a_name | Q(display_name__icontains=word))
    return matching


def _known_by(kind: str, value: str) -> str:
    if kind == REF:
        return f"WHERE m.id = {WHO_THEY_ARE}"
    return "WHERE m.id = (SELECT member_id FROM members_identity WHERE kind = %s AND value = %s)"


def _facts(condition: str, parameters: list[Any]) -> list[MemberFacts]:
    """Members that meet a condition written in this file, with their identities, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_SELECT} {condition} ORDER BY m.id", parameters)
        return [_facts_of(row) for row in cursor.fetchall()]


def _facts_of(row: Sequence[Any]) -> MemberFacts:
    known = tuple(KnownIdentity(*parts) for parts in zip(*row[len(_COLUMNS) :], strict=True))
    return MemberFacts(**dict(zip(_COLUMNS, row[: len(_COLUMNS)], strict=True)), identities=known)


_COLUMNS = tuple(name for name in MemberFacts.__struct_fields__ if name != "identities")
_SELECT = f"""
SELECT {", ".join(f"m.{name}" for name in _COLUMNS)}, known.kinds, known.texts, known.proofs, known.sources
FROM members_member m
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(i.kind ORDER BY i.id), '{{}}') AS kinds,
        coalesce(array_agg(i.value ORDER BY i.id), '{{}}') AS texts,
        coalesce(array_agg(i.verified_at ORDER BY i.id), '{{}}') AS proofs,
        coalesce(array_agg(i.source ORDER BY i.id), '{{}}') AS sources
    FROM members_identity i WHERE i.member_id = m.id
) known
"""  # noqa: S608 - made of this file's own column names


def find_ids(refs: Collection[str]) -> dict[str, int]:
    """Ref -> id of the members who have these. One statement."""
    return dict(Member.objects.filter(ref__in=refs).values_list("ref", "pk"))
