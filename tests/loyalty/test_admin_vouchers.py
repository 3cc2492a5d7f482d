"""Vouchers on the staff's pages."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from config.staff.roles import ADMINISTRATOR, CASHIER, FINANCE, MARKETER, STORE_MANAGER
from loyalty.models import CodeBatch, GoodwillLimit, Voucher, VoucherSeries
from loyalty.rules.conditions import Period
from loyalty.rules.vouchers import AmountOff, GiftCard, PercentOff
from loyalty.services.code_batches import advance_code_batch, ask_codes
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.vouchers import issued, public, series

pytestmark = pytest.mark.django_db


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(in_role(role))
    return client


def of(series_: VoucherSeries, page: str = "change") -> str:
    return f"/admin/loyalty/voucherseries/{series_.pk}/{page}/"


TENTH: dict[str, Any] = {
    "name": "Tea tenth",
    "code": "tea-tenth",
    "gives": "percent",
    "percent": "10",
    "most": "5.00",
    "categories": ["tea"],
    "spends_minimum": "20.00",
    "weekdays": ["6", "7"],
    "uses": "1",
    "valid_days": "30",
    "group": "tea",
    "flags": ["not_with_points"],
}
SAYS = "10 % off category tea, at most 5.00 USD, from 20.00 USD paid, on Saturday or Sunday."


def test_a_marketer_says_a_series_and_finds_it_said_again(shop: Shop) -> None:
    client = signed_in(MARKETER)
    answer = client.post("/admin/loyalty/voucherseries/add/", TENTH)
    assert answer.status_code == 302, answer.content.decode()
    made = VoucherSeries.objects.get()
    assert made.programme_id == shop.programme.pk
    page = client.get(of(made)).content.decode()
    assert SAYS in page
    assert "no other of tea is used beside it" in page.lower()
    again = client.post(of(made), TENTH | {"percent": "20"})
    assert again.status_code == 302, again.content.decode()
    made.refresh_from_db()
    assert made.definition["gives"]["percent"] == 20
    assert made.stamp == 2


def test_what_is_being_said_is_shown_with_an_example_while_it_is_typed(shop: Shop) -> None:
    client = signed_in(MARKETER)
    door = f"/admin/loyalty/voucherseries/says/{shop.programme.pk}/"
    told = client.post(door, TENTH).json()["sentence"]
    assert SAYS in told
    assert "Example: Two of 25.00 USD: 5.00 USD off, 45.00 USD to pay." in told
    assert client.post(door, TENTH | {"percent": ""}).json()["problem"] == "Say how many percent."


def test_a_series_that_the_form_cannot_say_is_left_as_it_is(shop: Shop) -> None:
    now = datetime.now(UTC)
    year = Period(starts_at=now, ends_at=now.replace(year=now.year + 1))
    made = series(shop, PercentOff(percent=10), conditions=[year])
    page = signed_in(ADMINISTRATOR).post(of(made), TENTH)
    assert "more than this form can show" in page.content.decode()
    made.refresh_from_db()
    assert made.stamp == 1


def test_a_voucher_is_issued_to_a_member_and_used_at_the_till(shop: Shop) -> None:
    made, member = series(shop), shop.enrol()
    client = signed_in(MARKETER)
    form = {"member": member.ref, "note": "sorry", "ref": "isu_1"}
    for _ in range(2):
        assert client.post(of(made, "issue"), form).status_code == 302
    code = str(Voucher.objects.get().code)
    answer = shop.commit(basket(1_000, member=member, voucher_codes=[code]))
    assert answer.json()["settlement"]["discount_minor"] == 500
    page = client.get(f"/admin/loyalty/voucher/{Voucher.objects.get().pk}/change/").content.decode()
    assert "redeemed" in page
    assert "used at Main street" in page
    missing = client.post(of(made, "issue"), form | {"member": "mem_nobody"})
    assert "Nobody goes by this." in missing.content.decode()


def test_goodwill_ends_where_the_limit_of_the_role_does(shop: Shop) -> None:
    made, member = series(shop, AmountOff(minor=500), is_goodwill=True), shop.enrol()
    client = signed_in(STORE_MANAGER)
    form = {"member": member.ref, "note": "cold tea", "ref": "x"}
    refused = client.post(of(made, "issue"), form)
    assert "you may still give this member 0.00 USD today" in refused.content.decode()
    GoodwillLimit.objects.create(programme=shop.programme, role=STORE_MANAGER, worth_minor=1_000)
    answers = [client.post(of(made, "issue"), form).status_code for _ in range(3)]
    assert answers == [302, 302, 200]
    assert Voucher.objects.count() == 2


def test_codes_are_asked_for_in_bulk_and_exported(shop: Shop) -> None:
    made, client = series(shop), signed_in(MARKETER)
    assert client.post(of(made, "make_codes"), {"count": "25"}).status_code == 302
    assert "25" in client.get(of(made)).content.decode()
    assert advance_code_batch(now=datetime.now(UTC))
    batch = CodeBatch.objects.get()
    answer = client.get(f"/admin/loyalty/codebatch/{batch.pk}/export/")
    lines = b"".join(answer).decode().splitlines()  # type: ignore[call-overload]
    assert (len(lines), lines[0]) == (26, "code,series,valid_until,state")


def test_one_voucher_or_a_whole_series_is_revoked_with_a_reason(shop: Shop) -> None:
    made, client = series(shop), signed_in(MARKETER)
    first, second = public(made), public(made)
    voucher = Voucher.objects.order_by("pk")[0]
    page = f"/admin/loyalty/voucher/{voucher.pk}/revoke/"
    assert client.post(page, {"because": ""}).status_code == 200
    assert client.post(page, {"because": "printed wrong"}).status_code == 302
    quoted = shop.quote(basket(1_000, voucher_codes=[first, second])).json()["settlement"]
    assert quoted["discount_minor"] == 500
    assert client.post(of(made, "revoke"), {"because": "over"}).status_code == 302
    quoted = shop.quote(basket(1_000, voucher_codes=[first, second])).json()["settlement"]
    assert quoted["discount_minor"] == 0
    assert "printed wrong" in client.get(f"/admin/loyalty/voucher/{voucher.pk}/change/").content.decode()


def test_a_public_code_is_opened_and_a_voucher_is_found_however_it_is_typed(shop: Shop) -> None:
    made, client = series(shop, GiftCard(minor=100)), signed_in(MARKETER)
    assert client.post(of(made, "open_public"), {"code": "Welcome10", "max_uses": ""}).status_code == 302
    taken = client.post(of(made, "open_public"), {"code": "WELC0ME10", "max_uses": ""})
    assert "looks like one that is" in taken.content.decode()
    found = client.get("/admin/loyalty/voucher/", {"q": "welcome-1o"}).content.decode()
    assert "WELCOME10" in found


def test_the_members_page_shows_what_they_hold(shop: Shop) -> None:
    member = shop.enrol()
    code = issued(series(shop, name="Five off"), member)
    page = signed_in(ADMINISTRATOR).get(f"/admin/members/member/{member.pk}/change/").content.decode()
    assert code in page
    assert "Five off: 5.00 USD off." in page


@pytest.mark.parametrize("role", [CASHIER, FINANCE])
def test_who_does_not_need_codes_does_not_see_them(shop: Shop, role: str) -> None:
    batch = ask_codes(series(shop), 1, by="test", now=datetime.now(UTC))
    client = signed_in(role)
    assert client.get("/admin/loyalty/voucher/").status_code == 403
    assert client.get(f"/admin/loyalty/codebatch/{batch.pk}/export/").status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_ask_as_much_for_three_rows_as_for_one(
    shop: Shop, rows: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(rows):
        issued(series(shop), shop.enrol())
    client = signed_in(ADMINISTRATOR)
    for page in ("voucher", "voucherseries"):
        client.get(f"/admin/loyalty/{page}/")
        with django_assert_max_num_queries(16):
            assert client.get(f"/admin/loyalty/{page}/").status_code == 200


def test_a_limit_of_goodwill_is_typed_in_money(shop: Shop) -> None:
    form = {"role": STORE_MANAGER, "worth_minor": "12.50"}
    answer = signed_in(ADMINISTRATOR).post("/admin/loyalty/goodwilllimit/add/", form)
    assert answer.status_code == 302, answer.content.decode()
    assert GoodwillLimit.objects.get().worth_minor == 1_250
