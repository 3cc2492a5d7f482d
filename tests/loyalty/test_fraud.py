"""Fraud rules look at what was recorded and flag a cause once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import ProgrammingError, transaction

from config.staff.roles import FINANCE
from loyalty.errors import AlreadyDecided, NeedsAnotherPerson
from loyalty.models import CorrectionLimit, FraudFlag, FraudRule, Hold
from loyalty.rules.fraud import WATCHES, sentence_of_watch
from loyalty.services.fraud import end_rule, go_live, try_rule
from members.rules.identities import claim
from members.services.enrolment import enrol
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.watching import NOON, buy, let_look, look, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def shop(clock: time_machine.Traveller, open_shop: Callable[..., Shop]) -> Shop:
    """Finance corrects up to 300 points alone."""
    shop = open_shop()
    CorrectionLimit.objects.create(programme=shop.programme, role=FINANCE, points=300)
    return shop


def test_who_is_above_the_limit_is_flagged_once_with_the_evidence(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    let_look(write(shop))
    honest, busy = shop.enrol(), shop.enrol()
    buy(shop, honest, 2)
    refs = buy(shop, busy, 3)

    assert (look(clock), look(clock)) == (1, 0)

    flag = FraudFlag.objects.get()
    assert (flag.member, flag.state) == (busy, "open")
    assert (flag.evidence["measured"], sorted(flag.evidence["refs"])) == (3, sorted(refs))
    assert flag.evidence["since"] == "2026-03-04T05:00:00Z"


def test_more_of_the_same_window_is_more_evidence_not_another_flag(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    let_look(write(shop))
    member = shop.enrol()
    buy(shop, member, 3)
    look(clock)
    buy(shop, member, 2)

    assert look(clock) == 0
    assert FraudFlag.objects.get().evidence["measured"] == 5


def test_another_day_is_another_cause(shop: Shop, clock: time_machine.Traveller) -> None:
    let_look(write(shop))
    member = shop.enrol()
    buy(shop, member, 3)
    look(clock)
    clock.shift(timedelta(days=1))
    buy(shop, member, 3)

    assert look(clock) == 1


def test_a_sale_told_late_is_seen(shop: Shop, clock: time_machine.Traveller) -> None:
    let_look(write(shop))
    member = shop.enrol()
    yesterday = (NOON - timedelta(days=1)).isoformat()
    for _ in range(3):
        shop.commit(basket(1_000, member=member, placed_at=yesterday))

    assert look(clock) == 1


def test_what_was_before_a_rule_is_not_its_business(shop: Shop, clock: time_machine.Traveller) -> None:
    buy(shop, shop.enrol(), 3)
    clock.shift(timedelta(minutes=1))
    rule = let_look(write(shop))
    assert look(clock) == 0

    end_rule(rule.pk, now=datetime.now(UTC))
    buy(shop, shop.enrol(), 5)
    assert look(clock) == 0


def test_a_dry_run_counts_and_writes_nothing(shop: Shop, clock: time_machine.Traveller) -> None:
    for _ in range(2):
        buy(shop, shop.enrol(), 4)
    rule = write(shop, is_holding=True)

    run = try_rule(rule, since=NOON - timedelta(days=30), until=NOON + timedelta(days=1))

    assert (run.flags, run.members, [one.measured for one in run.examples]) == (2, 2, [4, 4])
    assert not FraudFlag.objects.exists()
    assert not Hold.objects.exists()


def test_another_person_lets_a_rule_look_where_the_terms_ask(
    open_shop: Callable[..., Shop], clock: time_machine.Traveller
) -> None:
    rule = write(open_shop(rules_need_approval=True))

    with pytest.raises(NeedsAnotherPerson):
        go_live(rule.pk, by="staff:1", now=NOON)
    go_live(rule.pk, by="staff:2", now=NOON)
    with pytest.raises(AlreadyDecided):
        go_live(rule.pk, by="staff:2", now=NOON)
    with pytest.raises(ProgrammingError), transaction.atomic():
        FraudRule.objects.update(more_than=1)


@pytest.mark.parametrize("what", WATCHES)
def test_every_watch_can_be_said_and_looked_by(shop: Shop, what: str) -> None:
    for per in WATCHES[what].per:
        rule = write(shop, what, per)
        assert sentence_of_watch(what, per, "day", 2).startswith("more than 2 ")
        assert try_rule(rule, since=NOON - timedelta(days=30), until=NOON).flags == 0


def test_members_of_one_mailbox_are_seen(shop: Shop, clock: time_machine.Traveller) -> None:
    let_look(write(shop, "mailbox", "mailbox", more_than=1))
    for address in ("ann.lee+1@post.example", "annlee+2@post.example", "bob@post.example"):
        enrol(
            identities=[claim("email", address, region="US")],
            via="till",
            place_code=shop.place.code,
            actor="test",
            now=datetime.now(UTC),
        )

    assert look(clock) == 1
    evidence = FraudFlag.objects.get().evidence
    assert evidence["measured"] == 2
    assert "lee" not in str(evidence), "a flag names nobody"
