"""Questions about programmes, places and tills."""

from collections.abc import Iterable

from omnichannel.errors import PlaceNotFound, ProgrammeNotFound
from omnichannel.models import Place, Programme, StaffPlace


def get_programme(code: str) -> Programme:
    """The programme with this code.

    :raises ProgrammeNotFound: if there is none.
    """
    programme = Programme.objects.filter(code=code).first()
    if programme is None:
        raise ProgrammeNotFound(f"There is no programme with the code {code!r}.")
    return programme


def get_place(*, programme_id: int, code: str) -> Place:
    """The store or web shop with this code, its programme and tills loaded.

    :raises PlaceNotFound: if the programme has none.
    """
    places = Place.objects.select_related("programme").prefetch_related("tills")
    place = places.filter(programme_id=programme_id, code=code).first()
    if place is None:
        raise PlaceNotFound(f"There is no store or web shop with the code {code!r}.")
    return place


def list_places(*, programme_id: int, after_code: str | None, limit: int) -> list[Place]:
    """Up to `limit` places in the order of their codes, those after `after_code`, programme and tills loaded."""
    places = Place.objects.filter(programme_id=programme_id).order_by("code")
    if after_code is not None:
        places = places.filter(code__gt=after_code)
    return list(places.select_related("programme").prefetch_related("tills")[:limit])


def find_place_ids(programme_id: int, codes: Iterable[str]) -> dict[str, int]:
    """Code -> id of those of the codes that name a place of the programme. One statement."""
    found = Place.objects.filter(programme_id=programme_id, code__in=set(codes))
    return dict(found.values_list("code", "id"))


def list_places_served(staff_id: int) -> list[int]:
    """The ids of the places that a member of staff serves; empty if none in particular."""
    return list(StaffPlace.objects.filter(staff_id=staff_id).values_list("place_id", flat=True))
