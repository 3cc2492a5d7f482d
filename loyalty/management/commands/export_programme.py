"""`manage.py export_programme`: a programme's terms, tiers, benefits and rules as one file."""

from argparse import ArgumentParser
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from config.ground import clock
from loyalty.queries.programme_files import find_programme_file, list_unreadable_rules


class Command(BaseCommand):
    help = "Print what a programme promises now as JSON, for import_programme; stores and products are not in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("programme", help="its code")

    def handle(self, *_args: Any, **options: Any) -> None:
        file = find_programme_file(options["programme"], now=clock.now())
        if file is None:
            raise CommandError(f"There is no programme with the code {options['programme']!r}.")
        for code, reason in list_unreadable_rules(options["programme"], now=clock.now()):
            self.stderr.write(f"The rule {code} is left out, for it cannot be read any more: {reason}")
        self.stdout.write(msgspec.json.format(msgspec.json.encode(file), indent=2).decode())
