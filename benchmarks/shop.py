"""The shop that is measured: members, ten rules of which two apply, a till; and the requests that go to it."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from benchmarks.load import request
from loyalty.models import ProgrammeTerms, Tier
from loyalty.rules.definition import Multiplier, PerStep, RuleDefinition, Scope
from loyalty.services.rules import publish_rule
from members.rules.identities import IdentityClaim
from members.services.sign_in import sign_in
from omnichannel.models import Place, Programme, Till
from omnichannel.services.keys import make_key

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LINES = 5
APPS = 200

_MEMBERS = """
WITH fresh AS (
  INSERT INTO members_member (ref, given_name, family_name, display_name, language, state, enrolled_at, enrolled_via,
    enrolled_at_place, card_secret, recorded_at)
  SELECT 'mem_' || lpad(n::text, 26, '0'), 'Member', n::text, '', 'en', 'active', now(), 'import', '', ''::bytea, now()
  FROM generate_series(%s::int, %s::int) n RETURNING id, family_name::int AS n),
phones AS (
  INSERT INTO members_identity (kind, value, member_id, source, recorded_at)
  SELECT 'phone', '+1212' || 2000000 + n, id, 'bench', now() FROM fresh)
INSERT INTO loyalty_wallet (member_id, programme_id, figures_hold_from) SELECT id, %s, now() FROM fresh
"""


@dataclass
class Shop:
    """Ids of the rows that requests name, and the till's key."""

    programme_id: int
    place_id: int
    till_id: int
    key: str
    members: list[tuple[int, int]]
    """(member id, wallet id) of those who come to the till."""

    @property
    def headers(self) -> dict[str, str]:
        """The till's key."""
        return {"Authorization": f"Bearer {self.key}"}

    def turn(self, number: int) -> int:
        """Whose turn it is: members come in an order that no cache can guess."""
        return number * 7919 % len(self.members)

    def grow(self, upto: int) -> None:
        """Have so many members in all; the first 2,000 are the ones who shop."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM members_member")
            (have,) = cursor.fetchone()
            if upto > have:
                cursor.execute(_MEMBERS, [have + 1, upto, self.programme_id])
                cursor.execute("ANALYZE")
            cursor.execute("SELECT member_id, id FROM loyalty_wallet ORDER BY id LIMIT 2000")
            self.members = cursor.fetchall()

    def add_rules(self, upto: int) -> None:
        """Have so many bonus rules beside the basic one, all but one for products that nobody buys."""
        have = ProgrammeTerms.objects.get(programme_id=self.programme_id).stamp
        for number in range(upto):
            publish_rule(
                programme_id=self.programme_id,
                code=f"bonus-{have}-{number}",
                name=f"Bonus {number}",
                definition=RuleDefinition(
                    effect=Multiplier(percent=200, scope=Scope(categories=[f"C{number}"]))
                ),
                live_from=LONG_AGO,
                made_by="bench",
                now=LONG_AGO,
            )

    def apps(self, many: int) -> list[str]:
        """Access tokens of so many members."""
        now = datetime.now(UTC)
        return [
            sign_in(
                member_id, proven=IdentityClaim("phone", phone_of(index)), device="bench", now=now
            ).access_token
            for index, (member_id, _) in enumerate(self.members[:many])
        ]


def open_shop(members: int) -> Shop:
    """A programme with its terms, three tiers, the basic rule and one that doubles dairy, and so many members."""
    programme = Programme.objects.create(
        code="bench", name="Bench", timezone="America/New_York", currency="USD", region="US"
    )
    ProgrammeTerms.objects.create(programme=programme)
    for rank, (code, threshold) in enumerate([("basic", 0), ("silver", 10**9), ("gold", 10**10)]):
        Tier.objects.create(programme=programme, code=code, name=code, rank=rank, threshold_minor=threshold)
    for code, effect in (
        ("base", PerStep(points=10, step_minor=100)),
        ("dairy", Multiplier(percent=200, scope=Scope(categories=["dairy"]))),
    ):
        publish_rule(
            programme_id=programme.pk,
            code=code,
            name=code,
            definition=RuleDefinition(effect=effect),
            live_from=LONG_AGO,
            made_by="bench",
            now=LONG_AGO,
        )
    place = Place.objects.create(programme=programme, code="S1", name="Main street", kind="store")
    till = Till.objects.create(place=place, code="T1", name="Till 1")
    key = make_key(name="bench", scopes=["till"], till_id=till.pk, made_by="bench", now=datetime.now(UTC))
    shop = Shop(programme.pk, place.pk, till.pk, key.text, [])
    shop.add_rules(8)
    shop.grow(members)
    return shop


def phone_of(index: int) -> str:
    """The phone number of a member, counted from 0."""
    return f"+1212{2_000_001 + index}"


_numbers = itertools.count(1)


def purchase(shop: Shop, number: int, *, is_hot: bool = False, **more: object) -> dict[str, object]:
    """The body of a purchase of five lines; members take turns, or all come as one."""
    at = 0 if is_hot else shop.turn(number)
    lines = [
        {
            "sku": f"SKU-{number * LINES + line}",
            "name": "A thing that people buy",
            "category": "dairy" if line < 2 else "grocery",
            "quantity": 1,
            "unit_price_minor": 500,
        }
        for line in range(LINES)
    ]
    phone = phone_of(at)
    return {
        "receipt_number": f"B-{number}",
        "member": {"phone": phone},
        "currency": "USD",
        "lines": lines,
        **more,
    }


def commits(shop: Shop, *, is_hot: bool = False, **more: object) -> Iterator[bytes]:
    """Commits without end, each a purchase of its own."""
    for number in _numbers:
        body = json.dumps(purchase(shop, number, is_hot=is_hot, **more)).encode()
        yield request(
            "POST", "/api/v1/checkout/commit", body, shop.headers | {"Idempotency-Key": f"k-{number}"}
        )


def quotes(shop: Shop) -> Iterator[bytes]:
    """Quotes without end."""
    for number in itertools.count(1):
        yield request(
            "POST", "/api/v1/checkout/quote", json.dumps(purchase(shop, number)).encode(), shop.headers
        )


def lookups(shop: Shop) -> Iterator[bytes]:
    """Look-ups without end, member after member."""
    for number in itertools.count():
        body = json.dumps({"member": {"phone": phone_of(shop.turn(number))}}).encode()
        yield request("POST", "/api/v1/till/lookup", body, shop.headers)


def wallets(shop: Shop) -> Iterator[bytes]:
    """Members' apps that read their wallets in turn."""
    return itertools.cycle(
        [
            request("GET", "/api/v1/me/wallet", headers={"Authorization": f"Bearer {token}"})
            for token in shop.apps(APPS)
        ]
    )


