"""`manage.py openapi`: writes the API document where people find it, `docs/openapi.json`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand

from config.ground.api.schema import document


class Command(BaseCommand):
    help = "Write the OpenAPI document to docs/openapi.json, or elsewhere."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, default=settings.BASE_DIR / "docs" / "openapi.json")

    def handle(self, *args: Any, to: Path, **options: Any) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(laid_out(document()))
        self.stdout.write(f"Written: {to}")


def laid_out(content: bytes) -> bytes:
    """The document with line breaks, so that a change is seen line by line."""
    return msgspec.json.format(content, indent=1) + b"\n"
