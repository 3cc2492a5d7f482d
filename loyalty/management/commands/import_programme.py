"""`manage.py import_programme`: bring a programme to what a file of `export_programme` says."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from config.ground import clock
from config.ground.refusals import Refusal
from loyalty.rules.programme_files import ProgrammeFile
from loyalty.services.programme_arrivals import bring_programme, try_programme

ACTOR = "import"


class Command(BaseCommand):
    help = "Bring a programme to what a file says, all of it or nothing, and print in words what changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only print what would change")
        parser.add_argument("--as", dest="code", metavar="CODE", help="another code for the programme")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            file = msgspec.json.decode(options["file"].read_bytes(), type=ProgrammeFile)
            if options["code"]:
                part = msgspec.structs.replace(file.programme, code=options["code"])
                file = msgspec.structs.replace(file, programme=part)
            bring = try_programme if options["dry_run"] else bring_programme
            brought = bring(file, by=ACTOR, now=clock.now())
        except (OSError, msgspec.DecodeError, Refusal) as fault:
            raise CommandError(str(fault)) from fault
        for change in brought.changes or ["Nothing differs."]:
            self.stdout.write(change)
        waits = "would wait" if options["dry_run"] else "waits"
        for what in brought.waiting:
            self.stdout.write(f"{what} {waits} for somebody to approve it.")
