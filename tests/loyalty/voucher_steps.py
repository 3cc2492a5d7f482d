"""Vouchers in the state machine of the ledger: used, reserved, and back with the purchase that used them."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from loyalty.models import Voucher
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.pencil import PlainAward, PlainMember, PlainOrder
from tests.loyalty.vouchers import issued, normal, series

PRICE = 100
"""What a voucher takes off: all of the one line that is bought with it."""


class VoucherSteps:
    """Each member holds two vouchers for a free cup. `vouchers_used`: code -> ref of the purchase that used it last."""

    shop: Shop
    members: list[Any]
    plain: list[PlainMember]
    tell: Any
    numbers: Any

    def open_vouchers(self) -> None:
        of = series(self.shop)
        self.voucher_codes = [[issued(of, member) for _ in range(2)] for member in self.members]
        self.vouchers_used: dict[str, str] = {}

    def is_voucher_good(self, code: str) -> bool:
        used_by = self.vouchers_used.get(code)
        orders = (order for plain in self.plain for order in plain.orders if order.ref == used_by)
        return used_by is None or not any(next(orders).left())

    @rule(who=st.integers(0, 1), which=st.integers(0, 1), is_reserved=st.booleans())
    def buy_with_a_voucher(self, who: int, which: int, is_reserved: bool) -> None:
        now, plain, member = datetime.now(UTC), self.plain[who], self.members[who]
        code, number = self.voucher_codes[who][which], f"V-{next(self.numbers)}"
        good = self.is_voucher_good(code)
        if is_reserved:
            kept = self.tell(f"vouchers/{code}/reserve", {"reference": number, "member": {"ref": member.ref}})
            assert kept.status_code == (201 if good else 409)
        answer = self.shop.commit(
            basket(PRICE, member=member, voucher_codes=[code], receipt_number=number)
        ).json()
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
