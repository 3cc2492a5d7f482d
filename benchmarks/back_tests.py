"""Back-tests: purchases settled twice a second, beside the 100,000 a minute that are wanted."""

import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from django.core.management import call_command

from benchmarks.imports import write_orders
from benchmarks.shop import Shop
from loyalty.rules.back_tests import Changes, TriedRule
from loyalty.rules.definition import Multiplier, RuleDefinition, Weekdays
from loyalty.services.back_tests import advance_back_test, ask_back_test

WANTED_PER_SECOND = 100_000 / 60


def measure_back_test(shop: Shop, *, orders: int = 10_000) -> float:
    """Purchases per second, over what was imported before and so many orders of five lines more."""
    with tempfile.TemporaryDirectory() as folder:
        file = write_orders(Path(folder) / "orders.csv", "B", shop, orders)
        with open(Path(folder) / "said", "w") as said:
            call_command("import_orders", str(file), programme="bench", stdout=said, stderr=said)
    weekends = TriedRule(
        code="weekends",
        name="Weekends",
        definition=RuleDefinition(effect=Multiplier(percent=200), conditions=[Weekdays(days=[6, 7])]),
    )
    now = datetime.now(UTC)
    asked = ask_back_test(
        programme_id=shop.programme_id,
        name="bench",
        changes=Changes(rules=[weekends]),
        since_on=date(2026, 1, 1),
        until_on=now.date(),
        by="bench",
        now=now,
    )
    begun = time.perf_counter()
    while advance_back_test(now=now):
        pass
    taken = time.perf_counter() - begun
    asked.refresh_from_db()
    done: int = asked.tally["orders"]
    return done / taken
