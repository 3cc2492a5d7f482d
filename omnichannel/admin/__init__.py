"""Doors for staff, one file per subject. Django's autodiscovery imports this."""

from omnichannel.admin import (
    cases,
    catalogue,
    contacts,
    dashboard,
    event_types,
    keys,
    messages,
    orders,
    places,
    programmes,
    return_slips,
    surveys,
)

__all__ = [
    "cases",
    "catalogue",
    "contacts",
    "dashboard",
    "event_types",
    "keys",
    "messages",
    "orders",
    "places",
    "programmes",
    "return_slips",
    "surveys",
]
