"""What schemathesis cannot know by the document alone.

Whose key opens a door, how a purchase is sent by the line, and what exists in the shop: input that fits the document
is made to name it, so that the doors get beyond "not found". Input that does not fit is sent as it was made up.
"""

import json
import os
from collections.abc import Mapping
from itertools import count
from typing import Any

import schemathesis

SHOP: Mapping[str, Any] = json.loads(os.environ["CONTRACT_SHOP"])
NDJSON = "application/x-ndjson"
COUNT = count(1)


@schemathesis.auth(refresh_interval=None)
class RightBearer:
    """The key or token that an operation asks for; the member who signs out holds a token of their own."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str | None:
        operation = context.operation.definition.raw
        asked = {scheme: scopes for way in operation["security"] for scheme, scopes in way.items()}
        if not asked:
            return None
        if "key" not in asked:
            return str(SHOP["bearers"]["leaving" if operation["operationId"] == "logout" else "member"])
        if asked["key"] == ["orders"]:
            return str(SHOP["bearers"]["web_shop"])
        return str(SHOP["bearers"]["till" if "till" in asked["key"] else "integration"])

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.serializer(NDJSON)
def write_line(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """One purchase as the only line of a batch."""
    return json.dumps(value).encode() + b"\n"


@schemathesis.deserializer(NDJSON)
def read_line(_context: schemathesis.DeserializationContext, response: schemathesis.Response) -> Any:
    """The only line that is answered."""
    return json.loads(response.content)


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case, _kwargs: dict[str, Any]) -> None:
    """Let input that fits the document name what exists."""
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    collection = case.path.removeprefix("/api/v1/").partition("/")[0]
    for name, value in SHOP["paths"].get(collection, {}).items():
        if name in case.path_parameters:
            case.path_parameters[name] = value
    case.query.pop("cursor", None)
    _name_what_exists(case.query, SHOP["query"])
    if isinstance(case.body, dict):
        _name_what_exists(case.body, SHOP["body"])
        if "lines" in case.body:
            _number(case.body, is_web_shop=case.operation.definition.raw["operationId"] == "post_orders")


def _name_what_exists(said: Any, existing: Mapping[str, Any]) -> None:
    for name, value in existing.items():
        if said.get(name) is not None:
            said[name] = value


def _number(purchase: dict[str, Any], *, is_web_shop: bool) -> None:
    """A till names a receipt, a web shop an order; never both."""
    own, other = "receipt_number", "order_number"
    if is_web_shop:
        own, other = other, own
    purchase.pop(other, None)
    if purchase.get(own) is None:
        purchase[own] = f"N-{next(COUNT)}"
