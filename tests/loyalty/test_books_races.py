"""Closing a month while eight real processes sell into it: what they tell counts once, and not in the closed month."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from loyalty.models import BookLine, PointCost
from loyalty.rules.books import month_after
from loyalty.services.books import keep_books
from loyalty.services.closing import ask_to_close
from loyalty.services.expiry import book_expired_lots
from loyalty.services.seals import seal_closed_days
from loyalty.services.verification import verify_ledger
from tests.loyalty.bookkeeping import books_of, home_of
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_races_of_processes import Tills
from tests.processes import Processes

TILLS, SALES = 8, 10


@pytest.mark.django_db(transaction=True)
def test_a_month_is_closed_while_tills_sell_into_it(
    open_shop: Callable[..., Shop], processes: Processes, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    then = (now - timedelta(days=40)).replace(hour=17)
    month = then.date().replace(day=1)
    shop = open_shop(expiry_days=None)
    PointCost.objects.create(programme=shop.programme, from_on=date(2020, 1, 1), per_points=10, cost_minor=1)
    with time_machine.travel(then, tick=False):
        member = shop.enrol()
        shop.commit(basket(10_000, member=member))
    book_expired_lots(until=now, now=now)
    seal_closed_days(now=now)
    keep_books(now=now)

    sales = [
        [("checkout/commit", basket(1_000, member=member, placed_at=then.isoformat())) for _ in range(SALES)]
        for _ in range(TILLS)
    ]
    tills = Tills(processes, tmp_path, [(shop.key, of_till) for of_till in sales])
    while tills.are_selling():
        keep_books(now=datetime.now(UTC))
        if not books_of(shop).closed and BookLine.objects.count() > 1:
            closed = ask_to_close(home_of(shop), month, by="test", now=now)

    keep_books(now=datetime.now(UTC))
    assert [status for status, _ in tills.told()] == [201] * TILLS * SALES
    assert closed.closing_points == 1_000
    books = books_of(shop)
    assert books.days(month, month_after(month))[-1].closing_points == 1_000
    following = books.days(month_after(month), month_after(month) + timedelta(days=1))[0]
    assert following.closing_points == 1_000 + TILLS * SALES * 100
    assert verify_ledger(now=datetime.now(UTC)) == []
