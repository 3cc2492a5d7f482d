"""Doors for staff, one file per subject. Django's autodiscovery imports this."""

from omnichannel.admin import (
    catalogue,
    dashboard,
    event_types,
    keys,
    messages,
    orders,
    places,
    programmes,
    return_slips,
)

__all__ = [
    "catalogue",
    "dashboard",
    "event_types",
    "keys",
    "messages",
    "orders",
    "places",
    "programmes",
    "return_slips",
]
