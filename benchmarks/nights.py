"""What runs at night, over a million wallets: expiry, seal, proof and the review of tiers."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from benchmarks.shop import SILVER_MINOR, Shop
from loyalty.models import Seal
from loyalty.services.expiry import book_expired_lots
from loyalty.services.seals import seal_day
from loyalty.services.tier_reviews import review_tiers
from loyalty.services.verification import verify_ledger

POINTS = 100

_FILL = """
CREATE TEMP TABLE filled ON COMMIT DROP AS
  SELECT w.id AS wallet_id, w.member_id, w.seq + 1 AS seq, w.balance + {points} AS balance,
    nextval('loyalty_lot_id_seq') AS lot_id, nextval('loyalty_entry_id_seq') AS entry_id
  FROM loyalty_wallet w WHERE w.programme_id = {programme};
INSERT INTO loyalty_lot (id, wallet_id, member_id, order_ref, available_from, expires_at, credited, remaining)
  SELECT lot_id, wallet_id, member_id, '', '{earned}', '{ends}', {points}, {points} FROM filled;
INSERT INTO loyalty_entry (id, wallet_id, member_id, programme_id, seq, kind, points, balance_after, cause, order_ref,
    actor, reason, happened_at, recorded_at)
  SELECT entry_id, wallet_id, member_id, {programme}, seq, 'adjust', {points}, balance, 'bench:' || entry_id, '',
    'bench', 'to run out', '{earned}', '{earned}' FROM filled;
INSERT INTO loyalty_lotmove (entry_id, lot_id, member_id, points)
  SELECT entry_id, lot_id, member_id, {points} FROM filled;
UPDATE loyalty_wallet w SET seq = f.seq, balance = f.balance,
    figures_hold_from = '{earned}', figures_hold_until = '{earned}'
  FROM filled f WHERE w.id = f.wallet_id;
"""

_SPEND = """
INSERT INTO loyalty_tierday (wallet_id, member_id, spent_on, qualifying_minor, visits)
  SELECT w.id, w.member_id, %(today)s::date - (w.id %% 300)::int,
    CASE WHEN w.id %% 10 = 0 THEN %(much)s ELSE 1000 END, 1
  FROM loyalty_wallet w WHERE w.programme_id = %(programme)s
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Night:
    """One job: how many rows it went over, and how long it took, in seconds."""

    what: str
    rows: int
    seconds: float


def run_nights(shop: Shop) -> list[Night]:
    """Give every wallet of the shop a lot that ran out, then let the jobs of the night run. The tiers come last:
    what is counted towards them is made up, and no proof would let it pass.
    """
    now = datetime.now(UTC)
    earned = now - timedelta(days=2)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _FILL.format(
                programme=shop.programme_id, points=POINTS, earned=earned, ends=now - timedelta(days=1)
            )
        )
        cursor.execute("SELECT count(*) FROM loyalty_wallet")
        (wallets,) = cursor.fetchone()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    nights = [
        Night("expiry", *_timed(lambda: book_expired_lots(until=now, now=now, hands=2))),
        Night("seal of a day", *_timed(lambda: _seal(shop, earned))),
        Night("verify_ledger, wallets", wallets, _timed(lambda: _prove(now))[1]),
    ]
    _let_spend(shop, now)
    lifted, seconds = _timed(lambda: review_tiers(now=now, hands=2))
    return [*nights, Night(f"tier review, {lifted:,} lifted, wallets", wallets, seconds)]


def _let_spend(shop: Shop, now: datetime) -> None:
    """Something on one day of the year for everybody, and enough for a step up for each tenth."""
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, {"today": now.date(), "much": SILVER_MINOR, "programme": shop.programme_id})
        cursor.execute("VACUUM ANALYZE loyalty_tierday")


def _timed(job: Callable[[], int]) -> tuple[int, float]:
    begun = time.perf_counter()
    rows = job()
    return rows, time.perf_counter() - begun


def _seal(shop: Shop, at: datetime) -> int:
    day = at.date()
    if not seal_day(shop.programme_id, day, now=datetime.now(UTC)):
        raise RuntimeError(f"{day} was sealed before")
    return Seal.objects.get(programme_id=shop.programme_id, sealed_on=day).entries


def _prove(now: datetime) -> int:
    if differences := verify_ledger(now=now):
        raise RuntimeError(f"the ledger does not add up: {differences[:3]}")
    return 0
