"""Of the vouchers that a member holds, those that fit where they stand: by member, place and moment."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from loyalty.queries.till import TillVoucher, VoucherInHand
from loyalty.queries.vouchers import find_series
from loyalty.rules.amounts import Amounts
from loyalty.rules.basket import Basket, Shopper
from loyalty.rules.conditions import Birthday, Buys, ChannelIs, FirstPurchase, PaidBy, Spends
from loyalty.rules.holding import Occasion
from loyalty.rules.voucher_codes import shown_form
from loyalty.rules.voucher_holding import first_unmet
from loyalty.rules.voucher_words import sentence_of_series
from loyalty.rules.vouchers import Series

UNDECIDED = (Spends, Buys, PaidBy, FirstPurchase, Birthday, ChannelIs)
"""Conditions that hang on the basket, or on what the screen does not know; the quote asks them."""


def fitting_vouchers(
    hand: Sequence[VoucherInHand], *, tier_code: str, place_code: str, timezone: str, now: datetime
) -> list[TillVoucher]:
    """At most one more statement, and that only where a series changed since this process last looked."""
    if not hand:
        return []
    series = find_series({(one.series_id, one.series_stamp) for one in hand})
    shopper = Shopper(tier_code=tier_code, labels=hand[0].labels)
    occasion = Occasion(
        basket=Basket(lines=[], place_code=place_code, placed_at=now),
        shopper=shopper,
        tier_code=tier_code,
        local=now.astimezone(ZoneInfo(timezone)),
        amounts=Amounts([], [], []),
    )
    return [
        TillVoucher(
            code=one.shown or shown_form(one.code),
            title=of.name,
            says=sentence_of_series(of.definition, of.manner),
            left_minor=one.left_minor,
            valid_until=min(filter(None, (one.valid_until, of.definition.ends_at)), default=None),
        )
        for one in hand
        if _is_good(of := series[one.series_id], now)
        and first_unmet(of, occasion, undecided=UNDECIDED) is None
    ]


def _is_good(series: Series, now: datetime) -> bool:
    starts, ends = series.definition.starts_at, series.definition.ends_at
    return (starts is None or starts <= now) and (ends is None or now < ends)
