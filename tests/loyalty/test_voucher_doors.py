"""The doors of vouchers: may it be used, keep it for an order, what a member holds, what a till sees."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from django.db import connection

from loyalty.models import Voucher, VoucherReservation, VoucherUse
from loyalty.rules.conditions import HasLabel, PlaceIs, Spends, TierIs
from loyalty.rules.vouchers import AmountOff, GiftCard, PercentOff, Stacking
from loyalty.services.verification import verify_ledger
from omnichannel.models import Place
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_wallets import app_of
from tests.loyalty.vouchers import issued, public, series

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 3, 17, tzinfo=UTC)
_keys = count(1)


def tell(shop: Shop, path: str, body: dict[str, Any]) -> Any:
    return shop.post(path, body, **{"Idempotency-Key": f"voucher-door-{next(_keys)}"})


def reserve(shop: Shop, code: str, reference: str = "B-1", **more: Any) -> Any:
    return tell(shop, f"vouchers/{code}/reserve", {"reference": reference, **more})


def off(answer: Any) -> int:
    return int(answer.json()["settlement"]["discount_minor"])


def test_a_till_asks_whether_a_code_may_be_used_on_a_basket(shop: Shop) -> None:
    code = public(series(shop, name="Five off", conditions=[Spends(minimum_minor=2_000)]))
    yes = shop.post("vouchers/validate", {"code": code, "lines": basket(2_500)["lines"]}).json()
    assert (yes["is_valid"], yes["discount_minor"], yes["code"]) == (True, 500, "")
    assert yes["voucher"]["says"] == "5.00 USD off, from 20.00 USD paid."
    no = shop.post("vouchers/validate", {"code": code, "lines": basket(1_500)["lines"]}).json()
    assert (no["is_valid"], no["code"], no["missing"]) == (False, "spend_more", 500)
    bare = shop.post("vouchers/validate", {"code": code}).json()
    assert (bare["is_valid"], bare["voucher"]["state"]) == (True, "issued")
    unknown = shop.post("vouchers/validate", {"code": "NOPE"}).json()
    assert (unknown["is_valid"], unknown["code"], unknown["voucher"]) == (False, "voucher_unknown", None)
    assert not VoucherUse.objects.exists()


def test_what_a_voucher_of_another_member_is_stays_with_them(shop: Shop) -> None:
    code = issued(series(shop), shop.enrol())
    answer = shop.post("vouchers/validate", {"code": code, "member": {"ref": shop.enrol().ref}}).json()
    assert (answer["code"], answer["voucher"]) == ("voucher_of_another", None)


def test_a_reserved_voucher_is_used_by_the_order_it_is_for_and_by_no_other(shop: Shop) -> None:
    code = public(series(shop), max_uses=1)
    kept = reserve(shop, code, "ORDER-7")
    assert (kept.status_code, kept.json()["state"]) == (201, "held")
    other = shop.commit(basket(1_000, voucher_codes=[code]))
    assert off(other) == 0
    assert "reserved for another order until" in other.json()["settlement"]["not_applied"][0]["because"]
    again = reserve(shop, code, "ORDER-8")
    assert (again.status_code, again.json()["reason"]) == (409, "voucher_reserved")
    assert off(shop.commit(basket(1_000, voucher_codes=[code], receipt_number="ORDER-7"))) == 500
    row = VoucherReservation.objects.get()
    assert (row.state, Voucher.objects.get().uses) == ("used", 1)
    assert (
        tell(shop, f"vouchers/{code}/release", {"reservation": row.ref}).json()["code"]
        == "reservation_has_ended"
    )
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_reservation_is_named_by_its_ref_too_and_told_again_it_is_the_same(shop: Shop) -> None:
    code = public(series(shop), max_uses=1)
    first, again = reserve(shop, code), reserve(shop, code, seconds=3_600)
    assert first.json()["ref"] == again.json()["ref"]
    assert again.json()["expires_at"] > first.json()["expires_at"]
    assert off(shop.commit(basket(1_000, voucher_codes=[first.json()["ref"]]))) == 500


def test_a_reservation_past_its_time_counts_no_more_and_no_job_had_to_run(
    open_shop: Callable[..., Shop],
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        shop = open_shop()
        code = public(series(shop), max_uses=1)
        kept = reserve(shop, code, seconds=60).json()
        clock.shift(timedelta(seconds=59))
        assert off(shop.quote(basket(1_000, voucher_codes=[code]))) == 0
        clock.shift(timedelta(seconds=1))
        assert off(shop.commit(basket(1_000, voucher_codes=[code]))) == 500
        assert off(shop.commit(basket(1_000, voucher_codes=[kept["ref"]]))) == 0
        assert (
            tell(shop, f"vouchers/{code}/release", {"reservation": kept["ref"]}).json()["state"] == "lapsed"
        )


def test_a_released_voucher_is_free_and_releasing_can_be_repeated(shop: Shop) -> None:
    code = public(series(shop), max_uses=1)
    ref = reserve(shop, code).json()["ref"]
    for _ in range(2):
        assert tell(shop, f"vouchers/{code}/release", {"reservation": ref}).json()["state"] == "released"
    assert off(shop.commit(basket(1_000, voucher_codes=[code]))) == 500


def test_a_part_of_a_gift_card_is_reserved_and_the_rest_can_be_spent(shop: Shop) -> None:
    code = public(series(shop, GiftCard(minor=3_000)))
    assert reserve(shop, code, amount_minor=2_000).json()["amount_minor"] == 2_000
    short = reserve(shop, code, "B-2", amount_minor=1_001)
    assert (short.status_code, short.json()["left_minor"]) == (409, 1_000)
    paid = shop.commit(basket(5_000, voucher_codes=[code])).json()["settlement"]
    assert paid["gift_cards_paid_minor"] == 1_000
    own = shop.commit(basket(5_000, voucher_codes=[code], receipt_number="B-1")).json()["settlement"]
    assert own["gift_cards_paid_minor"] == 2_000


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [("7K3M-PQ8T-X4DQ", 404, "voucher_not_found"), ("7K3M-PQ8T-X4DW", 422, "voucher_mistyped")],
)
def test_what_cannot_be_reserved_is_refused(shop: Shop, code: str, status: int, problem: str) -> None:
    answer = reserve(shop, code)
    assert (answer.status_code, answer.json()["code"]) == (status, problem)
    assert not VoucherReservation.objects.exists()


def test_a_personal_voucher_is_reserved_for_its_member(shop: Shop) -> None:
    member = shop.enrol()
    code = issued(series(shop), member)
    assert reserve(shop, code).json()["reason"] == "voucher_personal"
    assert reserve(shop, code, member={"ref": member.ref}).status_code == 201


def test_a_quote_offers_the_best_of_what_the_member_holds_and_says_what_is_left_out(shop: Shop) -> None:
    member = shop.enrol()
    tenth = issued(series(shop, PercentOff(percent=10), name="Tenth", stacking=Stacking(group="g")), member)
    five = issued(series(shop, AmountOff(minor=500), name="Five", stacking=Stacking(group="g")), member)
    card = issued(series(shop, GiftCard(minor=100)), member)
    dear = issued(series(shop, conditions=[Spends(minimum_minor=9_000)]), member)
    quoted = shop.quote(basket(6_000, member=member)).json()
    assert quoted["settlement"]["discount_minor"] == 0
    offered = quoted["vouchers"]
    assert [(one["code"], one["discount_minor"]) for one in offered["best"]] == [(tenth, 600)]
    assert (offered["discount_minor"], offered["gift_cards"]) == (600, [card])
    left_out = {one["what"]: one["code"] for one in offered["left_out"]}
    assert left_out == {f"voucher {five}": "not_combinable", f"voucher {dear}": "spend_more"}
    codes = [one["code"] for one in offered["best"]]
    assert (
        shop.commit(basket(6_000, member=member, voucher_codes=codes)).json()["settlement"]["discount_minor"]
        == 600
    )
    assert shop.quote(basket(100, member=shop.enrol())).json()["vouchers"] is None


def test_the_app_shows_what_the_member_holds_and_what_became_of_it(shop: Shop) -> None:
    member, of = shop.enrol(), series(shop, name="Five off")
    first, second = issued(of, member), issued(of, member)
    issued(of, shop.enrol())
    order = shop.commit(basket(1_000, member=member, voucher_codes=[first])).json()["order"]["ref"]
    app = app_of(member)
    held = app.get("/api/v1/me/vouchers").json()["results"]
    assert [(one["code"], one["state"], one["uses_left"]) for one in held] == [
        (second, "issued", 1),
        (first, "redeemed", 0),
    ]
    assert held[0]["says"] == "5.00 USD off."
    tell(shop, f"orders/{order}/cancel", {"return_number": "B-1"})
    reserve(shop, second, member={"ref": member.ref})
    held = app.get("/api/v1/me/vouchers", {"limit": 1}).json()
    assert [one["state"] for one in held["results"]] == ["reserved"]
    rest = app.get("/api/v1/me/vouchers", {"limit": 1, "cursor": held["next"]}).json()["results"]
    assert [(one["code"], one["state"]) for one in rest] == [(first, "rolled_back")]


def test_a_voucher_says_by_name_where_and_for_whom_it_is_good(shop: Shop) -> None:
    member = shop.enrol()
    conditions = [PlaceIs(places=["S9", "gone"]), TierIs(tiers=["gold"])]
    Place.objects.create(programme=shop.programme, code="S9", name="Harbour Street")
    code = issued(series(shop, conditions=conditions[:1]), member)
    precious = issued(series(shop, conditions=conditions[1:]), member)
    asked = {"member": {"ref": member.ref}, "lines": basket(1_000)["lines"]}
    told = [
        shop.post("vouchers/validate", {"code": one, **asked}).json()["because"] for one in (code, precious)
    ]
    assert "It holds only in Harbour Street or gone." in told[0]
    assert "It holds only for members on Gold." in told[1]


def test_a_place_that_got_another_name_is_called_by_it_at_once(shop: Shop) -> None:
    member = shop.enrol()
    other = Place.objects.create(programme=shop.programme, code="harbour", name="Harbour Street")
    code = issued(series(shop, conditions=[PlaceIs(places=["harbour"])]), member)
    asked = {"code": code, "member": {"ref": member.ref}, "lines": basket(1_000)["lines"]}
    assert "It holds only in Harbour Street." in shop.post("vouchers/validate", asked).json()["because"]

    Place.objects.filter(pk=other.pk).update(name="Quay Street")

    assert "It holds only in Quay Street." in shop.post("vouchers/validate", asked).json()["because"]


def test_the_till_sees_the_vouchers_that_fit_where_it_stands(
    shop: Shop, django_assert_num_queries: Any
) -> None:
    member = shop.enrol()
    here = series(
        shop, name="Here", conditions=[PlaceIs(places=[shop.place.code]), Spends(minimum_minor=500)]
    )
    fits = issued(here, member)
    issued(series(shop, conditions=[PlaceIs(places=["elsewhere"])]), member)
    issued(series(shop, conditions=[HasLabel(labels=["vip"])]), member)
    used_up = issued(here, member)
    shop.commit(basket(1_000, member=member, voucher_codes=[used_up]))
    lookup = {"member": {"ref": member.ref}}
    screen = shop.post("till/lookup", lookup).json()
    assert [(one["code"], one["title"]) for one in screen["vouchers"]] == [(fits, "Here")]
    with django_assert_num_queries(1):
        shop.post("till/lookup", lookup)


def test_a_code_is_looked_for_once(shop: Shop) -> None:
    code = public(series(shop))

    def searches() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'loyalty_voucher'")
            return int(cursor.fetchone()[0])

    before = searches()
    assert off(shop.quote(basket(1_000, voucher_codes=[code]))) == 500
    assert searches() == before + 1
