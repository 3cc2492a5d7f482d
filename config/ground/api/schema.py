"""The API document: what doors declare, as OpenAPI 3.1."""

from drf_spectacular.openapi import AutoSchema


class DoorSchema(AutoSchema):
    """Reads `takes`, `answers`, `params` and `scope` of a door."""
