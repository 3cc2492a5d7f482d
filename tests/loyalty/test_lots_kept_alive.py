"""What a history of activity does to lots: as if each activity had been told on its day, in whatever order."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given, settings, strategies as st

from loyalty.models import Lot, Wallet
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, tzinfo=UTC)
LOTS = 4
Days = st.integers(0, 60)


def on(day: int) -> datetime:
    return START + timedelta(days=day)


def kept_by_one_after_the_other(expires: list[int], told: list[tuple[int, int]], at: int | None) -> list[int]:
    """The days on which lots run out when activities (day, kept until) are told one by one."""
    kept = list(expires)
    known_until = 0
    for happened, until in sorted(told):
        known_until = max(known_until, until)
        wanted = until if at is None else known_until
        alive_after = happened if at is None else at
        kept = [wanted if alive_after < day < wanted else day for day in kept]
    return kept


def test_a_history_told_at_once_keeps_what_it_would_have_kept_day_by_day(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop(expiry_kind="inactivity", expiry_days=30)
    member = shop.enrol()
    for _ in range(LOTS):
        shop.commit(basket(1_000, member=member))
    wallet = Wallet.objects.get(member=member)
    lots = Lot.objects.filter(wallet=wallet).order_by("pk")

    @settings(max_examples=150)
    @given(
        expires=st.lists(Days, min_size=LOTS, max_size=LOTS),
        told=st.lists(st.tuples(Days, st.integers(1, 40)), max_size=8),
        at=st.none() | Days,
    )
    def keep(expires: list[int], told: list[tuple[int, int]], at: int | None) -> None:
        Wallet.objects.filter(pk=wallet.pk).update(kept_alive_until=START)
        for lot, day in zip(lots, expires, strict=True):
            Lot.objects.filter(pk=lot.pk).update(expires_at=on(day))
        activities = [(day, day + days) for day, days in told]
        extend(wallet, activities, at)
        kept = [on(day) for day in kept_by_one_after_the_other(expires, activities, at)]
        assert list(lots.values_list("expires_at", flat=True)) == kept

    keep()


def extend(wallet: Wallet, activities: list[tuple[int, int]], at: int | None) -> None:
    told = [{"w": 1, "happened_at": str(on(day)), "until_at": str(on(until))} for day, until in activities]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_extend_lots(%s, %s, %s)",
            [[wallet.pk], json.dumps(told), None if at is None else on(at)],
        )
