"""Whose wallet it is: looking wallets up by whatever a colleague types."""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from config.ground.ids import is_ref
from loyalty.models import Settlement, Wallet
from members.models import Member
from members.queries.search import find_by_term
from members.rules.people import name_of


def find_member_ids(term: str) -> QuerySet[Any, Any]:
    """Ids of the members that a search means: by phone, card, e-mail, ref or pieces of the name."""
    return find_by_term(term.strip()).values("pk")


def list_people(refs: Collection[str]) -> dict[str, tuple[int, str]]:
    """Id and name of members, by ref."""
    return {one.ref: (one.pk, name_of(one)) for one in Member.objects.filter(ref__in=refs)}


def find_wallet_ids(term: str) -> QuerySet[Any, Any]:
    """Ids of the wallets that a search means: as `find_member_ids`, or by an order's ref."""
    term = term.strip()
    if is_ref(term.lower(), "ord"):
        return Settlement.objects.filter(order_ref=term.lower()).values("wallet_id")
    return Wallet.objects.filter(member_id__in=find_member_ids(term)).values("pk")
