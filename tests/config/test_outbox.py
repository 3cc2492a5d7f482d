"""Publishing and delivering: the fact and its news exist together, and news reaches everyone in order."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from config.ground import clock
from config.outbox import services
from config.outbox.delivery import LONGEST_WAIT_S, MOST_ATTEMPTS, deliver_due, wait_after
from config.outbox.events import Delivered, Event as EventBase
from config.outbox.models import Delivery, Event
from config.outbox.queries import get_backlogs
from config.outbox.registry import subscriber, subscribers_of, unsubscribe
from config.outbox.services import Announcement, publish, publish_many
from config.outbox.tasks import forget

pytestmark = pytest.mark.django_db(transaction=True)

NOW = clock.now()
HOUR = timedelta(hours=1)


class TeaPoured(EventBase, frozen=True, kw_only=True):
    name = "tests.tea_poured"

    cup: int
    sugar: str = "none"


class CupBroken(EventBase, frozen=True, kw_only=True):
    name = "tests.cup_broken"

    cup: int


class Guest:
    """A subscriber that notes what it is told, and fails for the cups it is told to fail for."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.heard: list[Delivered] = []
        self.refuses: set[int] = set()

    @property
    def cups(self) -> list[int]:
        return [cup for batch in self.batches for cup in batch]

    def learn(self, events: Sequence[Delivered], *, now: object) -> None:
        cups = [one.event.cup for one in events]  # type: ignore[attr-defined] # only events with cups come here
        if refused := self.refuses.intersection(cups):
            raise ValueError(f"no cup {min(refused)}, please")
        self.batches.append(cups)
        self.heard += events


@pytest.fixture
def ana() -> Iterator[Guest]:
    guest = Guest()
    subscriber("tests.ana", to=[TeaPoured, CupBroken])(guest.learn)
    yield guest
    unsubscribe("tests.ana")


@pytest.fixture
def ben() -> Iterator[Guest]:
    guest = Guest()
    subscriber("tests.ben", to=[TeaPoured], batch=2)(guest.learn)
    yield guest
    unsubscribe("tests.ben")


def pour(*cups: int, member_id: int | None = 7) -> list[int]:
    return [publish(TeaPoured(cup=cup), member_id=member_id, happened_at=NOW - HOUR, now=NOW) for cup in cups]


def waiting() -> list[tuple[str, int, bool]]:
    rows = Delivery.objects.order_by("subscriber", "pk").values_list("subscriber", "attempts", "is_dead")
    return list(rows)


def test_each_subscriber_hears_an_event_once(ana: Guest, ben: Guest) -> None:
    [event_id] = pour(1)

    assert deliver_due(now=NOW) == 2
    assert deliver_due(now=NOW) == 0

    assert ana.heard == ben.heard == [Delivered(event_id, TeaPoured(cup=1), 7, NOW - HOUR, NOW)]
    assert waiting() == []
    assert Event.objects.get().payload == {"cup": 1, "sugar": "none"}


def test_only_those_who_listen_hear(ana: Guest, ben: Guest) -> None:
    publish(CupBroken(cup=9), member_id=None, happened_at=NOW, now=NOW)

    deliver_due(now=NOW)

    assert (ana.cups, ben.cups) == ([9], [])
    assert subscribers_of(CupBroken) == ["tests.ana"]


def test_an_event_nobody_listens_to_is_kept_all_the_same() -> None:
    pour(1)

    assert (Event.objects.count(), Delivery.objects.count()) == (1, 0)


def test_what_is_rolled_back_was_never_announced(ana: Guest) -> None:
    with transaction.atomic():
        pour(1)
        transaction.set_rollback(True)

    assert deliver_due(now=NOW) == 0
    assert not Event.objects.exists()


def test_many_are_published_in_their_order_with_two_statements_at_most(
    ana: Guest, ben: Guest, django_assert_num_queries: Callable[[int], object]
) -> None:
    news = [Announcement(TeaPoured(cup=cup), member_id=cup % 3 or None, happened_at=NOW) for cup in range(50)]
    news.append(Announcement(CupBroken(cup=50), member_id=1, happened_at=NOW))

    with django_assert_num_queries(1):  # type: ignore[attr-defined] # a context manager
        assert publish_many(news, now=NOW) == 51
    while deliver_due(now=NOW):
        pass

    assert ana.cups == list(range(51))
    assert ben.cups == list(range(50))
    assert publish_many([], now=NOW) == 0


def test_a_batch_is_no_larger_than_its_subscriber_likes(ben: Guest) -> None:
    pour(1, 2, 3, 4, 5)

    while deliver_due(now=NOW):
        pass

    assert ben.batches == [[1, 2], [3, 4], [5]]


def test_one_bad_event_stops_neither_other_members_nor_other_subscribers(ana: Guest, ben: Guest) -> None:
    ana.refuses = {2}
    pour(1, member_id=7)
    pour(2, member_id=8)
    pour(3, member_id=9)

    deliver_due(now=NOW)
    deliver_due(now=NOW)

    assert ana.batches == [[1], [3]]
    assert ben.cups == [1, 2, 3]
    assert waiting() == [("tests.ana", 1, False)]
    assert Delivery.objects.get().last_error == "ValueError: no cup 2, please"


