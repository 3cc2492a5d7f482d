"""One person's life with a shop, through its doors alone: two accounts, found to be one, apart again, and forgotten."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.storage import storages
from django.test import Client
from pytest_django import Settings

from config.outbox.delivery import deliver_due
from config.staff.roles import ADMINISTRATOR
from loyalty.services.verification import verify_ledger
from members.models import LikelyPair
from members.tasks import erase_due, make_copies
from omnichannel.services.keys import make_key
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket, open_shop
from tests.members.marking import find_mark

__all__ = ["open_shop"]

pytestmark = pytest.mark.django_db

_numbers = count(1)
PHONE, EMAIL = "+12125550177", "xanthippe@example.com"


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Where copies are kept; messages are written beside them."""
    settings.STORAGES["exports"]["OPTIONS"] = {"location": tmp_path / "exports"}
    storages._storages.clear()
    return tmp_path


def deliver() -> None:
    """Let everybody who is told of news hear it."""
    while deliver_due(now=datetime.now(UTC)):
        pass


def let_the_grace_pass(later: time_machine.Traveller) -> None:
    """What the relay and beat do when the days of grace are over: close, wait for what is in flight, erase."""
    deliver()
    erase_due()
    later.shift(timedelta(minutes=2))
    erase_due()
    deliver()


def tell(who: Client, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    """What a door answers, told once."""
    key = {"Idempotency-Key": f"life-{next(_numbers)}"}
    answer = who.post(f"/api/v1/{path}", body, content_type="application/json", headers=key)
    assert answer.status_code == status, answer.content
    known: dict[str, Any] = answer.json()
    return known


def with_key(key: str) -> Client:
    return Client(headers={"authorization": f"Bearer {key}"})


def points_of(who: Client) -> int:
    points: int = who.get("/api/v1/me/wallet").json()["balance"]
    return points


def signed_in(send_codes: Callable[[], str], **identity: str) -> Client:
    """The app of who goes by this, let in by a code."""
    tell(Client(), "auth/code", identity, 202)
    return with_key(tell(Client(), "auth/token", {**identity, "code": send_codes()})["access_token"])


def queue_of_pairs() -> str:
    """What a colleague sees of those who may be one person."""
    colleague = Client()
    colleague.force_login(in_role(ADMINISTRATOR))
    return colleague.get("/admin/members/likelypair/").content.decode()


def copy_of(who: Client) -> zipfile.ZipFile:
    """All that is held of them, asked for, made and fetched."""
    assert who.post("/api/v1/me/export").status_code == 202
    make_copies()
    return zipfile.ZipFile(io.BytesIO(b"".join(who.get("/api/v1/me/export/file").streaming_content)))


def test_a_member_is_enrolled_found_twice_merged_told_parted_and_forgotten(
    open_shop: Callable[..., Shop], send_codes: Callable[[], str], folder: Path
) -> None:
    shop = open_shop()
    scopes, programme = ["members", "orders"], shop.programme.pk
    web = with_key(make_key(name="web", scopes=scopes, programme_id=programme, now=datetime.now(UTC)).text)

    # At a till a phone is enough; in the web shop she is somebody else.
    at_till = shop.post("members", {"phone": PHONE}).json()["ref"]
    shop.commit(basket(5_000) | {"member": {"phone": PHONE}})
    account = {"external": {"source": "webshop", "id": "4711"}, "email": EMAIL, "birth_date": "1990-05-17"}
    names = {"given_name": "Xanthippe", "family_name": "Athanasiou"}
    online = tell(web, "members", account | names, 201)["ref"]
    order = basket(2_000, place=shop.place.code, order_number="W-1")
    order["member"] = {"external": account["external"]}
    del order["receipt_number"]
    tell(web, "orders", order, 201)

    # She says in the app who she is, nearly as she did in the web shop; that she is the same person is found.
    phone, mail = signed_in(send_codes, phone=PHONE), signed_in(send_codes, email=EMAIL)
    said = {"given_name": "Xanthippa", "family_name": "Athanasiou", "birth_date": "1990-05-17"}
    assert phone.patch("/api/v1/me", said, content_type="application/json").status_code == 200
    deliver()
    pair = LikelyPair.objects.get()
    assert {pair.member.ref, pair.other.ref} == {at_till, online}
    assert all(name in queue_of_pairs() for name in ("Xanthippa", "Xanthippe"))

    # Merged, she has all her points wherever she comes from, and her old ref is hers.
    shown = tell(web, f"members/{online}/merge/preview", {"into": at_till})
    assert points_of(phone) == 500
    merged = tell(web, f"members/{online}/merge", {"into": at_till})
    assert [points_of(phone), points_of(mail)] == [700, 700]
    assert {"name": "Corner shop: points", "value": "700"} in shown["after"]
    assert web.get(f"/api/v1/members/{online}").json()["ref"] == at_till
    seen = shop.post("till/lookup", {"member": {"email": EMAIL}}).json()
    assert (seen["member"]["ref"], seen["wallet"]["spendable"]) == (at_till, 700)
    assert verify_ledger(now=datetime.now(UTC)) == []

    # A copy of her data holds both lives.
    bought = json.loads(copy_of(phone).read("omnichannel/order.json"))
    assert sorted(one["total_minor"] for one in bought) == [2_000, 5_000]

    # It was her sister after all: each is herself again, with what is hers.
    tell(web, f"merges/{merged['ref']}/undo", {})
    assert [points_of(phone), points_of(mail)] == [500, 200]
    assert web.get(f"/api/v1/members/{online}").json()["ref"] == online
    assert verify_ledger(now=datetime.now(UTC)) == []

    # She wants to be forgotten; her sister is not.
    assert phone.post("/api/v1/me/erasure").json()["state"] == "agreed"
    with time_machine.travel(datetime.now(UTC) + timedelta(days=15)) as later:
        let_the_grace_pass(later)
        assert phone.get("/api/v1/me/wallet").status_code == 401
        assert shop.post("till/lookup", {"member": {"phone": PHONE}}).status_code == 404
        assert shop.post("till/lookup", {"member": {"email": EMAIL}}).json()["wallet"]["balance"] == 200
        assert [list(find_mark(folder, word)) for word in ("Xanthippa", PHONE, PHONE[2:])] == [[], [], []]
        assert verify_ledger(now=datetime.now(UTC)) == []
