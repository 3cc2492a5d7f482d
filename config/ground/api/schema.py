"""The API document: what doors declare, as OpenAPI 3.1.

drf-spectacular walks the paths; each operation is read off its door (`takes`, `answers`, `params`, `scope`,
`idempotency`) and its docstring, and structs become components as msgspec describes them.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from inspect import cleandoc
from typing import Any

import msgspec
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from drf_spectacular.settings import patched_settings

from config.ground.api.bodies import BIGINT_MAX, BIGINT_MIN
from config.ground.api.door import SAFE, Door
from config.ground.api.json import encode
from config.ground.api.responses import HEADERS, PROBLEMS, SECURITY, Problem, headers_of, problems_of
from config.ground.ids import REF_PATTERN

Schema = dict[str, Any]
REF_TEMPLATE = "#/components/schemas/{name}"

_PATH_PART = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
_CONVERTERS: Mapping[str, Schema] = {
    "int": {"type": "integer", "minimum": 0, "maximum": BIGINT_MAX},
    "ref": {"type": "string", "pattern": REF_PATTERN},
    "slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    "uuid": {"type": "string", "format": "uuid"},
}
_TEXT: Schema = {"type": "string", "minLength": 1}


class DoorSchema(AutoSchema):
    """One operation of a door. Views that are not doors have no place in the document."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Schema | None:
        door = self.view
        if not isinstance(door, Door):
            return None
        verb = method.lower()
        summary, description = _words_of(door, verb)
        operation: Schema = {
            "operationId": _operation_id(door, verb),
            "tags": [path.removeprefix("/api/v1/").partition("/")[0]],
            "summary": summary,
            "parameters": _parameters(door, verb, path_regex, registry),
            "responses": _responses_of(door, verb, registry),
            "security": _security_of(door, verb),
        }
        if description:
            operation["description"] = description
        if verb in door.takes:
            kind = door.takes[verb]
            content = {one: {"schema": _schema_of(kind, registry)} for one in door.content_types}
            operation["requestBody"] = {"required": True, "content": content}
        return operation


def _add_components(made: Schema) -> None:
    """What all operations refer to."""
    components = made.setdefault("components", {})
    components["headers"] = HEADERS
    components["responses"] = PROBLEMS
    components["securitySchemes"] = SECURITY
    _, problem = msgspec.json.schema_components([Problem], ref_template=REF_TEMPLATE)
    components.setdefault("schemas", {}).update(problem)


@lru_cache(maxsize=1)
def document() -> bytes:
    """The whole document as JSON; made once per process."""
    with patched_settings({"POSTPROCESSING_HOOKS": []}):
        made = SchemaGenerator(urlconf=get_resolver().urlconf_name).get_schema(request=None, public=True)
    _add_components(made)
    return encode(made)


def _words_of(door: Door, verb: str) -> tuple[str, str]:
    """Summary and description: the docstring of the handler, else of the door."""
    words = getattr(type(door), verb).__doc__ or type(door).__doc__ or ""
    summary, _, description = cleandoc(words).partition("\n\n")
    return summary.replace("\n", " ").rstrip("."), description


def _operation_id(door: Door, verb: str) -> str:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(door).__name__).lower()
    return name if len(door._scopes) == 1 else f"{verb}_{name}"


def _parameters(door: Door, verb: str, path_regex: str, registry: ComponentRegistry) -> list[Schema]:
    return [*_path_parameters(path_regex), *_query_of(door, verb, registry), *_headers_taken(door, verb)]


def _path_parameters(path_regex: str) -> Iterable[Schema]:
    for part in _PATH_PART.finditer(path_regex):
        schema = _CONVERTERS.get(part["converter"] or "str", _TEXT)
        yield {"name": part["name"], "in": "path", "required": True, "schema": schema}


def _query_of(door: Door, verb: str, registry: ComponentRegistry) -> Iterable[Schema]:
    kind = door.params.get(verb)
    if kind is None:
        return
    [_], components = msgspec.json.schema_components([kind], ref_template=REF_TEMPLATE)
    described = components.pop(next(name for name in components if name == _component_name(kind)))
    _register(components, registry)
    for name, schema in described["properties"].items():
        plain = _without_null(_bounded(schema))
        words = plain.pop("description", "")
        yield {
            "name": name,
            "in": "query",
            "required": name in described.get("required", ()),
            "schema": plain,
            **({"description": words} if words else {}),
        }


