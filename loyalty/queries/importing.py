"""What an import has to know beforehand."""

import msgspec

from omnichannel.models import Place
from omnichannel.queries.places import get_programme


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """The programme that gets the orders."""

    id: int
    code: str
    timezone: str
    currency: str
    region: str


def get_destination(programme_code: str) -> Destination:
    """
    :raises ProgrammeNotFound: if there is no programme with this code.
    """
    programme = get_programme(programme_code)
    return Destination(
        id=programme.pk,
        code=programme.code,
        timezone=programme.timezone,
        currency=programme.currency,
        region=programme.region,
    )


def find_place_ids(programme_id: int) -> dict[str, int]:
    """Code -> id of all places of a programme."""
    return dict(Place.objects.filter(programme_id=programme_id).values_list("code", "id"))
