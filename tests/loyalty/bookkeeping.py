"""What the tests of the books share: a shop whose January came to something, and the clock's jobs."""

from datetime import UTC, date, datetime

import time_machine

from loyalty.models import PointCost
from loyalty.queries.books import Books
from loyalty.queries.vocabulary import Home, find_home
from loyalty.services.books import keep_books
from loyalty.services.expiry import book_expired_lots
from loyalty.services.seals import seal_closed_days
from loyalty.services.verification import verify_ledger
from tests.loyalty.conftest import Shop, basket

JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
NOON = datetime(2026, 1, 5, 17, tzinfo=UTC)


def home_of(shop: Shop) -> Home:
    home = find_home(shop.programme.pk)
    assert home is not None
    return home


def books_of(shop: Shop) -> Books:
    return Books(home_of(shop))


def keep(clock: time_machine.Traveller, day: datetime) -> None:
    """Let it be this moment, and the clock's jobs have run."""
    clock.move_to(day, tick=False)
    book_expired_lots(until=day, now=day)
    seal_closed_days(now=day)
    keep_books(now=day)
    assert verify_ledger(now=day) == []


def say_cost(shop: Shop) -> None:
    """10 points cost 0.01."""
    PointCost.objects.create(programme=shop.programme, from_on=JANUARY, per_points=10, cost_minor=1)


def a_january(shop: Shop, clock: time_machine.Traveller) -> None:
    """1,000 points issued on the 5th, 300 spent on the 10th, 700 ran out with the 25th; now it is 2 February.

    The shop's points live for 20 days, and the clock stands at `NOON`.
    """
    member = shop.enrol()
    shop.commit(basket(10_000, member=member))
    clock.move_to(datetime(2026, 1, 10, 17, tzinfo=UTC), tick=False)
    shop.commit(basket(90, member=member, spend_points=300))
    keep(clock, datetime(2026, 1, 26, 17, tzinfo=UTC))
    keep(clock, datetime(2026, 2, 2, 17, tzinfo=UTC))
