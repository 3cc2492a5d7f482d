"""Opening and changing programmes, places and tills."""

import re
import zoneinfo
from collections.abc import Sequence

from django.db import IntegrityError, connection, transaction

from omnichannel.errors import PlaceCodeTaken, ProgrammeNotValid, TillCodeTaken
from omnichannel.models import Place, Programme, Till
from omnichannel.models.places import new_place_ref

_CURRENCY = re.compile(r"^[A-Z]{3}$")
_REGION = re.compile(r"^[A-Z]{2}$")


def open_programme(*, code: str, name: str, timezone: str, currency: str, region: str) -> Programme:
    """A programme by its code: made if there is none, otherwise as it stands.

    :raises ProgrammeNotValid: if timezone, currency or region are none.
    """
    ensure_programme_is_possible(timezone=timezone, currency=currency, region=region)
    facts = {"name": name, "timezone": timezone, "currency": currency, "region": region}
    return Programme.objects.get_or_create(code=code, defaults=facts)[0]


def ensure_programme_is_possible(*, timezone: str, currency: str, region: str) -> None:
    """
    :raises ProgrammeNotValid: if this is no IANA timezone, ISO 4217 currency or ISO 3166 region.
    """
    if timezone not in zoneinfo.available_timezones():
        raise ProgrammeNotValid(
            f"{timezone!r} is no timezone; use a name such as Asia/Taipei.", pointer="/timezone"
        )
    if not _CURRENCY.match(currency):
        raise ProgrammeNotValid(f"{currency!r} is no currency; use a code such as USD.", pointer="/currency")
    if not _REGION.match(region):
        raise ProgrammeNotValid(f"{region!r} is no region; use a code such as US.", pointer="/region")


def open_place(*, programme_id: int, code: str, name: str, kind: str = "store") -> Place:
    """Open a store or a web shop.

    :raises PlaceCodeTaken: if the programme has one with this code.
    """
    try:
        with transaction.atomic():
            return Place.objects.create(programme_id=programme_id, code=code, name=name, kind=kind)
    except IntegrityError as taken:
        raise PlaceCodeTaken(f"The programme has a store with the code {code!r} already.") from taken


_NAME_PLACES = """
    INSERT INTO omnichannel_place AS known (ref, programme_id, code, name, kind)
    SELECT ref, %(programme_id)s, code, name, kind
      FROM unnest(%(refs)s::text[], %(codes)s::text[], %(names)s::text[], %(kinds)s::text[])
        AS told (ref, code, name, kind)
     ORDER BY code
        ON CONFLICT (programme_id, code) DO UPDATE
       SET name = excluded.name, kind = excluded.kind
     WHERE (known.name, known.kind) IS DISTINCT FROM (excluded.name, excluded.kind)
    RETURNING xmax = 0
"""


def name_places(*, programme_id: int, places: Sequence[tuple[str, str, str]]) -> int:
    """Open the places not known yet, and give the known ones these names and kinds, in one statement.

    :param places: (code, name, kind), each code once.
    :return: how many were opened.
    """
    if not places:
        return 0
    codes, names, kinds = (list(column) for column in zip(*places, strict=True))
    refs = [new_place_ref() for _ in places]
    with connection.cursor() as cursor:
        cursor.execute(
            _NAME_PLACES,
            {"programme_id": programme_id, "refs": refs, "codes": codes, "names": names, "kinds": kinds},
        )
        return sum(is_new for (is_new,) in cursor.fetchall())


def change_place(place: Place, *, name: str | None = None, is_open: bool | None = None) -> Place:
    """Rename, close or reopen a place; what is None stays as it is."""
    if name is not None:
        place.name = name
    if is_open is not None:
        place.is_open = is_open
    place.save(update_fields=["name", "is_open"])
    return place


def add_till(*, place_id: int, code: str, name: str = "") -> Till:
    """Put a till into a place.

    :raises TillCodeTaken: if the place has one with this code.
    """
    try:
        with transaction.atomic():
            return Till.objects.create(place_id=place_id, code=code, name=name)
    except IntegrityError as taken:
        raise TillCodeTaken(f"This store has a till with the code {code!r} already.") from taken
