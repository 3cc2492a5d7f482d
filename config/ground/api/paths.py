"""Converters of paths: `path("orders/<ref:ref>", ...)` reaches a door only with something shaped like a ref."""

from config.ground.ids import REF_PATTERN


class RefConverter:
    regex = REF_PATTERN.removeprefix("^").removesuffix("$")

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
