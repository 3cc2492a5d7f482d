"""Typed data: rules, conditions and steps that are stored as JSON and checked against tagged unions of structs."""

from typing import Any, TypeVar

import msgspec

from config.ground.api.bodies import input_errors
from config.ground.refusals import InvalidInput

T = TypeVar("T")


def load(kind: type[T] | Any, data: Any) -> Any:
    """Stored or submitted plain data (as from `json.loads`) as a `kind`, a struct or a tagged union of structs.

    :raises InvalidInput: if it does not fit; `errors` point at what.
    """
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as fault:
        raise InvalidInput(errors=input_errors(fault)) from None


def dump(value: Any) -> Any:
    """The plain data of a struct, ready for a JSON column: moments and decimals are text."""
    return msgspec.to_builtins(value)
