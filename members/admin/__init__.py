"""Doors for staff, one file per subject. Django's autodiscovery imports this."""

from members.admin import (
    attributes,
    colleagues,
    consents,
    dashboard,
    duplicates,
    households,
    imports,
    members,
    merges,
    privacy,
)

__all__ = [
    "attributes",
    "colleagues",
    "consents",
    "dashboard",
    "duplicates",
    "households",
    "imports",
    "members",
    "merges",
    "privacy",
]
