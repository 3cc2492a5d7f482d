"""`manage.py relay`: carries events to their subscribers until it is told to stop."""

import logging
import signal
from argparse import ArgumentParser
from threading import Event as Signal
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection

from config.ground import clock
from config.ground.readiness import say_ready
from config.outbox.delivery import deliver_due

IDLE_S = 0.2
AWAY_S = 1.0

_log = logging.getLogger("regulars.outbox")


class Command(BaseCommand):
    requires_system_checks = []  # it serves no page, and half of its start would be loading them for the checks
    help = "Deliver events to their subscribers. Any number may run at once; SIGTERM stops after the current batch."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Deliver what is due and end.")

    def handle(self, *args: Any, once: bool = False, **options: Any) -> None:
        stop = Signal()
        if once:
            while deliver_due(now=clock.now()):
                pass
            return
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        signal.signal(signal.SIGINT, lambda *_: stop.set())
        _log.info("The relay starts.")
        while not stop.is_set():
            stop.wait(_round())
        _log.info("The relay has stopped.")


def _round() -> float:
    """Deliver once; how many seconds to rest before the next round. A database that is away is waited for."""
    try:
        settled = deliver_due(now=clock.now())
    except (OperationalError, InterfaceError) as fault:
        _log.warning("The database is away: %s", fault)
        connection.close()
        return AWAY_S
    say_ready()
    return 0 if settled else IDLE_S
