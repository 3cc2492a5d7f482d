"""Bring the roles in the database in line with the table in `config/staff/roles.py`."""

from typing import Any

from django.core.management.base import BaseCommand

from config.staff import roles


class Command(BaseCommand):
    help = "Make the groups of the roles hold exactly what config/staff/roles.py says. Safe to repeat."

    def handle(self, *_args: Any, **options: Any) -> None:
        for name in roles.sync_roles():
            self.stderr.write(f"no such permission: {name}")
        if options["verbosity"]:
            self.stdout.write(f"{len(roles.ROLES)} roles are as declared: {', '.join(roles.ROLES)}")
