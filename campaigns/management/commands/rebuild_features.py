"""`manage.py rebuild_features`: derive what is known of members from their orders again, as after each import."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from campaigns.queries.programmes import list_programmes
from campaigns.services.features import rebuild_features
from config.ground import clock


class Command(BaseCommand):
    help = "Derive features and segments of a programme (or of all) from orders again. Safe to repeat and to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("programme", nargs="*", help="codes; none means every programme")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted: list[str] = options["programme"]
        for programme in list_programmes():
            if wanted and programme.code not in wanted:
                continue
            count = rebuild_features(programme.id, now=clock.now())
            self.stdout.write(f"{programme.code}: {count} members")
