"""What an import has to know beforehand."""

import msgspec
from django.db import connection

from omnichannel.models import Place
from omnichannel.queries.places import get_programme

HISTORY_COMES = 2_026_112_200
"""Key of an advisory lock: shared by imports that take orders, each for as long as it lasts."""


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


def keeps_history_out() -> bool:
    """Whether no import is under way, and none begins before the transaction at hand ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [HISTORY_COMES])
        return bool(cursor.fetchone()[0])
