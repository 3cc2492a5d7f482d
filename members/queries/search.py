"""Finding a member by whatever somebody types into a search field."""

import re

from django.conf import settings
from django.db.models import Q, QuerySet

from config.ground.ids import is_ref
from members.errors import IdentityNotValid
from members.models import Identity, Member
from members.queries.members import search_members
from members.rules.identities import IdentityClaim, claim

_IS_NO_NAME = re.compile(r"[\d@:]")


def find_by_term(term: str) -> QuerySet[Member]:
    """Members who go by this phone (in any spelling), card, e-mail, external id or ref; else those with such names."""
    if is_ref(term.lower(), "mem"):
        return Member.objects.filter(ref=term.lower())
    claims = _readings(term) if _IS_NO_NAME.search(term) else []
    if not claims:
        return search_members(term)
    held = Q()
    for found in claims:
        held |= Q(kind=found.kind, value=found.value)
    return Member.objects.filter(pk__in=Identity.objects.filter(held).values("member_id"))


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
