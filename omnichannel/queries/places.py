"""Questions about programmes, places and tills."""

from collections.abc import Iterable

from django.db.models import QuerySet

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


def get_programme_by_id(programme_id: int) -> Programme:
    """The programme of an id that a key or row names."""
    return Programme.objects.get(pk=programme_id)


def list_programmes() -> list[Programme]:
    """All of the house, the oldest first."""
    return list(Programme.objects.order_by("pk"))


def find_only_programme() -> Programme | None:
    """The programme, if there is just one."""
    found = list(Programme.objects.all()[:2])
    return found[0] if len(found) == 1 else None


def places_of(programme_id: int) -> QuerySet[Place]:
    """The places of a programme, with programme and tills loaded."""
    places = Place.objects.filter(programme_id=programme_id)
    return places.select_related("programme").prefetch_related("tills")


def find_common_timezone() -> str | None:
    """The timezone of all programmes, None if they differ or there are none."""
    zones = list(Programme.objects.values_list("timezone", flat=True).distinct()[:2])
    return zones[0] if len(zones) == 1 else None


def get_place(*, programme_id: int, code: str) -> Place:
    """The store or web shop with this code, its programme and tills loaded.

    :raises PlaceNotFound: if the programme has none.
    """
    place = places_of(programme_id).filter(code=code).first()
    if place is None:
        raise PlaceNotFound(f"There is no store or web shop with the code {code!r}.")
    return place


def lock_place(place_id: int) -> None:
    """Let nobody else change a place until commit; tills sell on."""
    Place.objects.select_for_update(no_key=True).get(pk=place_id)


def lock_programme(programme_id: int) -> None:
    """Let nobody else change until commit which events a programme takes; tills sell on."""
    Programme.objects.select_for_update(no_key=True).get(pk=programme_id)


def find_place_ids(programme_id: int, codes: Iterable[str]) -> dict[str, int]:
    """Code -> id of those of the codes that name a place of the programme. One statement."""
    found = Place.objects.filter(programme_id=programme_id, code__in=set(codes))
    return dict(found.values_list("code", "id"))


def list_codes_served(staff_id: int) -> list[tuple[int, str]]:
    """Id and code of each place that a member of staff serves, by id; empty if none in particular."""
    served = StaffPlace.objects.filter(staff_id=staff_id).order_by("place_id")
    return list(served.values_list("place_id", "place__code"))


def list_places_served(staff_id: int) -> list[int]:
    """The ids of the places that a member of staff serves; empty if none in particular."""
    return list(StaffPlace.objects.filter(staff_id=staff_id).values_list("place_id", flat=True))


def list_programmes_served(staff_id: int) -> list[int]:
    """The ids of the programmes of these places; empty if none in particular."""
    served = StaffPlace.objects.filter(staff_id=staff_id)
    return list(served.values_list("place__programme_id", flat=True).distinct())
