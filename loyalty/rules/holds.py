"""A hold as it is shown, and what a purchase that names one may spend."""

from datetime import datetime
from typing import Literal

import msgspec

from loyalty.rules.answers import WalletAnswer


class HoldNow(msgspec.Struct, frozen=True, kw_only=True):
    """Points set aside. `state` is lapsed where `expires_at` came before it was captured or released.

    `captured_points` were spent of it, by the purchase `order_ref` if that is not empty.
    """

    ref: str
    state: Literal["held", "captured", "released", "lapsed"]
    points: int
    captured_points: int
    reference: str
    order_ref: str
    held_at: datetime
    expires_at: datetime


class HoldAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A hold, and the wallet after what was done with it."""

    hold: HoldNow
    wallet: WalletAnswer
