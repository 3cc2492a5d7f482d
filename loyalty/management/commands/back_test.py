"""`manage.py back_test`: try a change of rules on purchases that were made, and wait for what it comes to."""

from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from config.ground import clock
from config.ground.amounts import money
from config.ground.refusals import Refusal
from loyalty.models import BackTest, BackTestState
from loyalty.queries.back_test_results import BackTestResult, get_result
from loyalty.queries.programme_files import find_programme_file
from loyalty.rules.back_tests import Changes, TriedRule, named
from loyalty.rules.programme_files import ProgrammeFile, changes_by
from loyalty.services.back_tests import advance_back_test, ask_back_test
from omnichannel.queries.places import get_programme

YEAR = timedelta(days=364)


class Command(BaseCommand):
    help = "Settle past purchases by today's rules and by changed ones, and print what differs. Nothing is booked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("programme", help="its code")
        parser.add_argument(
            "--rule",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help='a rule to put in, as JSON: {"code": ..., "name": ..., "definition": {...}}; may be repeated',
        )
        parser.add_argument(
            "--file",
            type=Path,
            metavar="FILE",
            help="a whole draft programme, as export_programme writes one: its rules and tiers in place of today's",
        )
        parser.add_argument(
            "--without", action="append", default=[], metavar="CODE", help="a rule to take away"
        )
        parser.add_argument("--since", type=date.fromisoformat, help="the first day; a year before the last")
        parser.add_argument("--until", type=date.fromisoformat, help="the last day; today")

    def handle(self, *_args: Any, **options: Any) -> None:
        until_on = options["until"] or clock.now().date()
        try:
            changes = self._changes(**options)
            back_test = ask_back_test(
                programme_id=get_programme(options["programme"]).pk,
                name=named(changes),
                changes=changes,
                since_on=options["since"] or until_on - YEAR,
                until_on=until_on,
                by="command",
                now=clock.now(),
            )
        except (Refusal, OSError, msgspec.DecodeError) as fault:
            raise CommandError(str(fault)) from fault
        self._wait(back_test)
        self._print(get_result(back_test))

    def _changes(
        self, *, rule: list[Path], file: Path | None, without: list[str], programme: str, **_more: Any
    ) -> Changes:
        if file is not None:
            today = find_programme_file(programme, now=clock.now())
            whole = msgspec.json.decode(file.read_bytes(), type=ProgrammeFile)
            return changes_by(whole, today)
        rules = [msgspec.json.decode(each.read_bytes(), type=TriedRule) for each in rule]
        return Changes(rules=rules, without=without)

    def _wait(self, back_test: BackTest) -> None:
        """Help with the work until this one is done; it may also be done by a worker."""
        while back_test.finished_at is None:
            advance_back_test(now=clock.now())
            back_test.refresh_from_db()
            done, total = back_test.tally["orders"], back_test.orders_total
            self.stderr.write(f"{done:,} of {total or 0:,} purchases", ending="\n")
        if back_test.state == BackTestState.FAILED:
            raise CommandError(back_test.problem)

    def _print(self, result: BackTestResult) -> None:
        points, cost = result.points, result.cost_minor
        more = money(cost.after - cost.before, result.currency)
        self.stdout.write(f"points today      {points.before:>14,}  (booked {result.points_booked:,})")
        self.stdout.write(f"points changed    {points.after:>14,}  ({points.after - points.before:+,})")
        self.stdout.write(f"they cost more    {more:>14}")
        self.stdout.write(f"members touched   {result.members_touched:>14,}  of {result.members:,}")
        self.stdout.write(f"purchases touched {result.orders_touched:>14,}  of {result.orders:,}")
        for move in result.tier_moves:
            self.stdout.write(f"{move.members:,} members from {move.before} to {move.after}")
        for one in result.winners:
            self.stdout.write(f"  {one.member_ref} {one.name}: {one.after - one.before:+,}")