def batches(shop: Shop, size: int) -> Iterator[bytes]:
    """Batches of so many purchases each."""
    headers = shop.headers | {"Content-Type": "application/x-ndjson"}
    while True:
        lines = [json.dumps(purchase(shop, number)).encode() for number in itertools.islice(_numbers, size)]
        yield request("POST", "/api/v1/orders/batch", b"\n".join(lines), headers)


def floor_commits(shop: Shop) -> Iterator[bytes]:
    """The floor's commits: everything is decided, the answer included."""
    for number in _numbers:
        member, wallet = shop.members[shop.turn(number)]
        bought = purchase(shop, number)["lines"]
        assert isinstance(bought, list)
        lines = [line | {"position": position} for position, line in enumerate(bought)]
        body = {
            "member": member,
            "wallet": wallet,
            "programme": shop.programme_id,
            "place": shop.place_id,
            "till": shop.till_id,
            "number": f"F-{number}",
            "ref": f"ord_{number:026d}",
            "answer": json.dumps({"order": {"ref": "x" * 30}, "settlement": "x" * 600, "wallet": "x" * 250}),
            "lines": lines,
            "event": {"order_ref": "x" * 30, "lines": lines},
        }
        yield request("POST", "/commit", json.dumps(body).encode())


def floor_balances(shop: Shop) -> Iterator[bytes]:
    """The floor's balance reads, member after member."""
    for number in itertools.count():
        member, _ = shop.members[shop.turn(number)]
        yield request("GET", f"/balance/{member}/{shop.programme_id}")
