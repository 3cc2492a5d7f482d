"""Let go what is past its days, or say what would go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.ground import clock
from members.services.retention import apply_retention, list_past


class Command(BaseCommand):
    help = "Delete or blank data that is kept for some time only, of every kind that is declared."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now, is_dry = clock.now(), options["dry_run"]
        outcomes = list(list_past(now=now)) if is_dry else apply_retention(now=now)
        for one in outcomes:
            days = "for good" if one.days is None else f"{one.days:,} days"
            line = f"{one.period.code:18} {days:>12} {one.rows:>10,}  {one.period.table}: {one.period.says}"
            self.stdout.write(line)
        total = sum(one.rows for one in outcomes)
        self.stdout.write(f"{total:,} rows {'would go' if is_dry else 'went'}.")
