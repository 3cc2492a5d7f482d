"""Acts at the edges: told late, of several programmes at once, by people who left, where terms are missing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.outbox.models import Delivery
from loyalty.models import ActCounted, Lot, ProgrammeTerms, Wallet
from loyalty.queries.acts import get_act_why
from loyalty.queries.programmes import get_current_programme
from loyalty.services.ledger import Credit, post_credit
from members.models import Member
from tests.loyalty.acting import deliver, do, event, hand_in, rule_about
from tests.loyalty.conftest import Shop, basket, laws_broken

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 17, tzinfo=UTC)
"""A Monday, at noon of the shop."""


@pytest.fixture(autouse=True)
def at_start() -> Any:
    with time_machine.travel(START, tick=False) as moved:
        yield moved


def test_a_second_gift_of_what_counts_once_is_found(shop: Shop) -> None:
    rule_about(shop, once_per="member")
    do(shop, shop.enrol())
    assert laws_broken() == []

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE loyalty_actcounted DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM loyalty_actcounted")

    assert not ActCounted.objects.exists()
    assert laws_broken() == ["what counts once was given once"]


def test_acts_wait_for_the_terms_of_their_programme(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    member = shop.enrol()
    rule_about(shop)
    terms = ProgrammeTerms.objects.get(programme=shop.programme)
    terms.delete()

    ref = do(shop, member)
    waits = Delivery.objects.get(subscriber="loyalty.acts")
    assert shop.programme.code in waits.last_error

    terms.save(force_insert=True)
    with time_machine.travel(START + timedelta(minutes=1), tick=False):
        deliver()
    assert get_act_why(ref).points_earned == 50


def test_who_is_not_active_earns_nothing_and_it_is_said(shop: Shop) -> None:
    rule_about(shop)
    member = shop.enrol()
    (ref,) = hand_in(shop, event(member))
    Member.objects.filter(pk=member.pk).update(state="erased")

    deliver()

    (left_out,) = get_act_why(ref).not_applied
    assert (left_out.code, get_act_why(ref).points_earned) == ("member_not_active", 0)
    assert not Wallet.objects.filter(member=member).exists()
    assert laws_broken() == []


def test_points_told_late_live_as_long_as_the_last_activity_says(
    open_shop: Callable[..., Shop], at_start: Any
) -> None:
    shop = open_shop(expiry_kind="inactivity", expiry_days=30)
    rule_about(shop)
    member = shop.enrol()
    at_start.shift(timedelta(days=20))
    shop.commit(basket(1_000, member=member))

    do(shop, member, at=START)
    late = Credit(
        member_id=member.pk, points=5, kind="adjust", cause="late", reason="", actor="test", happened_at=START
    )
    post_credit(late, programme=get_current_programme(shop.programme.pk), now=datetime.now(UTC))

    assert Lot.objects.count() == 3
    assert {lot.expires_at for lot in Lot.objects.all()} == {datetime(2026, 4, 22, 4, tzinfo=UTC)}
    assert laws_broken() == []


def test_the_wallets_of_all_programmes_of_a_batch_are_locked_at_once(
    open_shop: Callable[..., Shop],
) -> None:
    """In id order, so that nobody who locks several can wait for it in a circle."""
    shops = [open_shop(), open_shop()]
    member = shops[0].enrol()
    for shop in shops:
        rule_about(shop)
        hand_in(shop, event(member))

    with CaptureQueriesContext(connection) as told:
        deliver()

    assert sorted(Wallet.objects.values_list("balance", flat=True)) == [50, 50]
    assert (
        sum("loyalty_lock_wallets" in one["sql"] for one in told if "loyalty_credit" not in one["sql"]) == 1
    )
    assert laws_broken() == []


def test_what_counts_once_by_its_value_is_kept_as_a_digest_that_nobody_else_can_make(shop: Shop) -> None:
    """A phone number can be guessed: neither its digest alone nor that of another member tells it."""
    rule_about(shop, "share", once_per="value", of="where")
    number = "+12125550142"
    for member in (shop.enrol(), shop.enrol()):
        do(shop, member, "share", properties={"where": number})
        do(shop, member, "share", properties={"where": number})

    keys = ActCounted.objects.values_list("key", flat=True)

    assert len(set(keys)) == len(keys) == 2
    assert sha256(number.encode()).hexdigest() not in keys
    assert laws_broken() == []
