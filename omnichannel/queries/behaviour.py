"""Questions about behaviour: which events a programme takes, and what was told."""

from collections.abc import Collection, Iterable

import msgspec
from django.db import connection
from django.db.models import QuerySet

from omnichannel.errors import EventTypeNotFound
from omnichannel.models import BehaviourEvent, EventType as EventTypeRow
from omnichannel.queries.places import list_programmes_served
from omnichannel.rules.behaviour import EventType, Property
from omnichannel.rules.built_in_events import BUILT_IN


def list_event_types(programme_id: int) -> dict[str, EventType]:
    """Code -> type: those that the programme declares, and the built-in ones. Two statements."""
    declared = {one.code: one for one in list_declared_types(programme_id)}
    return dict(sorted((BUILT_IN | declared).items()))


def list_declared_types(programme_id: int) -> list[EventType]:
    """Those that the programme declares, by code."""
    rows = EventTypeRow.objects.filter(programme_id=programme_id).prefetch_related("properties")
    return [type_of(row) for row in rows.order_by("code")]


def get_event_type(programme_id: int, code: str) -> EventType:
    """
    :raises EventTypeNotFound: the programme has none with this code.
    """
    found = list_event_types(programme_id).get(code)
    if found is None:
        raise EventTypeNotFound(f"There is no event type {code!r}.")
    return found


def type_of(row: EventTypeRow) -> EventType:
    """A declared type as rules see it, its properties in the order in which they were declared."""
    properties = sorted(row.properties.all(), key=lambda one: one.pk)
    return EventType(
        code=row.code,
        title=row.title,
        properties=[msgspec.convert(one, Property, from_attributes=True) for one in properties],
        is_act=row.is_act,
        is_told_by_members=row.is_told_by_members,
        is_retired=row.is_retired,
        claimed_within_days=row.claimed_within_days,
    )


def find_told(*, programme_id: int, source: str, teller: int, ids: Iterable[str]) -> dict[str, str]:
    """Event's own id -> our ref, of those that were told before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT external_id, ref FROM omnichannel_eventtold"
            " WHERE programme_id = %s AND source = %s AND teller = %s AND external_id = ANY (%s::text[])",
            [programme_id, source, teller, sorted(set(ids))],
        )
        return dict(cursor.fetchall())


def list_programmes_told(member_ids: Collection[int], *, type_code: str, source: str) -> set[int]:
    """Ids of the programmes in which a source told this of one of these members."""
    rows = BehaviourEvent.objects.filter(member_id__in=member_ids, type_code=type_code, source=source)
    return set(rows.values_list("programme_id", flat=True))


def list_newest_events(member_id: int, *, limit: int, viewer_id: int | None = None) -> list[BehaviourEvent]:
    """What the member did last, as it was told.

    :param viewer_id: the colleague who looks: told to the programmes of the stores they serve, if there are such.
    """
    rows: QuerySet[BehaviourEvent] = BehaviourEvent.objects.filter(member_id=member_id)
    if viewer_id is not None and (served := list_programmes_served(viewer_id)):
        rows = rows.filter(programme_id__in=served)
    return list(rows.select_related("programme", "place").order_by("-pk")[:limit])
