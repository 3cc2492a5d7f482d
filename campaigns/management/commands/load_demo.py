"""`manage.py load_demo`: open the demo shop. Safe to repeat; a shop that is open is left alone."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from campaigns.demo.loading import DemoNotLoaded, open_shop
from campaigns.demo.notes import Notes
from config.ground import clock


class Command(BaseCommand):
    """Understands where to note keys and passwords, and opens the shop."""

    help = "Open the demo shop: a grocer with nine months of real sales and made-up members."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--notes",
            type=Path,
            default=settings.HOME / "demo.json",
            metavar="FILE",
            help="where keys and passwords are noted (%(default)s)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            open_shop(Notes(options["notes"]), clock=clock.now)
        except DemoNotLoaded as reason:
            raise CommandError(f"The demo shop could not be opened: {reason}") from reason
        self.stdout.write(f"The demo shop is open ({time.monotonic() - started:.1f} s).")