def _headers_taken(door: Door, verb: str) -> Iterable[Schema]:
    if verb not in SAFE and door.idempotency != "none":
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": door.idempotency in ("required", "own_required"),
            "description": "The same key with the same request is answered the same, and done once. Kept 30 days.",
            "schema": {
                "type": "string",
                "minLength": 1,
                "maxLength": 255,
                "pattern": "^[!-~]([ -~]*[!-~])?$",
            },
        }


def _responses_of(door: Door, verb: str, registry: ComponentRegistry) -> Schema:
    responses: Schema = {}
    for status, kind in door.answers.get(verb, {}).items():
        response: Schema = {
            "description": _DESCRIPTIONS.get(status, "Done."),
            "headers": headers_of(verb, status),
        }
        if isinstance(kind, str):
            response["content"] = {kind: {"schema": _schema_of_file(kind)}}
        elif kind is not None:
            response["content"] = {door.answer_type: {"schema": _schema_of(kind, registry)}}
        responses[str(status)] = response
    for status in problems_of(door, verb):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})
    return responses


_DESCRIPTIONS = {
    200: "Here it is.",
    201: "It was made.",
    202: "It was taken on.",
    204: "Done, nothing to say.",
}


def _security_of(door: Door, verb: str) -> list[Schema]:
    scopes = door._scopes[verb]
    if not scopes:
        return [{}]
    keys = sorted(scopes - {"member"})
    ways: list[Schema] = [{"key": keys}] if keys else []
    return [*ways, {"member": []}] if "member" in scopes else ways


def _schema_of_file(media_type: str) -> Schema:
    return {"type": "string"} if media_type.startswith("text/") else {"type": "string", "format": "binary"}


def _schema_of(kind: Any, registry: ComponentRegistry) -> Schema:
    if isinstance(kind, str):
        return {"type": "string"}
    [schema], components = msgspec.json.schema_components([kind], ref_template=REF_TEMPLATE)
    _register(components, registry)
    bounded: Schema = _bounded(schema)
    return bounded


def _register(components: Mapping[str, Schema], registry: ComponentRegistry) -> None:
    for name, schema in components.items():
        bounded = _bounded(schema)
        if "description" in bounded:  # a docstring, which Python before 3.13 leaves indented
            bounded["description"] = cleandoc(bounded["description"])
        component = ResolvedComponent(name, ResolvedComponent.SCHEMA, schema=bounded, object=name)
        if component in registry and registry[component].schema != bounded:
            raise TypeError(f"Two different structs are named {name}; the API document needs one name each.")
        registry.register_on_missing(component)


def _component_name(kind: Any) -> str:
    [schema], _ = msgspec.json.schema_components([kind], ref_template=REF_TEMPLATE)
    return str(schema["$ref"]).rpartition("/")[2]


def _bounded(schema: Any) -> Any:
    """The same schema with every whole number held to 64 bits, as the doors hold it.

    Defaults that are documents are left out: makers of clients cannot write them down.
    """
    if isinstance(schema, list):
        return [_bounded(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    bounded = {
        name: _bounded(one)
        for name, one in schema.items()
        if not (name == "default" and isinstance(one, dict))
    }
    if bounded.get("type") == "integer":
        if "exclusiveMinimum" not in bounded:
            bounded.setdefault("minimum", BIGINT_MIN)
        if "exclusiveMaximum" not in bounded:
            bounded.setdefault("maximum", BIGINT_MAX)
    return bounded


def _without_null(schema: Schema) -> Schema:
    """A query parameter is left out rather than null."""
    ways = [way for way in schema.get("anyOf", ()) if way.get("type") != "null"]
    plain = {
        name: value
        for name, value in schema.items()
        if name != "anyOf" and (name, value) != ("default", None)
    }
    if not ways:
        return plain
    return {**ways[0], **plain} if len(ways) == 1 else {"anyOf": ways, **plain}
