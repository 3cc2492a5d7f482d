"""Cuts the sample out of the Complete Journey data: `python -m campaigns.demo.cut_sample FOLDER`.

FOLDER holds `transactions.csv.gz`, `products.csv.gz`, `coupons.csv.gz` and `coupon_redemptions.csv.gz` in the columns
of the package `completejourney`. The same input gives the same files, byte for byte.
"""

import csv
import gzip
import hashlib
import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from campaigns.demo.people import person_of
from campaigns.demo.words import readable, without_rest

MEMBERS = 150
STRANGERS = 4
"""Households whose purchases come without a name."""

SAMPLE = Path(__file__).parent / "sample"
STREETS = ("Maple", "Harbour", "Orchard", "Mill", "Station", "Willow", "Market", "Chapel", "Bridge", "Meadow")
WAYS = ("Street", "Lane", "Square", "Road", "Corner", "Row", "Hill", "Walk")

Row = dict[str, str]


def main(folder: Path) -> None:
    """Write the sample's files."""
    households = _chosen({row["household_id"] for row in _rows(folder / "transactions.csv.gz")})
    members, strangers = households[:MEMBERS], set(households[MEMBERS:])
    wanted = set(households)
    sales = [row for row in _rows(folder / "transactions.csv.gz") if row["household_id"] in wanted]
    for row in sales:
        row.pop("week")
        if row["household_id"] in strangers:
            row["household_id"] = ""
    sold = {row["product_id"] for row in sales}
    redeemed = [row for row in _rows(folder / "coupon_redemptions.csv.gz") if row["household_id"] in members]
    used = {row["coupon_upc"] for row in redeemed}

    _write("transactions.csv.gz", sales)
    products = (row for row in _rows(folder / "products.csv.gz") if row["product_id"] in sold)
    _write("products.csv.gz", (_on_the_shelf(row) for row in products))
    _write("coupon_redemptions.csv.gz", redeemed)
    _write(
        "coupons.csv.gz",
        (
            row
            for row in _rows(folder / "coupons.csv.gz")
            if row["coupon_upc"] in used and row["product_id"] in sold
        ),
    )
    _write("stores.csv.gz", _stores(sales))
    joined = {row["household_id"]: row["transaction_timestamp"] for row in reversed(sales)}
    _write("members.csv.gz", (person_of(number, who, joined[who]) for number, who in enumerate(members)))


def _chosen(households: Iterable[str]) -> list[str]:
    """Households in an order that has nothing to do with how they buy; the first of it are the sample."""
    by_chance = sorted(households, key=lambda each: hashlib.sha256(f"demo {each}".encode()).digest())
    return by_chance[: MEMBERS + STRANGERS]


def _on_the_shelf(product: Row) -> Row:
    """The product under names that are read by people."""
    named = {name: readable(product[name]) for name in ("department", "product_category")}
    return product | named | {"product_type": without_rest(product["product_type"])}


def _stores(sales: Iterable[Row]) -> Iterator[Row]:
    lines = Counter(row["store_id"] for row in sales)
    for rank, (code, _) in enumerate(lines.most_common()):
        name = f"{STREETS[rank % len(STREETS)]} {WAYS[rank // len(STREETS) % len(WAYS)]}"
        lap = rank // (len(STREETS) * len(WAYS))
        yield {"code": code, "name": f"{name} {lap + 1}" if lap else name, "kind": "store"}
    yield {"code": "web", "name": "Web shop", "kind": "web_shop"}


def _rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _write(name: str, rows: Iterable[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(text, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
    (SAMPLE / name).write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
