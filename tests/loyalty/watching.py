"""What the tests of fraud rules share: rules, purchases, and people who decide."""

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.test import Client

from config.staff.models import Staff
from loyalty.models import FraudFlag, FraudRule
from loyalty.services.fraud import go_live, watch_for_fraud
from members.models import Member
from tests.loyalty.conftest import Shop, basket

NOON = datetime(2026, 3, 4, 17, tzinfo=UTC)


def write(shop: Shop, what: str = "purchases", per: str = "member", **more: Any) -> FraudRule:
    """A rule that flags more than 2 in a day, written by a colleague."""
    told = {"within": "day", "more_than": 2, "written_by": "staff:1", "name": f"Many {what}"}
    return FraudRule.objects.create(programme=shop.programme, what=what, per=per, **{**told, **more})


def let_look(rule: FraudRule) -> FraudRule:
    return go_live(rule.pk, by="staff:2", now=datetime.now(UTC))


def look(clock: time_machine.Traveller) -> int:
    """Two minutes later the clock ticks."""
    clock.shift(timedelta(minutes=2))
    return watch_for_fraud(now=datetime.now(UTC))


def buy(shop: Shop, member: Member, times: int, minor: int = 1_000) -> list[str]:
    bodies = [shop.commit(basket(minor, member=member)).json() for _ in range(times)]
    return [body["order"]["ref"] for body in bodies]


def page_of(person: Staff) -> Client:
    client = Client()
    client.force_login(person)
    return client


def tell(person: Staff, flag: FraudFlag, button: str, **form: Any) -> str:
    """What the flag's page says after a button was pressed."""
    path = f"/admin/loyalty/fraudflag/{flag.pk}/change/"
    answer = page_of(person).post(path, {"note": "till roll looked at", **form, button: ""}, follow=True)
    return answer.content.decode()
