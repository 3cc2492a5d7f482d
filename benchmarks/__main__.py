"""`make bench`: prints the table of ratios. `ARGS="commit lookup"` measures those alone."""

import os
import subprocess
import sys
from collections.abc import Callable

import django

from benchmarks.doors import Row, Side, compare
from benchmarks.servers import database, shape, web

MEMBERS = 2_000


def main() -> None:
    """Start the servers, measure, print."""
    wanted = set(sys.argv[1:])
    with database() as postgres:
        os.environ["DATABASE_URL"] = postgres.url()
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], check=True)
        django.setup()
        from benchmarks import shop as shops  # noqa: PLC0415 - models can be imported only after setup

        shop = shops.open_shop(MEMBERS)
        url = postgres.url()
        with (
            web("config.wsgi:application", url) as product,
            web("benchmarks.floor_wsgi:application", url) as floor,
        ):
            floor_commit = Side(floor, lambda: shops.floor_commits(shop))
            floor_balance = Side(floor, lambda: shops.floor_balances(shop))
            commit = Side(product, lambda: shops.commits(shop))
            measures: dict[str, Callable[[], Row]] = {
                "commit": lambda: compare(
                    "checkout/commit, 5 lines, 2 of 10 rules", commit, floor_commit, target=0.35
                ),
                "quote": lambda: compare(
                    "checkout/quote (beside commit)",
                    Side(product, lambda: shops.quotes(shop)),
                    commit,
                    target=1.5,
                ),
                "lookup": lambda: compare(
                    "till/lookup", Side(product, lambda: shops.lookups(shop)), floor_balance, target=0.35
                ),
                "wallet": lambda: compare(
                    "/me/wallet", Side(product, lambda: shops.wallets(shop)), floor_balance, target=0.6
                ),
                "hot": lambda: compare(
                    "50 tills on one member (beside commit)",
                    Side(product, lambda: shops.commits(shop, is_hot=True), clients=50),
                    commit,
                    target=0.7,
                ),
                "batch": lambda: compare(
                    "orders/batch of 500, orders (beside commit)",
                    Side(product, lambda: shops.batches(shop, 500), clients=2, orders_each=500),
                    commit,
                    target=3,
                ),
            }
            print(shape())
            print(HEAD)
            for name, measure in measures.items():
                if not wanted or name in wanted:
                    print(_line(measure()), flush=True)


HEAD = (
    "| door | per second | p50 ms | p95 ms | p99 ms | floor per second | floor p99 ms | ratio | target |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def _line(row: Row) -> str:
    target = "" if row.target is None else f"{row.target:g}"
    return (
        f"| {row.what} | {row.per_second:,.0f} | {row.p50_ms:.1f} | {row.p95_ms:.1f} | {row.p99_ms:.1f} "
        f"| {row.floor_per_second:,.0f} | {row.floor_p99_ms:.1f} | {row.ratio:.2f} | {target} |"
    )


if __name__ == "__main__":
    main()
