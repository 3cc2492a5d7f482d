"""JSON in and out for the parts of DRF that insist on renderers and parsers; doors answer with `Answer` instead."""

from collections.abc import Iterable, Mapping
from typing import IO, Any

import msgspec
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from config.ground.api.bodies import MalformedJson

_ENCODER = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """A struct, dict or list as JSON bytes: moments as RFC 3339, decimals as strings."""
    return _ENCODER.encode(value)


class JsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else encode(data)


class JsonParser(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return msgspec.json.decode(stream.read())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise MalformedJson(f"The body is not JSON: {fault}.") from None


class AlwaysJson(BaseContentNegotiation):
    """Every door speaks JSON and nothing else, whatever `Accept` says."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""
