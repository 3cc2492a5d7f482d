"""Back-tests by several workers at once, and by one that is killed, on real connections."""

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction

from loyalty.models import BackTest
from loyalty.queries.back_test_results import get_result
from loyalty.rules.back_tests import Changes
from loyalty.services import back_tests
from loyalty.services.back_tests import advance_back_test, ask_back_test
from tests.loyalty.conftest import Shop
from tests.loyalty.test_back_tests import DOUBLE_TEA, SATURDAY, buy
from tests.processes import Processes
from tests.slowly import wait_for_waiting
from tests.stack.serving import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MEMBERS, EACH = 12, 3


@pytest.fixture
def year(shop: Shop) -> Shop:
    """Twelve members who each bought tea three times on a weekend."""
    for _ in range(MEMBERS):
        member = shop.enrol()
        for hour in range(EACH):
            buy(shop, SATURDAY + timedelta(hours=hour), 1_000, member=member)
    return shop


def asked(shop: Shop) -> BackTest:
    return ask_back_test(
        programme_id=shop.programme.pk,
        name="Tea",
        changes=Changes(rules=[DOUBLE_TEA]),
        since_on=date(2026, 5, 1),
        until_on=date(2026, 5, 31),
        by="test",
        now=NOW,
    )


def assert_counted_once(pk: int) -> None:
    done = BackTest.objects.get(pk=pk)
    result = get_result(done)
    assert (done.state, done.orders_total, result.orders) == ("done", MEMBERS * EACH, MEMBERS * EACH)
    assert (result.points.before, result.points.after) == (MEMBERS * EACH * 100, MEMBERS * EACH * 200)


def test_workers_who_take_pieces_at_once_count_each_purchase_once(
    year: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_tests, "ORDERS_PER_PIECE", 1)
    pk = asked(year).pk

    def work(_number: int) -> int:
        try:
            pieces = 0
            while not BackTest.objects.filter(pk=pk, state="done").exists():
                pieces += advance_back_test(now=NOW)
            return pieces
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        pieces = sum(pool.map(work, range(4)))

    assert pieces == MEMBERS + 1
    assert_counted_once(pk)


def test_a_worker_killed_before_it_wrote_leaves_the_piece_to_the_next(
    year: Shop, processes: Processes
) -> None:
    pk = asked(year).pk
    script = (
        "import django; django.setup()\nfrom loyalty.tasks import work_on_back_tests\nwork_on_back_tests()\n"
    )

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE loyalty_backtest IN SHARE MODE")
        worker = processes.start("-c", script)
        wait_for_waiting()
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert BackTest.objects.get(pk=pk).tally["orders"] == 0

    def done() -> bool:
        """The server lets go of what the dead one held as soon as it notices."""
        while advance_back_test(now=NOW):
            pass
        return BackTest.objects.filter(pk=pk, state="done").exists()

    assert wait_until(done, within_s=30)
    assert_counted_once(pk)
