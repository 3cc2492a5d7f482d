"""kill -9 of an import in the middle of its work, and the same command again: nothing lost, nothing doubled."""

import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from django.db import connection, transaction

from members.models import Member
from omnichannel.models import Order, Receipt
from tests.processes import Processes
from tests.slowly import nobody_else_is_connected, wait_for_waiting
from tests.stack.serving import wait_until
from tests.stories.reckoning import PROGRAMME, SAMPLE, assert_books_agree, open_grocer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start_import(processes: Processes, tmp_path: Path) -> Callable[[], subprocess.Popen[str]]:
    """Starts the import of the whole sample as a process."""
    transactions, members, products, stores = (
        SAMPLE / f"{name}.csv.gz" for name in ("transactions", "members", "products", "stores")
    )
    command = [
        "manage.py",
        "import_orders",
        transactions,
        members,
        "--products",
        products,
        "--stores",
        stores,
    ]
    return partial(processes.start, *command, "--programme", PROGRAMME, "--errors", tmp_path / "errors.csv")


def kill_in_the_middle_of_booking(importing: subprocess.Popen[str], *, booked: int) -> None:
    """When so many orders are booked: after the next ones' points were written, before their answers were."""
    assert wait_until(lambda: Order.objects.count() >= booked, within_s=120)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE loyalty_settlement IN SHARE MODE")
        wait_for_waiting()
        assert importing.poll() is None
        importing.send_signal(signal.SIGKILL)
        importing.wait()
    assert wait_until(nobody_else_is_connected, within_s=60)


def test_an_import_killed_twice_and_started_again_books_each_order_once(
    start_import: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    open_grocer()

    kill_in_the_middle_of_booking(start_import(), booked=0)
    assert (Member.objects.count() > 0, Receipt.objects.count()) == (True, 0)
    kill_in_the_middle_of_booking(start_import(), booked=1)
    told = Receipt.objects.count()
    said, _ = start_import().communicate(timeout=300)

    assert 0 < told < Receipt.objects.count()
    assert f"{told:,} orders known before" in said
    assert not (tmp_path / "errors.csv").exists()
    assert_books_agree()
