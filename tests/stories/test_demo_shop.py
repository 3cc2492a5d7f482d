"""The demo shop, and with it the shipped sample: its points are reckoned here a second time, straight from the files.

This reckoning shares nothing with our rules: csv and Decimal alone.
"""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count, Sum
from django.test import Client

from campaigns.demo.offers import NOBODY_LIKES
from campaigns.demo.shop import PROMOTED_DEPARTMENT
from campaigns.demo.words import readable
from campaigns.models import Campaign, CampaignRun, Segment
from config.outbox.models import Delivery
from loyalty.models import Entry, TierStanding
from loyalty.rules.definition import Multiplier, PerStep, RuleDefinition, TierIs
from loyalty.services.import_report import Report
from loyalty.services.importing import import_feeds
from loyalty.services.programmes import TermsDraft, TierDraft, declare_programme
from loyalty.services.rules import publish_rule
from loyalty.services.verification import verify_ledger
from members.models import Identity, Member
from omnichannel.models import Order, OrderLine, UnclaimedOrder
from omnichannel.services.places import open_programme

SAMPLE = Path(__file__).parents[2] / "campaigns" / "demo" / "sample"
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


@pytest.fixture
def grocer(db: None) -> int:
    """A programme with the base rule and tiers that earn more, and the whole sample in it."""
    programme = open_programme(
        code="sample", name="Sample", timezone="America/New_York", currency="USD", region="US"
    )
    ladder = [
        TierDraft(code=code, name=code.title(), threshold_minor=cents) for code, (cents, _) in LADDER.items()
    ]
    declare_programme(programme.pk, terms=TermsDraft(expiry_days=None), ladder=ladder)
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
    assert _import_sample().orders_refused == 0
    return programme.pk


def _import_sample() -> Any:
    report = Report(refusals=_Nobody(), watch=lambda *_: None)
    names = ("transactions", "products", "stores", "members")
    import_feeds(
        [SAMPLE / f"{name}.csv.gz" for name in names],
        programme_code="sample",
        report=report,
        clock=lambda: datetime.now(UTC),
    )
    return report.tally


class _Nobody:
    def add(self, file: str, row: int, reason: str, raw: Any) -> None:
        raise AssertionError(f"{file} {row}: {reason} {raw}")


def test_points_of_the_sample_are_those_of_a_second_reckoning(grocer: int) -> None:
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

    before = (Order.objects.count(), Entry.objects.count(), Member.objects.count())
    again = _import_sample()
    assert (again.orders_booked, again.orders_anonymous, again.points_earned) == (0, 0, 0)
    assert (Order.objects.count(), Entry.objects.count(), Member.objects.count()) == before


def _points(kind: str) -> int:
    return int(Entry.objects.filter(kind=kind).aggregate(points=Sum("points"))["points"])


@pytest.mark.django_db(transaction=True)
def test_the_demo_shop_opens_once_and_goes_on_after_a_crash(tmp_path: Path) -> None:
    notes = tmp_path / "demo.json"
    call_command("load_demo", notes=notes)
    noted = json.loads(notes.read_text())
    orders = Order.objects.count()
    welcomes = Entry.objects.filter(cause="welcome")
    assert set(welcomes.values_list("seq", flat=True)) == {1}, "who was welcomed after buying looks odd"
    assert welcomes.count() == Member.objects.count() == 150
    assert not Delivery.objects.exists(), "something would still arrive after the shop is open"

    call_command("load_demo", notes=notes)
    assert json.loads(notes.read_text()) == noted

    notes.write_text(json.dumps({"history_until": noted["history_until"]}))
    call_command("load_demo", notes=notes)

    renewed = json.loads(notes.read_text())
    assert renewed["till_key"] != noted["till_key"]
    assert renewed["demo_member"] == noted["demo_member"]
    assert Order.objects.count() >= orders
    assert verify_ledger(now=datetime.now(UTC)) == []
    assert (Campaign.objects.count(), CampaignRun.objects.count(), Segment.objects.count()) == (2, 1, 5)
    _tell_till(noted["till_key"], noted["demo_member"], status=401)
    _tell_till(renewed["till_key"], noted["demo_member"], status=200)


def _tell_till(key: str, member: dict[str, str], *, status: int) -> None:
    answer = Client().post(
        "/api/v1/till/lookup",
        {"member": member},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["wallet"]["tier"]["code"] == "gold"
        assert answer.json()["wallet"]["spendable"] > 1_000


def test_the_catalogue_is_written_for_people() -> None:
    with gzip.open(SAMPLE / "products.csv.gz", "rt", newline="") as file:
        products = list(csv.DictReader(file))
    departments = {product["department"] for product in products}
    categories = {product["product_category"] for product in products}

    assert readable("SNKS/CKYS/CRKR/CNDY") == "Snacks / cookies / crackers / candy"
    assert readable("NON-DAIRY BEVERAGES") == "Non-dairy beverages"
    assert "Soft drinks" in categories
    assert {*NOBODY_LIKES} <= categories
    assert PROMOTED_DEPARTMENT in departments
    assert not [name for name in categories | departments if name and name.upper() == name]
    assert not [name for name in categories | departments if "," in name], (
        "forms read a comma as the next name"
    )


def test_nobody_of_the_demo_exists(db: None) -> None:
    """Phones are of the range kept free for fiction, e-mails of the domain kept free for examples; all are unique."""
    with gzip.open(SAMPLE / "members.csv.gz", "rt", newline="") as file:
        people = list(csv.DictReader(file))

    assert len({person["phone"] for person in people}) == len(people) == 150
    assert all(person["phone"][5:10] == "55501" for person in people)
    assert all(person["email"].endswith("@example.com") for person in people)
    assert Identity.objects.count() == 0
