"""History: `import_orders` beside COPY and set-based posting of the same file."""

import csv
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from django.core.management import call_command
from django.db import connection, transaction

from benchmarks.shop import Shop, phone_of

LINES = 5
COLUMNS = (
    "place",
    "number",
    "placed_at",
    "member_phone",
    "sku",
    "quantity",
    "unit_price",
    "name",
    "category",
)

_POST = """
CREATE TEMP TABLE told ON COMMIT DROP AS
  SELECT row_number() OVER (ORDER BY min(placed_at), number) AS n, number, min(placed_at) AS at, min(phone) AS phone,
    sum((price * 100)::bigint * quantity)::bigint AS minor FROM staged GROUP BY number;
CREATE TEMP TABLE who ON COMMIT DROP AS
  SELECT t.*, i.member_id, w.id AS wallet_id, w.seq, w.balance, minor / 100 * 10 AS points,
    nextval('omnichannel_order_id_seq') AS order_id, nextval('loyalty_lot_id_seq') AS lot_id,
    nextval('loyalty_entry_id_seq') AS entry_id, 'ord_' || left(md5(number), 26) AS ref
  FROM told t JOIN members_identity i ON i.kind = 'phone' AND i.value = t.phone
  JOIN loyalty_wallet w ON w.member_id = i.member_id;
INSERT INTO omnichannel_receipt (place_id, till_id, number, fingerprint, order_ref, member_id)
  SELECT {place}, NULL, number, sha256(number::bytea), ref, member_id FROM who;
INSERT INTO omnichannel_order (id, ref, member_id, programme_id, place_id, number, source, state, placed_at,
    recorded_at, currency, subtotal_minor, discount_minor, tax_minor, total_minor, payments, fulfilment)
  SELECT order_id, ref, member_id, {programme}, {place}, number, 'import', 'completed', at, now(), 'USD', minor, 0,
    0, minor, '[]', 'counter' FROM who;
INSERT INTO omnichannel_orderline (order_id, member_id, position, sku, name, category, department, brand, quantity,
    unit_price_minor, discount_minor, tax_minor, paid_minor)
  SELECT w.order_id, w.member_id, s.position % 32000, s.sku, s.name, s.category, '', '', s.quantity,
    (s.price * 100)::bigint, 0, 0, (s.price * 100)::bigint * s.quantity FROM staged s JOIN who w USING (number);
INSERT INTO loyalty_lot (id, wallet_id, member_id, order_ref, available_from, expires_at, credited, remaining)
  SELECT lot_id, wallet_id, member_id, ref, at, at + interval '365 days', points, points FROM who WHERE points > 0;
INSERT INTO loyalty_entry (id, wallet_id, member_id, programme_id, seq, kind, points, balance_after, cause, order_ref,
    actor, reason, happened_at, recorded_at)
  SELECT entry_id, wallet_id, member_id, {programme}, seq + row_number() OVER one, 'earn', points,
    balance + sum(points) OVER one, 'earn:' || ref, ref, 'import', '10 points for each full 1.00 USD paid', at, now()
  FROM who WHERE points > 0 WINDOW one AS (PARTITION BY wallet_id ORDER BY n);
INSERT INTO loyalty_lotmove (entry_id, lot_id, member_id, points)
  SELECT entry_id, lot_id, member_id, points FROM who WHERE points > 0;
INSERT INTO loyalty_tierday (wallet_id, member_id, spent_on, qualifying_minor)
  SELECT wallet_id, member_id, at::date, sum(minor) FROM who GROUP BY 1, 2, 3
  ON CONFLICT (wallet_id, spent_on, member_id)
  DO UPDATE SET qualifying_minor = loyalty_tierday.qualifying_minor + excluded.qualifying_minor;
INSERT INTO loyalty_settlement (order_ref, wallet_id, member_id, points_earned, points_spent, points_paid_minor,
    qualifying_minor, answer)
  SELECT ref, wallet_id, member_id, points, 0, 0, minor, repeat('x', 900) FROM who;
UPDATE loyalty_wallet w SET seq = w.seq + s.entries, balance = w.balance + s.points, spendable = w.spendable + s.points
  FROM (SELECT wallet_id, count(*) AS entries, sum(points) AS points FROM who WHERE points > 0 GROUP BY 1) s
  WHERE w.id = s.wallet_id;
"""


@dataclass(frozen=True)
class Imported:
    """Orders per second of both, and the ratio; medians of the rounds."""

    orders_per_second: float
    floor_per_second: float
    ratio: float


def compare_imports(shop: Shop, *, orders: int = 10_000, rounds: int = 3) -> Imported:
    """Both take files of so many orders of five lines each, in turns."""
    ours, floors = [], []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(rounds):
            floor_file = write_orders(Path(folder) / "floor.csv", f"F{turn}", shop, orders)
            begun = time.perf_counter()
            _post_set_based(floor_file, shop)
            floors.append(orders / (time.perf_counter() - begun))
            our_file = write_orders(Path(folder) / "orders.csv", f"P{turn}", shop, orders)
            begun = time.perf_counter()
            with open(Path(folder) / "said", "w") as said:
                call_command("import_orders", str(our_file), programme="bench", stdout=said, stderr=said)
            ours.append(orders / (time.perf_counter() - begun))
    return Imported(median(ours), median(floors), median(a / b for a, b in zip(ours, floors, strict=True)))


def write_orders(path: Path, series: str, shop: Shop, orders: int) -> Path:
    """A file of so many orders, each of five lines."""
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number in range(orders):
            at = (start + timedelta(minutes=number)).isoformat()
            phone = phone_of(shop.turn(number))
            for line in range(LINES):
                rows.writerow(
                    ["S1", f"{series}-{number}", at, phone, f"SKU-{line}", 1, "5.00", "A thing", "grocery"]
                )
    return path


def _post_set_based(path: Path, shop: Shop) -> None:
    """The floor: COPY, then one posting in SQL for all of it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE staged (place text, number text, placed_at timestamptz, phone text, sku text,"
            " quantity int, price numeric, name text, category text, position serial) ON COMMIT DROP"
        )
        columns = "place, number, placed_at, phone, sku, quantity, price, name, category"
        with cursor.copy(f"COPY staged ({columns}) FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write(path.read_bytes())
        cursor.execute(_POST.format(place=shop.place_id, programme=shop.programme_id))
