"""Everything a purchase has to know before it is settled, in one statement and without a lock."""

from datetime import date, datetime

import msgspec
from django.db import connection

from loyalty.rules.basket import Offer, Use
from loyalty.rules.compile import Asks
from loyalty.rules.purchase import Counted
from loyalty.rules.tiers import Standing


class KeptAnswer(msgspec.Struct, frozen=True):
    """What was answered under an idempotency key."""

    fingerprint: str
    status: int
    body: str


class KnownReceipt(msgspec.Struct, frozen=True):
    """A receipt number that was told before."""

    fingerprint: str
    is_same_till: bool
    order_ref: str
    answer: str | None


class MemberNow(msgspec.Struct, frozen=True):
    id: int
    ref: str
    state: str
    enrolled_at: datetime
    birthday: tuple[int, int] | None = None
    """Month and day."""

    @property
    def is_active(self) -> bool:
        """Neither merged into another nor erased."""
        return self.state == "active"


class WalletNow(msgspec.Struct, frozen=True):
    version: int
    terms_stamp: int
    spendable: int


class ProductNow(msgspec.Struct, frozen=True):
    sku: str
    name: str
    category: str
    department: str
    brand: str


class PurchaseFacts(msgspec.Struct, frozen=True):
    """What was true when it was read. `stamp` is the programme's; None if it has no terms.

    :ivar counted: towards tiers, before the purchase; `counted_now`: and as of today, where it is told on a later day.
    :ivar holds_vouchers: the member has some that are not used up.
    :ivar labels: segments that the member is in; none unless they were asked for.
    :ivar used: what the capped rules that were asked for gave so far.
    """

    is_key_live: bool
    kept: KeptAnswer | None
    receipt: KnownReceipt | None
    member: MemberNow | None
    wallet: WalletNow | None
    stamp: int | None
    counted: Counted
    counted_now: Counted | None
    standings: list[Standing]
    offers: list[Offer]
    products: list[ProductNow]
    holds_vouchers: bool
    place_kind: str
    labels: list[str]
    used: list[Use]


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. `member` is (kind, value), kind "ref" or that of an identity; days are the programme's.

    :param fingerprint: SHA-256 of the purchase, hexadecimal.
    :param asks: what the programme's rules want to know beside what every purchase needs.
    """

    key_id: int
    caller: str
    idempotency_key: str | None
    fingerprint: str
    programme_id: int
    place_id: int
    till_id: int | None
    number: str | None
    member: tuple[str, str] | None
    placed_at: datetime
    placed_on: date
    timezone: str
    today: date
    skus: list[str]
    now: datetime
    asks: Asks = Asks()


_decoder = msgspec.json.Decoder(PurchaseFacts)


def find_purchase_facts(inquiry: Inquiry) -> PurchaseFacts:
    """Read everything that a purchase relies on. One statement, however many lines, rules or offers there are."""
    kind, value = inquiry.member or ("ref", "")
    windows = {"zone": inquiry.timezone, "at": inquiry.asks.window, "now": inquiry.asks.window_now}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_purchase_facts(%s, %s, %s::text, %s, %s, %s, %s::bigint, %s::text, %s, %s, %s,"
            " %s::jsonb, %s, %s, %s::text[], %s, %s, %s::text[])",
            [
                inquiry.key_id,
                inquiry.caller,
                inquiry.idempotency_key,
                inquiry.fingerprint,
                inquiry.programme_id,
                inquiry.place_id,
                inquiry.till_id,
                inquiry.number,
                kind,
                value,
                inquiry.placed_at,
                msgspec.json.encode(windows).decode(),
                inquiry.placed_on,
                inquiry.today,
                inquiry.skus,
                inquiry.now,
                inquiry.asks.labels,
                list(inquiry.asks.capped),
            ],
        )
        (facts,) = cursor.fetchone()
    return _decoder.decode(facts)
