"""Redemptions: points that become vouchers, of twelve rewards with a stock."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks.load import request
from benchmarks.shop import NUMBERS, Shop, phone_of
from loyalty.errors import VoucherSeriesTaken
from loyalty.rules.vouchers import AmountOff, VoucherDefinition
from loyalty.services.rewards import RewardDraft, open_reward
from loyalty.services.vouchers import open_series

REWARDS = 12
STOCK = 10_000_000


def redemptions(shop: Shop) -> Iterator[bytes]:
    """A voucher for ten points, member after member, reward after reward."""
    _open_catalogue(shop)
    for number in NUMBERS:
        body = {"member": {"phone": phone_of(shop.turn(number))}, "reward": f"reward-{number % REWARDS}"}
        headers = shop.headers | {"Idempotency-Key": f"rdm-{number}"}
        yield request("POST", "/api/v1/redemptions", json.dumps(body).encode(), headers)


def _open_catalogue(shop: Shop) -> None:
    try:
        open_series(
            programme_id=shop.programme_id,
            code="reward",
            name="1.00 off",
            definition=VoucherDefinition(gives=AmountOff(minor=100), valid_days=90),
            by="bench",
            now=datetime.now(UTC),
        )
    except VoucherSeriesTaken:
        return
    for number in range(REWARDS):
        draft = RewardDraft(
            code=f"reward-{number}",
            title="1.00 off",
            kind="voucher",
            points=10,
            series="reward",
            stock=STOCK,
        )
        open_reward(shop.programme_id, draft)