def test_after_a_failure_each_event_has_a_transaction_of_its_own(ana: Guest) -> None:
    """What is locked for one event is free before the next is looked at."""
    transactions: dict[int, int] = {}

    def learn(events: Sequence[Delivered], *, now: object) -> None:
        ana.learn(events, now=now)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            (number,) = cursor.fetchone()
        transactions.update({one.event.cup: number for one in events})  # type: ignore[attr-defined] # only events with cups come here

    unsubscribe("tests.ana")
    subscriber("tests.ana", to=[TeaPoured])(learn)
    ana.refuses = {2}
    for cup in (1, 2, 3):
        pour(cup, member_id=cup)

    deliver_due(now=NOW)

    assert sorted(transactions) == [1, 3]
    assert transactions[1] != transactions[3]
    assert waiting() == [("tests.ana", 1, False)]


def test_later_news_of_a_member_waits_for_what_failed_before(ana: Guest) -> None:
    ana.refuses = {1}
    pour(1, 2, member_id=7)
    pour(3, member_id=8)
    deliver_due(now=NOW)
    pour(4, member_id=7)

    assert deliver_due(now=NOW) == 0
    assert ana.cups == [3]

    ana.refuses = set()
    deliver_due(now=NOW + timedelta(seconds=1))
    assert ana.cups == [3, 1, 2, 4]
    assert waiting() == []


def test_news_of_nobody_in_particular_does_not_wait(ana: Guest) -> None:
    ana.refuses = {1}
    pour(1, 2, member_id=None)

    deliver_due(now=NOW)

    assert ana.cups == [2]


def test_what_a_failing_subscriber_wrote_is_undone() -> None:
    def learn(events: Sequence[Delivered], *, now: object) -> None:
        Event.objects.create(name="tests.echo", payload={}, happened_at=NOW, recorded_at=NOW)
        raise ValueError

    subscriber("tests.echo", to=[TeaPoured])(learn)
    try:
        pour(1)
        deliver_due(now=NOW)
    finally:
        unsubscribe("tests.echo")

    assert [event.name for event in Event.objects.all()] == ["tests.tea_poured"]
    assert waiting() == [("tests.echo", 1, False)]


def test_waiting_grows_and_stays_below_an_hour() -> None:
    waits = [wait_after(attempts).total_seconds() for attempts in range(1, 40)]

    assert waits[:4] == [1, 2, 4, 8]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT_S


def fail_until_dead(cup: int, guest: Guest) -> None:
    guest.refuses = {cup}
    now = NOW
    for attempts in range(1, MOST_ATTEMPTS + 1):
        assert deliver_due(now=now) > 0
        now += wait_after(attempts)


def test_after_too_many_attempts_a_delivery_is_dead_and_holds_nothing_up(ana: Guest) -> None:
    pour(1, 2, member_id=7)

    fail_until_dead(1, ana)
    deliver_due(now=NOW + 20 * HOUR)

    assert ana.cups == [2]
    assert waiting() == [("tests.ana", MOST_ATTEMPTS, True)]
    assert deliver_due(now=NOW + 1000 * HOUR) == 0
    backlog = get_backlogs(NOW)["tests.ana"]
    assert (backlog.waiting, backlog.dead) == (0, 1)


def test_the_dead_are_replayed_when_a_person_says_so(ana: Guest) -> None:
    pour(1)
    fail_until_dead(1, ana)
    ana.refuses = set()
    dead = Delivery.objects.get(is_dead=True)

    assert services.replay_dead([dead.pk], now=NOW) == 1
    deliver_due(now=NOW)

    assert ana.cups == [1]
    assert waiting() == []
    assert services.replay_dead([dead.pk], now=NOW) == 0


def test_the_dead_are_given_up_when_a_person_says_so_and_the_living_never(ana: Guest) -> None:
    pour(1)
    fail_until_dead(1, ana)
    pour(2)
    ids = list(Delivery.objects.values_list("pk", flat=True))

    assert services.give_up_dead(ids) == 1
    assert waiting() == [("tests.ana", 0, False)]
    assert Event.objects.count() == 2


def test_news_in_a_form_nobody_reads_any_more_fails_visibly(ana: Guest) -> None:
    with connection.cursor() as cursor:
        arguments = ["tests.tea_poured", 7, '{"pot": 1}', NOW, NOW, ["tests.ana"]]
        cursor.execute("SELECT outbox_publish(%s, %s, %s::jsonb, %s, %s, %s::text[])", arguments)

    deliver_due(now=NOW)

    assert "missing required field `cup`" in Delivery.objects.get().last_error


def test_events_never_change(ana: Guest) -> None:
    [event_id] = pour(1)

    for statement in (
        "UPDATE outbox_event SET name = 'x' WHERE id = %s",
        "DELETE FROM outbox_event WHERE id = %s",
    ):
        with pytest.raises(DatabaseError, match="never change"), connection.cursor() as cursor:
            cursor.execute(statement, [event_id])
    assert Event.objects.count() == 1


def test_delivered_events_are_forgotten_after_90_days(ana: Guest) -> None:
    for days in (100, 95, 91, 89):
        recorded_at = NOW - timedelta(days=days)
        publish(TeaPoured(cup=days), member_id=days, happened_at=recorded_at, now=recorded_at)
    ana.refuses = {91}
    deliver_due(now=NOW)

    assert services.forget_old_events(now=NOW, limit=1) == 1
    assert forget() == 1
    assert sorted(event.payload["cup"] for event in Event.objects.all()) == [89, 91]


def test_two_subscribers_of_one_name_are_refused(ana: Guest) -> None:
    with pytest.raises(ValueError, match=r"tests\.ana"):
        subscriber("tests.ana", to=[TeaPoured])(Guest().learn)
