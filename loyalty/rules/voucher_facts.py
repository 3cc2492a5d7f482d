"""What is known of a voucher before it is used, read in one statement and without a lock."""

from datetime import datetime

import msgspec

from loyalty.rules.voucher_codes import shown_form
from loyalty.rules.vouchers import Series


class LastUse(msgspec.Struct, frozen=True):
    """When and where a voucher was used last."""

    at: datetime
    place: str


class VoucherNow(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher as it was when it was read.

    :ivar told: the position among the codes that were told, from 1; None: one that the member holds.
    :ivar reservation_id: one that was made for this very order.
    :ivar reserved_uses: kept for other orders, until `reserved_until`; `reserved_minor` of a gift card.
    :ivar uses_in_all, given_minor: of all vouchers of the series.
    :ivar uses_of_member: of the series, by the member who buys.
    :ivar last_use: only of one that is used up.
    """

    told: int | None
    id: int
    code: str
    shown: str
    series_id: int
    series_stamp: int
    member_id: int | None
    uses: int
    max_uses: int | None
    left_minor: int | None
    valid_from: datetime
    valid_until: datetime | None
    is_revoked: bool
    reservation_id: int | None
    reserved_uses: int
    reserved_minor: int
    reserved_until: datetime | None
    uses_in_all: int
    given_minor: int
    uses_of_member: int
    last_use: LastUse | None

    @property
    def spelled(self) -> str:
        """The code as people read it."""
        return self.shown or shown_form(self.code)

    @property
    def free_minor(self) -> int:
        """What of a gift card can be spent by this order."""
        return max((self.left_minor or 0) - self.reserved_minor, 0)


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher that somebody brings to a purchase, with its series.

    :ivar now: None where there is no such voucher.
    :ivar told_as: what was typed or scanned.
    :ivar is_of_buyer: it belongs to the member who buys.
    :ivar is_told: it was named for the purchase; else the member just holds it.
    """

    told_as: str
    now: VoucherNow | None = None
    series: Series | None = None
    is_of_buyer: bool = False
    is_told: bool = True

    @property
    def is_personal(self) -> bool:
        """Whether it belongs to one member."""
        return self.now is not None and self.now.member_id is not None

    @property
    def spelled(self) -> str:
        return self.now.spelled if self.now else self.told_as


class VouchersNow(msgspec.Struct, frozen=True, kw_only=True):
    """All that was brought, and what conditions of vouchers ask beside what every purchase knows.

    :ivar brought: those that were told, then those that the member holds.
    :ivar labels: segments that the member is in.
    """

    brought: list[Brought]
    labels: list[str]
    place_kind: str

    @property
    def told(self) -> list[Brought]:
        """What was named for this purchase."""
        return [each for each in self.brought if each.is_told]
