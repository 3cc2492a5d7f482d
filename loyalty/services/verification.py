"""Prove the ledger: nightly, in tests, and whenever somebody asks."""

from datetime import datetime, timedelta

from config.ground.jobs import run_job
from config.ground.models import JobRun
from loyalty.queries.verification import Difference, find_differences, list_laws

JOB = "loyalty.verify_ledger"
PROOF_EVERY = timedelta(hours=24)


class LedgerDoesNotAddUp(Exception):  # noqa: N818 - an alarm, raised where nobody reads an answer
    """The books are wrong; the run's detail says where."""


def verify_ledger(*, now: datetime) -> list[Difference]:
    """Every law over every wallet. An empty list is the only good answer."""
    return [difference for law in list_laws() for difference in find_differences(law, now=now)]


def is_proof_due(*, now: datetime) -> bool:
    """Whether the last proof is a day old, or there was none."""
    return not JobRun.objects.filter(name=JOB, started_at__gt=now - PROOF_EVERY).exists()


def verify_and_record(*, now: datetime) -> int:
    """As `verify_ledger`, as a run that the admin shows.

    :return: 0.
    :raises LedgerDoesNotAddUp: so that the run is marked failed and the alarm is raised.
    """
    with run_job(JOB, now) as progress:
        laws = list_laws()
        differences: list[Difference] = []
        progress.expect(len(laws))
        for law in laws:
            differences += find_differences(law, now=now)
            progress.advance(1)
        if differences:
            worst = "; ".join(
                f"{each.law}: {each.where}, {each.found} instead of {each.expected}"
                for each in differences[:5]
            )
            raise LedgerDoesNotAddUp(f"{len(differences)} differences. {worst}")
        progress.note(f"{len(laws)} laws hold")
    return 0
