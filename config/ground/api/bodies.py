"""Bodies: what a door takes and answers, as msgspec structs, and how raw bytes become one.

A body is refused as a whole: unknown fields by name, a field given twice, numbers beyond 64 bits, NUL characters,
anything that is not UTF-8.
"""

import json
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, ClassVar, TypeVar, cast
from urllib.parse import parse_qsl

import msgspec

from config.ground.refusals import InvalidInput, Refusal

T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 1800, 8999
"""Days and moments beyond are nobody's: programs write `0001-01-01` and `9999-12-31` for none, and no clock of a shop
shows them."""

BIGINT_MIN, BIGINT_MAX = -(2**63), 2**63 - 1
MOST_PARAMETERS = 100

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<at>(?:key in )?`?\$.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+|\.\.\.)\]")
_NAMED = re.compile(r"Object (?P<kind>missing required|contains unknown) field `(?P<name>.*?)`", re.DOTALL)
_CODES = (
    ("Object missing required", "missing"),
    ("Object contains unknown", "unknown_field"),
    ("Invalid enum value", "not_a_choice"),
    ("Invalid value", "not_a_choice"),
    ("Expected `str` matching", "wrong_format"),
    ("Invalid", "wrong_format"),
    ("Integer value out of range", "out_of_range"),
    ("Number out of range", "out_of_range"),
)
_BOUNDS = re.compile(r"^Expected `(?:int|float|decimal|str|array|object|bytes)` (?:[<>]|of length|that)")

_ODD_YEAR = re.compile(rb'"(?:0\d|1[0-7]|9\d)\d\d-\d\d')
"""What may be a day beyond our years: then the body is looked through, as it is where digits may stand as escapes."""
_ODD_DAY = f"Days and moments are between the years {FIRST_YEAR} and {LAST_YEAR}; leave out what has none."


class MalformedJson(Refusal):
    status = 400
    code = "malformed_json"
    title = "The body is not JSON"


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What comes in or goes out of a door.

    :cvar judges_own_days: of one row of many, each answered for itself: a day beyond our years refuses the row alone.
    """

    judges_own_days: ClassVar[bool] = False


@cache
def _decoder_of(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode(raw: bytes, kind: type[T]) -> T:
    """Raw JSON as a `kind`.

    :raises MalformedJson: if it is not JSON at all (400).
    :raises InvalidInput: if it does not fit, with `errors`: pointer, code and detail (422).
    """
    try:
        value = _decoder_of(cast(Any, kind)).decode(raw)
        _STRICT.decode(raw.decode())
    except msgspec.ValidationError as fault:
        raise InvalidInput(errors=input_errors(fault)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise MalformedJson(_malformed(raw, fault)) from None
    if b"\\u0000" in raw:
        _refuse_nul(msgspec.json.decode(raw), "")
    if b"\\u00" in raw or _ODD_YEAR.search(raw):
        _refuse_odd_days(value, "")
    return cast(T, value)


def decode_query(query_string: str, kind: type[T] | None) -> T | None:
    """The parameters behind `?` as a `kind`; a door that declares none takes none.

    :raises InvalidInput: an unknown parameter, one given twice, or one that does not fit; `errors` say `in: query`.
    """
    given: dict[str, str] = {}
    try:
        pairs = parse_qsl(
            query_string, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError:
        raise InvalidInput("The query is not readable: UTF-8 and at most 100 parameters.") from None
    for name, value in pairs:
        if name in given:
            raise _refused_parameter(name, "given_twice", "This parameter is given twice.")
        if "\0" in name or "\0" in value:
            raise _refused_parameter(name.replace("\0", ""), "wrong_format", "NUL characters are not taken.")
        given[name] = value
    if kind is None:
        if given:
            name = next(iter(given))
            raise _refused_parameter(name, "unknown_field", "This door takes no such parameter.")
        return None
    try:
        params = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as fault:
        raise InvalidInput(errors=[error | {"in": "query"} for error in input_errors(fault)]) from None
    for name in given:
        _refuse_odd_value(name, getattr(params, name, ""))
    return params


def _refuse_odd_days(value: Any, pointer: str) -> None:
    """Of a body that was understood: refuse days and moments whose year is beyond ours."""
    if isinstance(value, date):
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            fault = {"pointer": pointer, "code": "out_of_range", "detail": _ODD_DAY}
            raise InvalidInput(errors=[fault])
    elif isinstance(value, msgspec.Struct) and not getattr(value, "judges_own_days", False):
        for field in msgspec.structs.fields(value):
            _refuse_odd_days(getattr(value, field.name), f"{pointer}/{field.encode_name}")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            _refuse_odd_days(inner, f"{pointer}/{name}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            _refuse_odd_days(inner, f"{pointer}/{index}")


def _refuse_odd_value(name: str, value: Any) -> None:
    if value is None:
        # The word `null` was sent, and read as none; leaving the parameter out says the same.
        raise _refused_parameter(name, "wrong_format", "This is no value of the parameter.")
    if isinstance(value, int) and not BIGINT_MIN <= value <= BIGINT_MAX:
        raise _refused_parameter(name, "out_of_range", "This number is too large.")
    if isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise _refused_parameter(name, "out_of_range", _ODD_DAY)


def pointer_of(path: str) -> str:
    """msgspec's path as a JSON pointer (RFC 6901): `$.lines[0].sku` is `/lines/0/sku`.

    Keys of free objects are not named by msgspec (`[...]`); the pointer then ends at the object.
    """
    pointer = ""
    for step in _STEP.finditer(path.partition("$")[2]):
        if step["index"] == "...":
            break
        pointer += "/" + (step["name"] or step["index"]).replace("~", "~0").replace("/", "~1")
    return pointer


def input_errors(fault: msgspec.ValidationError) -> list[dict[str, str]]:
    """The `errors` of a problem document from msgspec's sentence: pointer, code and detail."""
    parts = _AT.match(str(fault))
    what, path = (parts["what"], parts["at"] or "$") if parts else (str(fault), "$")
    pointer = pointer_of(path)
    if named := _NAMED.match(what):
        pointer += "/" + named["name"].replace("~", "~0").replace("/", "~1")
    return [{"pointer": pointer, "code": _code_of(what), "detail": what}]


def _code_of(what: str) -> str:
    for beginning, code in _CODES:
        if what.startswith(beginning):
            return code
    if _BOUNDS.match(what):
        return "out_of_range"
    return "wrong_type" if what.startswith("Expected") else "invalid"


def _malformed(raw: bytes, fault: Exception) -> str:
    if not raw.strip():
        return "The body is empty; a JSON object is needed."
    if isinstance(fault, RecursionError):
        return "The body is nested too deeply."
    if isinstance(fault, UnicodeDecodeError):
        return "The body is not UTF-8."
    return f"The body is not JSON: {fault}."


def _refused_parameter(name: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"pointer": f"/{name}", "code": code, "detail": detail, "in": "query"}])


def _once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """An object whose names are each given once; msgspec alone would quietly take the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(
            errors=[{"pointer": f"/{twice}", "code": "given_twice", "detail": f"`{twice}` is given twice."}]
        )
    return found


def _bounded(digits: str) -> int:
    if len(digits) > 18 and not (len(digits) < 24 and BIGINT_MIN <= int(digits) <= BIGINT_MAX):
        raise InvalidInput(
            errors=[
                {"pointer": "", "code": "out_of_range", "detail": f"{digits[:24]} is too large a number."}
            ]
        )
    return int(digits)


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_int=_bounded)


def _refuse_nul(value: Any, pointer: str) -> None:
    """PostgreSQL cannot hold U+0000; no text that people type contains it."""
    if isinstance(value, str) and "\0" in value:
        detail = "NUL characters are not taken."
        raise InvalidInput(errors=[{"pointer": pointer, "code": "wrong_format", "detail": detail}])
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_nul(name, pointer)
            _refuse_nul(inner, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_nul(inner, f"{pointer}/{index}")
