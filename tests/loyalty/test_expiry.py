"""Points run out by the programme's terms, live on where the member is active, and are announced before they go."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from config.outbox.models import Event
from loyalty.models import ExpiryWarning, Lot, ProgrammeTerms
from loyalty.services.expiry import book_expired_lots, warn_of_expiry
from loyalty.services.staging import open_staging
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_import_returns import Take, take  # noqa: F401 - a fixture
from tests.loyalty.test_returns import bring_back, buy, spendable

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 17, tzinfo=UTC)
"""In New York, where the shops of these tests are."""


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


@pytest.fixture
def idle_shop(open_shop: Callable[..., Shop], clock: Any) -> Shop:
    """Points run out when the member has bought nothing for 30 days."""
    return open_shop(expiry_kind="inactivity", expiry_days=30)


def assert_proven() -> None:
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_each_purchase_lets_all_points_live_on(idle_shop: Shop, clock: Any) -> None:
    member = idle_shop.enrol()
    buy(idle_shop, member, 1_000)
    for _ in range(3):
        clock.shift(timedelta(days=25))
        buy(idle_shop, member, 50)
    wallet = buy_and_see(idle_shop, member)
    assert (wallet["spendable"], wallet["next_expiry"]["points"]) == (100, 100)
    assert wallet["next_expiry"]["at"] == "2026-06-15T04:00:00Z"
    clock.shift(timedelta(days=31))
    assert spendable(idle_shop, member) == 0
    assert_proven()


def buy_and_see(shop: Shop, member: Member) -> Any:
    return shop.commit(basket(50, member=member)).json()["wallet"]


def test_a_point_past_its_hour_lives_no_more_whether_or_not_a_job_ran(idle_shop: Shop, clock: Any) -> None:
    asleep, booked = idle_shop.enrol(), idle_shop.enrol()
    for member in (asleep, booked):
        buy(idle_shop, member, 1_000)
    clock.move_to(datetime(2026, 4, 1, 3, 59, 59, tzinfo=UTC))
    assert (spendable(idle_shop, asleep), spendable(idle_shop, booked)) == (100, 100)
    clock.shift(timedelta(seconds=1))
    buy(idle_shop, asleep, 50)
    assert spendable(idle_shop, asleep) == 0
    book_expired_lots(until=datetime.now(UTC), now=datetime.now(UTC))
    buy(idle_shop, booked, 50)
    assert (spendable(idle_shop, asleep), spendable(idle_shop, booked)) == (0, 0)
    assert_proven()


def test_a_purchase_told_late_lives_as_long_as_the_latest_activity_says(idle_shop: Shop, clock: Any) -> None:
    """The order in which purchases are told costs nobody points."""
    member = idle_shop.enrol()
    clock.shift(timedelta(days=20))
    buy(idle_shop, member, 1_000)
    buy(idle_shop, member, 500, placed_at=NOON.isoformat())
    assert {lot.expires_at for lot in Lot.objects.all()} == {datetime(2026, 4, 21, 4, tzinfo=UTC)}


def test_only_what_the_terms_call_activity_counts(idle_shop: Shop, clock: Any) -> None:
    ProgrammeTerms.objects.filter(programme=idle_shop.programme).update(kept_alive_by="spend")
    member = idle_shop.enrol()
    buy(idle_shop, member, 1_000)
    before = Lot.objects.get().expires_at
    clock.shift(timedelta(days=5))
    buy(idle_shop, member, 50)
    assert Lot.objects.get().expires_at == before
    buy(idle_shop, member, 50, spend_points=10)
    assert Lot.objects.get().expires_at == before + timedelta(days=5)
    assert_proven()


def test_other_programmes_and_members_are_left_alone(idle_shop: Shop, open_shop: Any, clock: Any) -> None:
    member, other, rolling = idle_shop.enrol(), idle_shop.enrol(), open_shop(expiry_days=30)
    for shop, who in ((idle_shop, member), (idle_shop, other), (rolling, member)):
        buy(shop, who, 1_000)
    clock.shift(timedelta(days=5))
    for shop in (idle_shop, rolling):
        buy(shop, member, 50)
    moved = [lot.expires_at for lot in Lot.objects.order_by("pk")]
    assert moved == [datetime(2026, 4, day, 4, tzinfo=UTC) for day in (6, 1, 1)]


def test_points_given_back_keep_their_lot_and_its_end(idle_shop: Shop, clock: Any) -> None:
    member = idle_shop.enrol()
    buy(idle_shop, member, 1_000)
    ref = buy(idle_shop, member, 50, spend_points=60)
    clock.shift(timedelta(days=5))
    buy(idle_shop, member, 50)
    bring_back(idle_shop, ref, None)
    assert (spendable(idle_shop, member), Lot.objects.get().expires_at.day) == (100, 6)
    assert_proven()


def test_a_history_keeps_points_alive_as_it_went(take: Take, shop: Shop) -> None:  # noqa: F811 - the fixture
    """Twenty days between purchases keep them, forty do not."""
    ProgrammeTerms.objects.filter(programme=shop.programme).update(expiry_kind="inactivity", expiry_days=30)
    take(
        "R1,2025-03-01 10:00,crm:1,TEA,1,45.00",
        "R2,2025-03-21 10:00,crm:1,TEA,1,10.00",
        "R3,2025-04-10 10:00,crm:1,TEA,1,20.00",
        "R4,2025-06-01 10:00,crm:1,TEA,1,30.00",
    )
    ends = [lot.expires_at.date().isoformat() for lot in Lot.objects.order_by("pk")]
    assert ends == ["2025-05-11", "2025-05-11", "2025-05-11", "2025-07-02"]


def test_no_expiry_is_booked_while_a_history_comes(idle_shop: Shop, clock: Any) -> None:
    """A later purchase of the history may have kept points alive."""
    buy(idle_shop, idle_shop.enrol(), 1_000)
    clock.shift(timedelta(days=40))
    now = datetime.now(UTC)
    with open_staging():
        assert book_expired_lots(until=now, now=now) == 0
    assert Lot.objects.get().remaining == 100
    assert book_expired_lots(until=now, now=now) == 1
    assert_proven()


def test_points_are_announced_30_and_7_days_before_they_go_once(open_shop: Any, clock: Any) -> None:
    shop = open_shop(expiry_days=40)
    member = shop.enrol()
    buy(shop, member, 1_000)
    buy(shop, member, 500)
    told = []
    for _ in range(45):
        told += [
            (day_of_test(), warn_of_expiry(now=datetime.now(UTC))),
            (0, warn_of_expiry(now=datetime.now(UTC))),
        ]
        clock.shift(timedelta(days=1))
    assert [each for each in told if each[1]] == [(11, 1), (34, 1)]
    events = Event.objects.filter(name="loyalty.points_expiring").order_by("pk")
    assert [(one.member_id, one.payload["points"], one.payload["days_before"]) for one in events] == [
        (member.pk, 150, 30),
        (member.pk, 150, 7),
    ]
    assert events[0].payload["expires_at"] == "2026-04-11T04:00:00Z"


def day_of_test() -> int:
    return (datetime.now(UTC) - NOON).days


def test_each_programme_and_day_is_announced_for_itself_and_spent_points_are_not(
    open_shop: Any, clock: Any
) -> None:
    shops = [open_shop(expiry_days=20), open_shop(expiry_days=5)]
    member, frugal = shops[0].enrol(), shops[0].enrol()
    for shop in shops:
        buy(shop, member, 1_000)
        clock.shift(timedelta(days=1))
    buy(shops[0], member, 700)
    buy(shops[0], frugal, 1_000)
    buy(shops[0], frugal, 10, spend_points=100)
    assert warn_of_expiry(now=datetime.now(UTC)) == 3
    warned = ExpiryWarning.objects.order_by("expires_at")
    assert [(one.points, one.days_before) for one in warned] == [(100, 7), (100, 30), (70, 30)]


def test_points_kept_alive_are_announced_again_for_their_new_day(idle_shop: Shop, clock: Any) -> None:
    member = idle_shop.enrol()
    buy(idle_shop, member, 1_000)
    clock.shift(timedelta(days=25))
    assert warn_of_expiry(now=datetime.now(UTC)) == 1
    buy(idle_shop, member, 50)
    clock.shift(timedelta(days=25))
    assert warn_of_expiry(now=datetime.now(UTC)) == 1
    assert [one.days_before for one in ExpiryWarning.objects.all()] == [7, 7]


def test_a_hold_captured_without_an_order_keeps_points_alive(idle_shop: Shop, clock: Any) -> None:
    member = idle_shop.enrol()
    buy(idle_shop, member, 5_000)
    clock.shift(timedelta(days=25))
    wanted = {"member": {"ref": member.ref}, "points": 100}
    held = idle_shop.post("holds", wanted, **{"Idempotency-Key": "h"}).json()["hold"]["ref"]
    captured = idle_shop.post(f"holds/{held}/capture", {}, **{"Idempotency-Key": "c"}).json()
    assert captured["wallet"]["next_expiry"] == {"points": 400, "at": "2026-04-26T04:00:00Z"}
    clock.shift(timedelta(days=20))
    assert spendable(idle_shop, member) == 400
    assert_proven()


def test_a_hold_that_is_released_keeps_nothing_alive(idle_shop: Shop, clock: Any) -> None:
    member = idle_shop.enrol()
    buy(idle_shop, member, 5_000)
    ends = Lot.objects.get().expires_at
    clock.shift(timedelta(days=25))
    wanted = {"member": {"ref": member.ref}, "points": 100}
    held = idle_shop.post("holds", wanted, **{"Idempotency-Key": "h"}).json()["hold"]["ref"]
    idle_shop.post(f"holds/{held}/release", {}, **{"Idempotency-Key": "r"})
    assert Lot.objects.get().expires_at == ends


@pytest.mark.parametrize(
    ("on", "ends"), [(date(1999, 12, 31), "2027-01-01T05:00:00+00:00"), (date(9999, 12, 31), None)]
)
def test_a_fixed_day_from_before_days_were_checked_stops_no_sale(
    open_shop: Any, clock: Any, on: date, ends: str | None
) -> None:
    shop = open_shop(expiry_kind="date", expiry_on=on)
    assert shop.commit(basket(1_000, member=shop.enrol())).status_code == 201
    (lot,) = Lot.objects.all()
    assert (lot.expires_at and lot.expires_at.isoformat()) == ends
    assert_proven()
