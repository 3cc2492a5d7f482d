"""Declaring which events a programme takes."""

from django.db import transaction

from omnichannel.errors import EventTypeNotValid
from omnichannel.models import EventProperty, EventType as EventTypeRow
from omnichannel.queries.places import lock_programme
from omnichannel.rules.behaviour import EventType
from omnichannel.rules.built_in_events import find_fault_of_type

LONGEST_CODE = 40


@transaction.atomic
def declare_event_type(programme_id: int, kind: EventType) -> bool:
    """Make a type say what it says here, properties and all. What was told before stays as it is.

    :return: whether the programme declares it for the first time.
    :raises EventTypeNotValid: it cannot have these properties, or not be what a built-in one is.
    """
    if len(kind.code) > LONGEST_CODE:
        raise EventTypeNotValid(f"Its code has at most {LONGEST_CODE} letters.")
    if fault := find_fault_of_type(kind):
        raise EventTypeNotValid(fault.detail, pointer=fault.pointer)
    lock_programme(programme_id)
    facts = {
        "title": kind.title,
        "is_act": kind.is_act,
        "is_told_by_members": kind.is_told_by_members,
        "is_retired": kind.is_retired,
        "claimed_within_days": kind.claimed_within_days,
    }
    row, is_new = EventTypeRow.objects.update_or_create(
        programme_id=programme_id, code=kind.code, defaults=facts
    )
    row.properties.exclude(name__in=[one.name for one in kind.properties]).delete()
    for one in kind.properties:
        EventProperty.objects.update_or_create(
            event_type=row,
            name=one.name,
            defaults={"kind": one.kind, "is_required": one.is_required, "allowed": one.allowed},
        )
    return is_new
