"""The shipped sample reckoned a second time, straight from its files: csv and Decimal alone, nothing of our rules."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.db.models import Count, Sum

from loyalty.models import Entry, TierStanding
from loyalty.rules.definition import Multiplier, PerStep, RuleDefinition, TierIs
from loyalty.services.programmes import TermsDraft, TierDraft, declare_programme
from loyalty.services.rules import publish_rule
from loyalty.services.verification import verify_ledger
from omnichannel.models import OrderLine, UnclaimedOrder
from omnichannel.services.places import open_programme

SAMPLE = Path(__file__).parents[2] / "campaigns" / "demo" / "sample"
PROGRAMME = "sample"
LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)
LADDER = {"member": (0, 100), "silver": (50_000, 125), "gold": (150_000, 150), "platinum": (350_000, 200)}
"""Tier -> spend in a rolling year that reaches it (cents), and percent of the base points it earns."""

CENT = Decimal("0.01")


@dataclass
class Basket:
    household: str
    day: date
    cents: int = 0


@dataclass
class Shopper:
    """What the second reckoning knows of a household: spend by day, and until when each tier is held."""

    spent: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    held_until: dict[str, date] = field(default_factory=dict)
    base: int = 0
    bonus: int = 0

    def buy(self, basket: Basket) -> None:
        percent = max(LADDER[tier][1] for tier in ["member", *self._held(basket.day)])
        points = basket.cents // 100 * 10
        self.base += points
        self.bonus += points * (percent - 100) // 100
        self.spent[basket.day] += basket.cents
        window = sum(cents for day, cents in self.spent.items() if 0 <= (basket.day - day).days < 365)
        for tier, (threshold, _) in LADDER.items():
            if window >= threshold > 0:
                self.held_until[tier] = basket.day + timedelta(days=365)

    def _held(self, on: date) -> list[str]:
        return [tier for tier, until in self.held_until.items() if on < until]


def baskets() -> Iterator[Basket]:
    """The sample's baskets as they were paid, in the order of the file, which is that of time."""
    paid: dict[str, Decimal] = defaultdict(Decimal)
    seen: dict[str, Basket] = {}
    with gzip.open(SAMPLE / "transactions.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            paid[row["basket_id"]] += Decimal(row["sales_value"]) - Decimal(row["coupon_disc"])
            seen.setdefault(
                row["basket_id"],
                Basket(row["household_id"], date.fromisoformat(row["transaction_timestamp"][:10])),
            )
    for number, basket in seen.items():
        assert paid[number] % CENT == 0
        basket.cents = max(int(paid[number] / CENT), 0)
        yield basket


def open_grocer() -> None:
    """A programme with the base rule and tiers that earn more, to take the sample."""
    programme = open_programme(
        code=PROGRAMME, name="Sample", timezone="America/New_York", currency="USD", region="US"
    )
    ladder = [
        TierDraft(code=code, name=code.title(), threshold_minor=cents) for code, (cents, _) in LADDER.items()
    ]
    declare_programme(programme.pk, terms=TermsDraft(expiry_days=None), ladder=ladder, now=datetime.now(UTC))
    rules = {"base": RuleDefinition(effect=PerStep(points=10, step_minor=100))} | {
        code: RuleDefinition(effect=Multiplier(percent=percent), conditions=[TierIs(tiers=[code])])
        for code, (_, percent) in LADDER.items()
        if percent > 100
    }
    for code, definition in rules.items():
        publish_rule(
            programme_id=programme.pk,
            code=code,
            name=code,
            definition=definition,
            live_from=LONG_AGO,
            made_by="test",
            now=LONG_AGO,
        )


def assert_books_agree() -> None:
    """The whole sample is in the books, to the point and the cent, and the ledger proves itself."""
    shoppers: dict[str, Shopper] = defaultdict(Shopper)
    strangers = 0
    for basket in baskets():
        if basket.household:
            shoppers[basket.household].buy(basket)
        else:
            strangers += 1

    paid = sum(sum(shopper.spent.values()) for shopper in shoppers.values())
    assert OrderLine.objects.aggregate(paid=Sum("paid_minor"))["paid"] == paid
    assert UnclaimedOrder.objects.count() == strangers
    assert _points("earn") == sum(shopper.base for shopper in shoppers.values())
    assert _points("bonus") == sum(shopper.bonus for shopper in shoppers.values())
    reached = dict(TierStanding.objects.values_list("tier__code").annotate(Count("id")))
    assert reached == {
        tier: sum(tier in shopper.held_until for shopper in shoppers.values())
        for tier in ("silver", "gold", "platinum")
    }
    assert list(verify_ledger(now=datetime.now(UTC))) == []


def _points(kind: str) -> int:
    return int(Entry.objects.filter(kind=kind).aggregate(points=Sum("points"))["points"])
