"""Sales and returns of the Online Retail format reckoned a second time, from the file: csv and whole pence alone.

10 points for each full pound of an invoice; points that never run out. What comes back is taken from the customer's
invoices, the latest first, and an invoice gives up points in proportion to the money that has come back of it in all.
"""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from django.db.models import Sum

from loyalty.models import Entry, Wallet
from members.models import Identity
from omnichannel.models import OrderReturn, ReturnSlip

FEES = {"AMAZONFEE", "BANK CHARGES", "B", "CRUK"}


@dataclass
class Line:
    sku: str
    quantity: int
    pence: int
    left: int


@dataclass
class Invoice:
    """`row`: where it begins in the file."""

    number: str
    moment: str
    customer: str
    row: int
    is_return: bool
    lines: list[Line] = field(default_factory=list)

    def points(self) -> int:
        return sum(line.quantity * line.pence for line in self.lines) // 100 * 10

    def points_taken(self) -> int:
        """In all, for what has come back so far."""
        paid = sum(line.quantity * line.pence for line in self.lines)
        back = sum((line.quantity - line.left) * line.pence for line in self.lines)
        return self.points() * back // paid if paid else 0


@dataclass
class Reckoning:
    """Totals, the balance of each customer, and how many pieces of each return were found and how many not."""

    earned: int = 0
    taken: int = 0
    refunded: int = 0
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    found: dict[str, tuple[int, int]] = field(default_factory=dict)
    anonymous: int = 0

    def outcomes(self) -> dict[str, int]:
        named = Counter(
            "returned" if not missing else "partly" if pieces else "unexplained"
            for pieces, missing in self.found.values()
        )
        return dict(named) | ({"anonymous": self.anonymous} if self.anonymous else {})


def reckon(path: Path) -> Reckoning:
    """The whole file, in the order of time."""
    bought: dict[str, list[Invoice]] = defaultdict(list)
    reckoning = Reckoning()
    for invoice in sorted(invoices(path), key=lambda each: (each.moment, each.row)):
        if not invoice.customer:
            reckoning.anonymous += invoice.is_return
        elif invoice.is_return:
            _bring_back(invoice, bought[invoice.customer], reckoning)
        else:
            bought[invoice.customer].append(invoice)
            reckoning.earned += invoice.points()
            reckoning.balances[invoice.customer] += invoice.points()
    return reckoning


def invoices(path: Path) -> Iterator[Invoice]:
    """Sales and returns apart, even where one number stands for both; without what is no sale of goods."""
    seen: dict[tuple[str, bool], Invoice] = {}
    refused: set[tuple[str, bool]] = set()
    with gzip.open(path, "rt", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            quantity, price = int(row["quantity"]), Decimal(row["unit_price"])
            is_return = row["invoice_no"].startswith("C") or quantity < 0
            if row["stock_code"].upper() in FEES or (not price and not row["customer_id"] and not is_return):
                continue
            key = row["invoice_no"], is_return
            if price < 0 or (price * 100) % 1:
                refused.add(key)
                continue
            start = Invoice(row["invoice_no"], row["invoice_ts"], row["customer_id"], number, is_return)
            invoice = seen.setdefault(key, start)
            invoice.moment = min(invoice.moment, row["invoice_ts"])
            pieces = abs(quantity)
            invoice.lines.append(Line(row["stock_code"], pieces, int(price * 100), pieces))
    yield from (invoice for key, invoice in seen.items() if key not in refused)


def _bring_back(slip: Invoice, bought: list[Invoice], reckoning: Reckoning) -> None:
    before = sum(invoice.points_taken() for invoice in bought)
    found = missing = 0
    for told in slip.lines:
        wanted = told.quantity
        for invoice in sorted(bought, key=lambda each: (each.moment, each.row), reverse=True):
            for line in invoice.lines:
                pieces = min(line.left, wanted) if line.sku == told.sku else 0
                line.left -= pieces
                wanted -= pieces
                found += pieces
                reckoning.refunded += pieces * min(line.pence, told.pence)
        missing += wanted
    taken = sum(invoice.points_taken() for invoice in bought) - before
    reckoning.taken += taken
    reckoning.balances[slip.customer] -= taken
    reckoning.found[slip.number] = found, missing


def assert_returns_agree(path: Path) -> Reckoning:
    """What was imported from the file is what it says, to the piece, the penny and the point."""
    expected = reckon(path)
    slips = ReturnSlip.objects.exclude(outcome="anonymous")
    found = {
        slip.number: tuple(
            sum(piece["quantity"] for piece in slip.pieces if (piece["return_ref"] is None) == is_missing)
            for is_missing in (False, True)
        )
        for slip in slips
    }
    assert found == expected.found
    outcomes = sorted(ReturnSlip.objects.values_list("outcome", flat=True))
    assert {name: len(list(each)) for name, each in groupby(outcomes)} == expected.outcomes()
    assert OrderReturn.objects.aggregate(sum=Sum("refund_minor"))["sum"] == expected.refunded
    assert Entry.objects.filter(kind="earn").aggregate(sum=Sum("points"))["sum"] == expected.earned
    assert Entry.objects.filter(kind="reverse_earn").aggregate(sum=Sum("points"))["sum"] == -expected.taken
    customers = dict(Identity.objects.filter(kind="external").values_list("member_id", "value"))
    balances = {
        customers[member].partition(":")[2]: balance
        for member, balance in Wallet.objects.values_list("member_id", "balance")
    }
    assert balances == dict(expected.balances)
    return expected
