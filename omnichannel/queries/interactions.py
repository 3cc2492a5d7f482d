"""Asking for interactions: the last ones, and what was promised."""

from collections.abc import Collection

from django.db.models import Q

from omnichannel.errors import InteractionNotFound
from omnichannel.models import Interaction


def get_interaction(ref: str, *, programme_id: int | None) -> Interaction:
    """
    :param programme_id: of the key that asks; None for one of the whole house.
    :raises InteractionNotFound: if there is none.
    """
    rows = Interaction.objects.filter(ref=ref).select_related("member", "place", "case")
    found = rows.filter(**({"programme_id": programme_id} if programme_id else {})).first()
    if found is None:
        raise InteractionNotFound
    return found


def lock_interaction(interaction_id: int) -> Interaction:
    return Interaction.objects.select_for_update(of=("self",)).get(pk=interaction_id)


def list_open_promises(
    member_ids: Collection[int], *, limit: int, places: Collection[int] = ()
) -> list[Interaction]:
    """What was promised and not kept yet, what is due first in front.

    :param places: at these stores, or at none; empty for all.
    """
    rows = Interaction.objects.filter(member_id__in=member_ids, promise_kept_at=None).exclude(promise="")
    if places:
        rows = rows.filter(Q(place_id__in=places) | Q(place__isnull=True))
    return list(rows.order_by("promise_due_on", "pk")[:limit])


def list_interactions_of_case(case_id: int, *, places: Collection[int] = ()) -> list[Interaction]:
    """The newest first.

    :param places: at these stores, or at none; empty for all.
    """
    rows = Interaction.objects.filter(case_id=case_id).select_related("place")
    if places:
        rows = rows.filter(Q(place_id__in=places) | Q(place__isnull=True))
    return list(rows.order_by("-happened_at", "-pk")[:100])
