"""`manage.py verify_ledger`: replay every wallet and recompute the seals; 0 is the only good answer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.ground import clock
from loyalty.services.verification import verify_ledger


class Command(BaseCommand):
    help = "Replay every wallet, set-based, and print what does not add up. The last line is the number of differences."

    def handle(self, *args: Any, **options: Any) -> None:
        differences = verify_ledger(now=clock.now())
        for each in differences:
            self.stdout.write(f"{each.law}: {each.where}: expected {each.expected}, found {each.found}")
        self.stdout.write(str(len(differences)))
        if differences:
            raise CommandError("The ledger does not add up.")
