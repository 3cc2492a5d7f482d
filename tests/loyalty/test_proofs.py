"""The proof of the ledger finds what should not be: each fault is made by hand, past the services."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from loyalty.models import Hold, Wallet
from members.models import Member
from omnichannel.models import OrderReturn, ReturnLine
from tests.loyalty.conftest import Shop, basket, laws_broken

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(shop: Shop) -> Member:
    """Somebody who bought two cups and brought one back."""
    member = shop.enrol()
    body = basket(1_000, member=member)
    body["lines"][0]["quantity"] = 2
    ref = shop.commit(body).json()["order"]["ref"]
    back = {"return_number": "B-1", "lines": [{"line": 0, "quantity": 1}]}
    assert shop.post(f"orders/{ref}/returns", back, **{"Idempotency-Key": "b"}).status_code == 201
    assert laws_broken() == []
    return member


def test_points_that_are_set_aside_and_are_not_there(member: Member) -> None:
    now, wallet = datetime.now(UTC), Wallet.objects.get(member=member)
    Hold.objects.create(
        ref="hld_x",
        wallet=wallet,
        member=member,
        points=1_000_000,
        actor="test",
        held_at=now,
        expires_at=now + timedelta(hours=1),
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_renew_figures(%s, now())", [wallet.pk])
    assert laws_broken() == ["what is set aside is there"]


@pytest.mark.parametrize(("further", "quantity"), [(0, 2), (1, 1)])
def test_goods_that_came_back_and_were_not_bought(member: Member, further: int, quantity: int) -> None:
    again = OrderReturn.objects.get()
    line = again.lines.get()
    again.pk, again.ref, again.number = None, "ret_x", "B-2"
    again.save()
    ReturnLine.objects.create(
        order_return=again, member=member, position=line.position + further, quantity=quantity
    )
    assert "no more comes back than was bought" in laws_broken()
