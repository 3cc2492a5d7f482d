"""How everything we answer becomes JSON."""

from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """A struct, dict or list as JSON bytes: moments as RFC 3339, decimals as strings."""
    return _ENCODER.encode(value)
