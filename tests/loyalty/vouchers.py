"""Series and vouchers for tests, made through the services."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from loyalty.models import Voucher, VoucherSeries
from loyalty.rules.vouchers import AmountOff, Gives, VoucherDefinition
from loyalty.services.vouchers import issue_vouchers, open_code, open_series
from members.models import Member
from tests.loyalty.conftest import Shop

_numbers = count(1)


def series(shop: Shop, gives: Gives | None = None, **more: Any) -> VoucherSeries:
    """A series of the shop, 5.00 off unless something else is said; `more` is of the definition."""
    code = f"series-{next(_numbers)}"
    return open_series(
        programme_id=shop.programme.pk,
        code=code,
        name=more.pop("name", code.title()),
        is_goodwill=more.pop("is_goodwill", False),
        definition=VoucherDefinition(gives=gives or AmountOff(minor=500), **more),
        by="test",
        now=datetime.now(UTC),
    )


def issued(of: VoucherSeries, member: Member, **more: Any) -> str:
    """The code of a new voucher of this member."""
    cause = more.pop("cause", f"test:{next(_numbers)}")
    return issue_vouchers(of.pk, [member.pk], cause=cause, by="test", now=datetime.now(UTC), **more)[
        member.pk
    ]


def public(of: VoucherSeries, code: str = "", max_uses: int | None = None) -> str:
    """A code that everybody may use."""
    code = code or f"PUBLIC{next(_numbers)}X"
    return str(open_code(of, code, max_uses=max_uses, by="test", now=datetime.now(UTC)))


def unbound(of: VoucherSeries) -> str:
    """A code for one use that belongs to whoever brings it."""
    voucher = Voucher.objects.get(code=normal(public(of, max_uses=1)))
    return str(voucher)


def normal(code: str) -> str:
    from loyalty.rules.voucher_codes import normal_form

    return normal_form(code)
