"""Vouchers in the state machine of the ledger: used, reserved, and back with the purchase that used them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from loyalty.models import Voucher
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.pencil import PlainAward, PlainMember, PlainOrder
from tests.loyalty.vouchers import issued, normal, series

WHO, WHICH = st.integers(0, 1), st.integers(0, 1)
PRICE = 100
"""What a voucher takes off: all of the one line that is bought with it."""


class VoucherSteps:
    """Each member holds two vouchers for a free cup.

    `vouchers_used`: code -> ref of the purchase that used it last; `vouchers_kept`: code -> ref of the reservation,
    number of the order, and until when.
    """

    shop: Shop
    members: list[Any]
    plain: list[PlainMember]
    tell: Any
    numbers: Any

    def open_vouchers(self) -> None:
        of = series(self.shop)
        self.voucher_codes = [[issued(of, member) for _ in range(2)] for member in self.members]
        self.vouchers_used: dict[str, str] = {}
        self.vouchers_kept: dict[str, tuple[str, str, datetime]] = {}

    def is_voucher_good(self, code: str) -> bool:
        used_by = self.vouchers_used.get(code)
        orders = (order for plain in self.plain for order in plain.orders if order.ref == used_by)
        return used_by is None or not any(next(orders).left())

    @rule(who=WHO, which=WHICH, seconds=st.sampled_from([60, 86_400, 7 * 86_400]))
    def keep_voucher(self, who: int, which: int, seconds: int) -> None:
        """For an order that is still being paid; nobody keeps it for two."""
        code, number = self.voucher_codes[who][which], f"V-{next(self.numbers)}"
        told: dict[str, Any] = {"reference": number, "seconds": seconds}
        answer = self.tell(f"vouchers/{code}/reserve", told | {"member": {"ref": self.members[who].ref}})
        is_free = self.is_voucher_good(code) and not self.is_kept(code)
        assert answer.status_code == (201 if is_free else 409)
        if is_free:
            until = datetime.now(UTC) + timedelta(seconds=seconds)
            self.vouchers_kept[code] = answer.json()["ref"], number, until

    @rule(who=WHO, which=WHICH)
    def let_voucher_go(self, who: int, which: int) -> None:
        code = self.voucher_codes[who][which]
        if code in self.vouchers_kept:
            state = "released" if self.is_kept(code) else "lapsed"
            ref, _, _ = self.vouchers_kept.pop(code)
            answer = self.tell(f"vouchers/{code}/release", {"reservation": ref})
            assert answer.json()["state"] == state

    def is_kept(self, code: str, number: str = "") -> bool:
        """For the order of another number."""
        _, kept_for, until = self.vouchers_kept.get(code, ("", number, datetime.now(UTC)))
        return kept_for != number and until > datetime.now(UTC)

    @rule(who=WHO, which=WHICH, is_the_one=st.booleans())
    def buy_with_a_voucher(self, who: int, which: int, is_the_one: bool) -> None:
        """By the order that it is kept for, or another."""
        now, plain, member = datetime.now(UTC), self.plain[who], self.members[who]
        code, number = self.voucher_codes[who][which], f"V-{next(self.numbers)}"
        if is_the_one and code in self.vouchers_kept:
            number = self.vouchers_kept[code][1]
        good = self.is_voucher_good(code) and not self.is_kept(code, number)
        answer = self.shop.commit(
            basket(PRICE, member=member, voucher_codes=[code], receipt_number=number)
        ).json()
        if number == self.vouchers_kept.get(code, ("", ""))[1]:
            del self.vouchers_kept[code]
        paid = 0 if good else PRICE
        assert answer["settlement"]["payable_minor"] == paid
        lot = plain.earn(paid // 100 * 10, now)
        plain.be_active(now, now=now)
        awards = [PlainAward(paid // 100 * 10, [0])]
        order = PlainOrder(answer["order"]["ref"], [(1, paid)], [0], now, ["SKU-0"], lot, awards)
        plain.orders.append(order)
        if good:
            self.vouchers_used[code] = order.ref

    @invariant()
    def a_voucher_is_used_while_its_purchase_stays(self) -> None:
        if not hasattr(self, "voucher_codes"):
            return
        uses = dict(Voucher.objects.values_list("code", "uses"))
        for code in (code for codes in self.voucher_codes for code in codes):
            assert uses[normal(code)] == int(not self.is_voucher_good(code))
