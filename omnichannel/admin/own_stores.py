"""A colleague who serves stores sees what belongs to these; who serves none in particular sees all."""

from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from omnichannel.queries.places import list_places_served, list_programmes_served

Row = TypeVar("Row", bound=Model)


def of_own_stores(request: HttpRequest, rows: QuerySet[Row], *, place: str = "place") -> QuerySet[Row]:
    """Those of the rows that the person who asks may see.

    :param place: the look-up by which a row names its store.
    """
    served = list_places_served(request.user.pk) if request.user.pk else []
    return rows.filter(**{f"{place}__in": served}) if served else rows


def of_own_programmes(
    request: HttpRequest, rows: QuerySet[Row], *, programme: str = "programme"
) -> QuerySet[Row]:
    """Those of the rows that belong to the programmes of the stores that the person who asks serves.

    :param programme: the look-up by which a row names its programme.
    """
    served = list_programmes_served(request.user.pk) if request.user.pk else []
    return rows.filter(**{f"{programme}__in": served}) if served else rows


def of_own_stores_or_none(request: HttpRequest, rows: QuerySet[Row]) -> QuerySet[Row]:
    """The same, and those that belong to no store, of the programmes of these stores."""
    served = list_places_served(request.user.pk) if request.user.pk else []
    if not served:
        return rows
    nowhere = Q(place__isnull=True, programme__in=list_programmes_served(request.user.pk or 0))
    return rows.filter(Q(place__in=served) | nowhere)
