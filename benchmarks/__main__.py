"""`make bench`: prints the table of ratios. `make bench ARGS="commit lookup"` measures those alone."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import django

from benchmarks.doors import Row, Side, compare
from benchmarks.servers import database, shape, web
from config.stack.postgres import Postgres, binaries

if TYPE_CHECKING:
    from benchmarks.shop import Shop

MEMBERS = 2_000
MANY_MEMBERS = 1_000_000
MANY_RULES = 1_000
POINTS = 100_000
HEAD = (
    "| door | per second | p50 ms | p95 ms | p99 ms | beside | per second | p99 ms | ratio | target |\n"
    "|---|---:|---:|---:|---:|---|---:|---:|---:|---:|"
)


def main() -> None:
    """Start the servers, measure, print."""
    wanted = set(sys.argv[1:])
    with database() as postgres:
        os.environ["DATABASE_URL"] = postgres.url()
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        os.environ.setdefault("LOG_LEVEL", "ERROR")
        os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(40))
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], check=True)
        django.setup()
        from benchmarks.shop import open_shop  # noqa: PLC0415 - models can be imported only after setup

        shop, url = open_shop(MEMBERS), postgres.url()
        print(shape())
        print(HEAD)
        with (
            web("config.wsgi:application", url) as product,
            web("benchmarks.floor_wsgi:application", url) as floor,
        ):
            for name, measure in _doors(shop, product, floor):
                if not wanted or name in wanted:
                    print(_line(measure()), flush=True)
        if not wanted or "nights" in wanted:
            _print_nights(shop)
        if not wanted or "codes" in wanted:
            _print_codes(shop)
        if not wanted or "import" in wanted:
            _print_import(shop)
        if not wanted or "back-test" in wanted:
            _print_back_test(shop)
        for name in wanted & _ONLY_WHEN_ASKED.keys():
            _ONLY_WHEN_ASKED[name]()
        if not wanted or "pgbench" in wanted:
            _print_pgbench(postgres)


def _doors(shop: "Shop", product: int, floor: int) -> Iterator[tuple[str, Callable[[], Row]]]:
    """The measures in their order; those that make the shop larger come last."""
    from benchmarks import requests  # noqa: PLC0415 - as above

    commit = Side(product, lambda: requests.commits(shop))
    bare_commit = Side(floor, lambda: requests.floor_commits(shop))
    bare_read = Side(floor, lambda: requests.floor_balances(shop))
    quote = Side(product, lambda: requests.quotes(shop))
    lookup = Side(product, lambda: requests.lookups(shop))
    wallet = Side(product, lambda: requests.wallets(shop))
    hot = Side(product, lambda: requests.commits(shop, is_hot=True), clients=50)
    batch = Side(product, lambda: requests.batches(shop, 500), clients=2, orders_each=500)
    one_statement, one_read = "bare view, same rows, one statement", "bare view, balance read"
    yield "commit", lambda: compare("checkout/commit", commit, bare_commit, beside=one_statement, target=0.35)
    yield "quote", lambda: compare("checkout/quote", quote, commit, beside="commit", target=1.5)
    yield "lookup", lambda: compare("till/lookup", lookup, bare_read, beside=one_read, target=0.35)
    yield "wallet", lambda: compare("/me/wallet", wallet, bare_read, beside=one_read, target=0.6)
    yield "hot", lambda: compare("50 tills on one member", hot, commit, beside="commit", target=0.7)
    yield "batch", lambda: compare("orders/batch of 500, orders", batch, commit, beside="commit", target=3)

    def with_points() -> Row:
        shop.fill(POINTS)
        spend = Side(product, lambda: requests.spends(shop))
        return compare("commit, points spent", spend, commit, beside="commit", target=0.5)

    def holding() -> Row:
        shop.fill(POINTS)
        hold = Side(product, lambda: requests.holds(shop))
        return compare("holds", hold, commit, beside="commit")

    def capturing() -> Row:
        capture = Side(product, lambda: requests.captures(shop))
        return compare("holds/{ref}/capture", capture, commit, beside="commit")

    def returning() -> Row:
        back = Side(product, lambda: requests.returns(shop))
        return compare("orders/{ref}/returns, one line", back, commit, beside="commit")

    def with_many_rules() -> Row:
        shop.have_rules(MANY_RULES)
        return compare("commit, 1,000 rules", commit, bare_commit, beside=one_statement, target=0.5 * 0.35)

    def with_many_members() -> Row:
        shop.grow(MANY_MEMBERS)
        return compare(
            "commit, 1,000,000 members", commit, bare_commit, beside=one_statement, target=0.35 / 1.2
        )

    yield "spend", with_points
    yield "reserve", lambda: _reserving(shop, product, commit)
    yield "redeem", lambda: _redeeming(shop, product, commit)
    yield "hold", holding
    yield "capture", capturing
    yield "return", returning
    yield "rules", with_many_rules
    yield "voucher", lambda: _using_vouchers(shop, product, commit)
    yield "members", with_many_members


def _using_vouchers(shop: "Shop", product: int, commit: Side) -> Row:
    from benchmarks.vouchers import commits_with_voucher  # noqa: PLC0415 - as above

    shop.fill(POINTS)
    shop.have_rules(MANY_RULES)
    used = Side(product, lambda: commits_with_voucher(shop))
    return compare("commit, a voucher and points", used, commit, beside="commit, 1,000 rules", target=0.5)


def _reserving(shop: "Shop", product: int, commit: Side) -> Row:
    from benchmarks.vouchers import reservations  # noqa: PLC0415 - as above

    kept = Side(product, lambda: reservations(shop))
    return compare("vouchers/{code}/reserve", kept, commit, beside="commit")


def _redeeming(shop: "Shop", product: int, commit: Side) -> Row:
    from benchmarks.rewards import redemptions  # noqa: PLC0415 - as above

    shop.fill(POINTS)
    return compare(
        "redemptions, a voucher", Side(product, lambda: redemptions(shop)), commit, beside="commit"
    )


def _print_nights(shop: "Shop") -> None:
    from benchmarks.nights import run_nights  # noqa: PLC0415 - as above

    shop.grow(MANY_MEMBERS)
    for night in run_nights(shop):
        print(
            f"| {night.what}: {night.rows:,} in {night.seconds:.1f} s | {night.rows / night.seconds:,.0f} "
            "| | | | | | | | 60 s for a million |"
        )


def _print_codes(shop: "Shop") -> None:
    from benchmarks.vouchers import measure_codes  # noqa: PLC0415 - as above

    for line in measure_codes(shop):
        print(line, flush=True)


def _print_import(shop: "Shop") -> None:
    from benchmarks.imports import compare_imports  # noqa: PLC0415 - as above

    taken = compare_imports(shop)
    print(
        f"| import_orders, orders | {taken.orders_per_second:,.0f} | | | | COPY and set-based posting "
        f"| {taken.floor_per_second:,.0f} | | {taken.ratio:.2f} | 0.5 |"
    )


def _print_back_test(shop: "Shop") -> None:
    from benchmarks.back_tests import WANTED_PER_SECOND, measure_back_test  # noqa: PLC0415 - as above

    settled = measure_back_test(shop)
    print(
        f"| back-test, purchases | {settled:,.0f} | | | | 100,000 a minute | {WANTED_PER_SECOND:,.0f} "
        f"| | {settled / WANTED_PER_SECOND:.2f} | 1 |"
    )


def _print_duplicates(members: int) -> None:
    """It makes members of its own."""
    from benchmarks.duplicates import compare_duplicates  # noqa: PLC0415 - as above

    print(compare_duplicates(members), flush=True)


def _print_member_import(rows: int) -> None:
    """A quarter of an hour, and members of its own."""
    from benchmarks.member_imports import measure_member_import  # noqa: PLC0415 - as above

    print(measure_member_import(rows), flush=True)


_ONLY_WHEN_ASKED: dict[str, Callable[[], None]] = {
    "duplicates": lambda: _print_duplicates(POINTS),
    "million-duplicates": lambda: _print_duplicates(MANY_MEMBERS),
    "million-members": lambda: _print_member_import(MANY_MEMBERS),
}


def _print_pgbench(postgres: Postgres) -> None:
    """The server's own yardstick: TPC-B-like, 16 clients, ten seconds."""
    command = [
        str(binaries() / "pgbench"),
        "-h",
        str(postgres.sockets),
        "-p",
        str(postgres.port),
        "-U",
        "regulars",
    ]
    subprocess.run([*command, "-i", "-q", "-s", "10", "regulars"], check=True, capture_output=True)
    told = subprocess.run(
        [*command, "-c", "16", "-j", "2", "-T", "10", "-M", "prepared", "regulars"],
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"tps = ([\d.]+)", told.stdout)
    print(f"| pgbench, TPC-B-like | {float(found[1]) if found else 0:,.0f} | | | | | | | | |")


def _line(row: Row) -> str:
    target = "" if row.target is None else f"{row.target:.2g}"
    return (
        f"| {row.what} | {row.per_second:,.0f} | {row.p50_ms:.1f} | {row.p95_ms:.1f} | {row.p99_ms:.1f} "
        f"| {row.beside} | {row.floor_per_second:,.0f} | {row.floor_p99_ms:.1f} | {row.ratio:.2f} | {target} |"
    )


if __name__ == "__main__":
    main()
