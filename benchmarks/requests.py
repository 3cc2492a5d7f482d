"""The requests that go to the shop: bodies and headers, made before they are sent."""

import itertools
import json
from collections.abc import Iterator

from django.db import connection

from benchmarks.load import request
from benchmarks.shop import NUMBERS, Shop, phone_of

LINES = 5
APPS = 200
SPENT = 100
HELD = 12_000


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
    for number in NUMBERS:
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


def spends(shop: Shop) -> Iterator[bytes]:
    """Commits that pay a part with points; the basic rule gives back more than they cost."""
    return commits(shop, spend_points=SPENT)


def holds(shop: Shop) -> Iterator[bytes]:
    """One point set aside for ten seconds, member after member."""
    for number in NUMBERS:
        body = {"member": {"phone": phone_of(shop.turn(number))}, "points": 1, "seconds": 10}
        headers = shop.headers | {"Idempotency-Key": f"h-{number}"}
        yield request("POST", "/api/v1/holds", json.dumps(body).encode(), headers)


def captures(shop: Shop) -> Iterator[bytes]:
    """Held points that are spent, hold after hold; they are held before the first is asked for."""
    refs = shop.hold(HELD)
    return (
        request("POST", f"/api/v1/holds/{ref}/capture", b"{}", shop.headers | {"Idempotency-Key": ref})
        for ref in refs
    )


def returns(shop: Shop) -> Iterator[bytes]:
    """Lines of purchases made before that come back, in no order; the floor's bare ones earned nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ref FROM omnichannel_order"
            " WHERE source = 'till' AND state = 'completed' AND number NOT LIKE 'F-%' ORDER BY md5(ref)"
        )
        bought = [ref for (ref,) in cursor.fetchall()]
    return (
        request(
            "POST",
            f"/api/v1/orders/{ref}/returns",
            json.dumps({"return_number": f"R-{line}", "lines": [{"line": line, "quantity": 1}]}).encode(),
            shop.headers | {"Idempotency-Key": f"r-{next(NUMBERS)}"},
        )
        for line, ref in itertools.product(range(LINES), bought)
    )


def batches(shop: Shop, size: int) -> Iterator[bytes]:
    """Batches of so many purchases each."""
    headers = shop.headers | {"Content-Type": "application/x-ndjson"}
    while True:
        lines = [json.dumps(purchase(shop, number)).encode() for number in itertools.islice(NUMBERS, size)]
        yield request("POST", "/api/v1/orders/batch", b"\n".join(lines), headers)


def floor_commits(shop: Shop) -> Iterator[bytes]:
    """The floor's commits: everything is decided, the answer included."""
    for number in NUMBERS:
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
