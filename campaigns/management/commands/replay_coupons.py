"""`manage.py replay_coupons FOLDER`: the Complete Journey's coupons as vouchers, its redemptions replayed."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from campaigns.demo.coupons import Journey, Replay
from config.ground import clock

WORDS = {
    "no_matching_line": "no product of the coupon was bought that day",
    "nothing_to_take_off": "what was bought of it cost nothing",
    "voucher_expired": "its campaign was over",
    "voucher_not_yet": "its campaign had not begun",
    "campaign_was_not_sent": "its campaign was not sent to the household",
    "no_purchase_that_day": "the household bought nothing that day",
}


class Command(BaseCommand):
    """Nothing is kept: all of it happens in a transaction that is thrown away."""

    help = "Load the Complete Journey's coupons as vouchers, replay its redemptions, and report. Nothing is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where the data set's *.csv.gz lie")

    def handle(self, *_args: Any, **options: Any) -> None:
        journey = Journey(options["folder"])
        try:
            journey.read()
        except FileNotFoundError as fault:
            raise CommandError(f"There is no {fault.filename}.") from fault
        with transaction.atomic():
            replay = Replay(journey, clock.now())
            told = Counter(replay.tell(redemption) for redemption in journey.redemptions)
            transaction.set_rollback(True)
        total = sum(told.values())
        self.stdout.write(
            f"{len(journey.products)} coupons, {len(replay.series)} of them brought as vouchers of their own series."
        )
        self.stdout.write(f"{told.pop('', 0)} of {total} redemptions were accepted.")
        for code, count in told.most_common():
            self.stdout.write(f"{count} were not: {WORDS.get(code, code)}.")
