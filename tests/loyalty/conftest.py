"""A shop with a till: programme, rules, three tiers, and a client that speaks like a till."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
import time_machine
from django.test import Client

from loyalty.models import Benefit, Ladder, ProgrammeTerms, Tier
from loyalty.rules.definition import PerStep, RuleDefinition
from loyalty.rules.ladders import Demand, LadderDefinition
from loyalty.services.ladders import publish_ladder
from loyalty.services.rules import publish_rule
from loyalty.services.verification import verify_ledger
from members.models import Member
from members.rules.identities import claim
from members.services.enrolment import enrol
from omnichannel.models import Place, Programme, Till
from omnichannel.services.keys import make_key

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_numbers, _phones = count(1), count(1)


@dataclass
class Shop:
    """A place of business in tests. `key` is the till's."""

    programme: Programme
    place: Place
    till: Till
    key: str
    client: Client = field(default_factory=Client)

    def post(self, path: str, body: Any, key: str | None = None, **headers: str) -> Any:
        """POST as the till."""
        return self.client.post(
            f"/api/v1/{path}",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {key or self.key}", **headers},
        )

    def quote(self, body: dict[str, Any]) -> Any:
        return self.post("checkout/quote", body)

    def commit(self, body: dict[str, Any], idempotency_key: str | None = None) -> Any:
        key = idempotency_key or f"key-{next(_numbers)}"
        return self.post("checkout/commit", body, **{"Idempotency-Key": key})

    def enrol(self, phone: str | None = None) -> Member:
        phone = phone or f"+1917555{next(_phones) % 10_000:04d}"
        now = datetime.now(UTC)
        enrolled = enrol(
            identities=[claim("phone", phone, region="US")],
            via="till",
            place_code=self.place.code,
            actor="test",
            now=now,
        )
        return Member.objects.get(pk=enrolled.member_id)


def basket(*prices_minor: int, member: Member | None = None, **more: Any) -> dict[str, Any]:
    """The body of a purchase: one line per price, a receipt number of its own."""
    lines = [
        {"sku": f"SKU-{position}", "quantity": 1, "unit_price_minor": minor, "category": "groceries"}
        for position, minor in enumerate(prices_minor)
    ]
    body: dict[str, Any] = {"receipt_number": f"SALE-{next(_numbers)}", "currency": "USD", "lines": lines}
    if member is not None:
        body["member"] = {"ref": member.ref}
    return body | more


LADDER = LadderDefinition(
    steps=[
        Demand(tier="basic"),
        Demand(tier="silver", threshold_minor=10_000),
        Demand(tier="gold", threshold_minor=50_000),
    ]
)


def climbed_by(programme: Programme, ladder: LadderDefinition, **when: Any) -> Ladder:
    """Let a ladder hold: a programme's first one for all of the past, any other from now or from a moment on."""
    return publish_ladder(
        programme_id=programme.pk, definition=ladder, made_by="test", **{"now": datetime.now(UTC), **when}
    )


@pytest.fixture
def open_shop(db: None) -> Callable[..., Shop]:
    """Opens shops of one person: 10 points for each full 1.00, tiers basic, silver (100.00) and gold (500.00)."""

    def make(*, ladder: LadderDefinition | None = None, **terms: Any) -> Shop:
        number = next(_numbers)
        programme = Programme.objects.create(
            code=f"shop-{number}",
            name="Corner shop",
            timezone="America/New_York",
            currency="USD",
            region="US",
        )
        ProgrammeTerms.objects.create(programme=programme, **{"rules_need_approval": False, **terms})
        for rank, code in enumerate(["basic", "silver", "gold"]):
            tier = Tier.objects.create(programme=programme, code=code, name=code.title(), rank=rank)
            if code == "gold":
                Benefit.objects.create(tier=tier, code="tasting", kind="event", title="Tea tasting")
        climbed_by(programme, ladder or LADDER)
        publish_rule(
            programme_id=programme.pk,
            code="base",
            name="Base",
            definition=RuleDefinition(effect=PerStep(points=10, step_minor=100)),
            live_from=LONG_AGO,
            made_by="test",
            now=LONG_AGO,
        )
        place = Place.objects.create(programme=programme, code=f"S{number}", name="Main street", kind="store")
        till = Till.objects.create(place=place, code="T1", name="Till 1")
        return Shop(programme=programme, place=place, till=till, key=till_key(till))

    return make


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Noon of 10 May 2026 in New York; tests move it."""
    with time_machine.travel(datetime(2026, 5, 10, 16, tzinfo=UTC), tick=False) as now:
        yield now


def till_key(till: Till) -> str:
    """A new key of this till, as it is shown once."""
    made = make_key(name=till.code, scopes=["till"], till_id=till.pk, made_by="test", now=datetime.now(UTC))
    return made.text


def laws_broken() -> list[str]:
    """The laws of the ledger that do not hold, one for each row that breaks one."""
    return [found.law for found in verify_ledger(now=datetime.now(UTC))]
