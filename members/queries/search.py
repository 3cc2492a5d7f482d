"""Finding a member by whatever somebody types into a search field."""

import re

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Reverse

from config.ground.ids import is_ref
from members.errors import IdentityNotValid
from members.models import Identity, Member
from members.queries.members import search_members
from members.rules.identities import IdentityClaim, IdentityKind, claim

_IS_NO_NAME = re.compile(r"[\d@:]")
_IS_PART_OF_A_PHONE = re.compile(r"([\s().-]*\d){4,9}")

MOST_FOUND = 1_000
"""Of those who go by a term; who means one of more types another digit."""


def find_by_term(term: str) -> QuerySet[Member]:
    """Members who go by this phone (in any spelling), card, e-mail, external id or ref; else those with such names.

    Four to nine digits also find the phones that end in them. Who is known by an identity is looked up at once, so that
    a list of millions is not walked for a handful.
    """
    if is_ref(term.lower(), "mem"):
        return Member.objects.filter(ref=term.lower())
    held = Q()
    for found in _readings(term) if _IS_NO_NAME.search(term) else []:
        held |= Q(kind=found.kind, value=found.value)
    if _IS_PART_OF_A_PHONE.fullmatch(term):
        last_digits = re.sub(r"\D", "", term)
        held |= Q(kind=IdentityKind.PHONE.value, backwards__startswith=last_digits[::-1])
    if not held:
        return search_members(term)
    known = Identity.objects.alias(backwards=Reverse("value")).filter(held)
    return Member.objects.filter(pk__in=list(known.values_list("member_id", flat=True)[:MOST_FOUND]))


def _readings(term: str) -> list[IdentityClaim]:
    """Every identity that the term can be."""
    spellings = [("email", term), ("external", term), ("card", term), ("phone", term)]
    if term[:1].isdigit():
        spellings.append(("phone", f"+{term}"))
    return [found for kind, text in spellings if (found := _claim(kind, text)) is not None]


def _claim(kind: str, text: str) -> IdentityClaim | None:
    try:
        return claim(kind, text, region=settings.DEFAULT_REGION)
    except IdentityNotValid:
        return None


def newest_identity(kind: str) -> Subquery:
    """What each member of a query goes by of this kind, the newest; NULL for who has none."""
    held = Identity.objects.filter(member_id=OuterRef("pk"), kind=kind).order_by("-pk")
    return Subquery(held.values("value")[:1])
