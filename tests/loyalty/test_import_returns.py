"""A history's returns: each is put to the member's purchases as of its own moment, with an outcome that is kept."""

import csv
import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from config.outbox.models import Event
from loyalty.models import Entry, ProgrammeTerms, TierStanding, Wallet
from loyalty.rules.definition import PerStep, RuleDefinition
from loyalty.services.import_report import Report, Tally
from loyalty.services.importing import import_feeds
from loyalty.services.rules import publish_rule
from loyalty.services.verification import verify_ledger
from omnichannel.models import Order, OrderReturn, ReturnSlip
from tests.loyalty.conftest import LONG_AGO, Shop
from tests.loyalty.test_importing import Refused
from tests.loyalty.test_return_slips import bring
from tests.stories.reckoning_returns import assert_returns_agree

pytestmark = pytest.mark.django_db

HEADER = "place,number,placed_at,member_external,sku,quantity,unit_price\n"
Take = Callable[..., Tally]
EXCERPT = Path(__file__).with_name("online_retail.csv")


@pytest.fixture
def take(shop: Shop, tmp_path: Path) -> Take:
    """Imports rows, each a text of `number,moment,member,sku,quantity,price`, or a file."""

    def take_rows(*rows: str, path: Path | None = None) -> Tally:
        if path is None:
            path = tmp_path / "orders.csv"
            path.write_text(HEADER + "".join(f"{shop.place.code},{row}\n" for row in rows))
        report = Report(refusals=Refused(), watch=lambda *_: None)
        import_feeds(
            [path], programme_code=shop.programme.code, report=report, clock=lambda: datetime.now(UTC)
        )
        assert verify_ledger(now=datetime.now(UTC)) == []
        return report.tally

    return take_rows


def test_what_came_back_is_undone_as_of_its_moment_and_nobody_is_told(take: Take) -> None:
    tally = take(
        "R1,2025-03-01 10:00,crm:1,TEA,2,45.00",
        "R2,2025-03-02 10:00,crm:1,TEA,1,40.00",
        "B1,2025-03-09 10:00,crm:1,TEA,-2,45.00",
    )

    assert (tally.returns_booked, tally.returns_partly, tally.points_taken) == (1, 0, 400 + 450)
    slip, orders = ReturnSlip.objects.get(), Order.objects.in_bulk(field_name="pk").values()
    states = {order.number: order.state for order in orders}
    assert (slip.outcome, states) == ("returned", {"R1": "partially_returned", "R2": "returned"})
    refs = {order.ref: order.number for order in orders}
    assert [(refs[piece["order_ref"]], piece["quantity"]) for piece in slip.pieces] == [("R2", 1), ("R1", 1)]
    assert sorted(OrderReturn.objects.values_list("refund_minor", flat=True)) == [4_000, 4_500]
    undone = Entry.objects.filter(kind="reverse_earn")
    assert {entry.happened_at for entry in undone} == {datetime(2025, 3, 9, 14, tzinfo=UTC)}
    assert Wallet.objects.get().balance == 450
    assert not Event.objects.filter(name="loyalty.purchase_returned").exists()


def test_the_order_of_time_is_kept_in_one_file(take: Take) -> None:
    """Who brought everything back before buying more never spent enough for silver (100.00) at once."""
    take(
        "R1,2025-03-01 10:00,crm:1,TEA,1,90.00",
        "R2,2025-03-20 10:00,crm:1,TEA,1,50.00",
        "B1,2025-03-09 10:00,crm:1,TEA,-1,90.00",
        "R3,2025-03-01 10:00,crm:2,TEA,1,90.00",
        "R4,2025-03-20 10:00,crm:2,TEA,1,50.00",
        "B2,2025-03-21 10:00,crm:2,TEA,-1,50.00",
    )

    standings = TierStanding.objects.all()
    silver = Order.objects.get(number="R4").member_id
    assert [(one.member_id, one.tier.code) for one in standings] == [(silver, "silver")]


def test_each_line_has_a_clear_outcome(take: Take) -> None:
    tally = take(
        "R1,2025-03-01 10:00,crm:1,TEA,2,45.00",
        "B1,2025-02-01 10:00,crm:1,TEA,-1,45.00",
        "B2,2025-03-09 10:00,crm:1,TEA,-3,45.00",
        "B2,2025-03-09 10:00,crm:1,CAKE,-1,5.00",
        "B3,2025-03-10 10:00,,TEA,-1,45.00",
    )

    assert (tally.returns_booked, tally.returns_partly) == (1, 1)
    assert (tally.returns_unexplained, tally.returns_anonymous) == (1, 1)
    slips = {slip.number: slip for slip in ReturnSlip.objects.all()}
    assert {number: slip.outcome for number, slip in slips.items()} == {
        "B1": "unexplained",
        "B2": "partly",
        "B3": "anonymous",
    }
    pieces = [(one["line"], one["quantity"], one["order_ref"] is None) for one in slips["B2"].pieces]
    assert pieces == [(0, 2, False), (0, 1, True), (1, 1, True)]


def test_a_history_taken_twice_brings_goods_back_once(take: Take) -> None:
    rows = ["R1,2025-03-01 10:00,crm:1,TEA,2,45.00", "B1,2025-03-09 10:00,crm:1,TEA,-1,45.00"]
    take(*rows)
    before = Entry.objects.count()

    tally = take(*rows)

    assert (tally.returns_known, tally.returns_booked, tally.points_taken) == (1, 0, 0)
    assert (OrderReturn.objects.count(), Entry.objects.count()) == (1, before)


def test_slips_that_were_kept_before_are_put_to_their_purchases_by_the_next_import(take: Take) -> None:
    """So after an upgrade, and after an import that was killed between keeping a slip and booking it."""
    rows = ["R1,2025-03-01 10:00,crm:1,TEA,2,45.00", "B1,2025-03-09 10:00,crm:1,TEA,-1,45.00"]
    take(rows[0])
    order = Order.objects.get()
    line = {"sku": "TEA", "name": "", "quantity": 1, "total_minor": 4_500}
    ReturnSlip.objects.create(
        place_id=order.place_id,
        number="B1",
        member_id=order.member_id,
        placed_at=order.placed_at + timedelta(days=8),
        recorded_at=order.recorded_at,
        currency="USD",
        total_minor=4_500,
        lines=[line],
    )

    assert take(rows[0]).returns_booked == 1
    assert take(*rows).returns_known == 1
    assert Wallet.objects.get().balance == 450


def test_a_return_that_a_till_told_already_counts_once(take: Take, shop: Shop) -> None:
    take("R1,2025-03-01 10:00,crm:1,TEA,2,45.00")
    told = bring(shop, None, ("TEA", 1), number="B1", member={"external": {"source": "crm", "id": "1"}})
    assert told.status_code == 201

    tally = take("B1,2025-03-09 10:00,crm:1,TEA,-1,45.00")

    assert (tally.returns_known, OrderReturn.objects.count()) == (1, 1)


def test_points_that_ran_out_since_are_taken_as_they_lay_then(take: Take, shop: Shop) -> None:
    ProgrammeTerms.objects.filter(programme=shop.programme).update(expiry_days=10)
    tally = take(
        "R1,2025-03-01 10:00,crm:1,TEA,1,45.00",
        "B1,2025-03-09 10:00,crm:1,TEA,-1,45.00",
        "R2,2025-03-01 10:00,crm:2,TEA,1,45.00",
        "B2,2025-03-19 10:00,crm:2,TEA,-1,45.00",
    )

    assert tally.points_taken == 450
    taken = Entry.objects.get(kind="reverse_earn")
    assert taken.order_ref == Order.objects.get(number="R1").ref


@pytest.mark.parametrize("policy", ["clamp", "debt", "refuse"])
def test_what_happened_long_ago_cannot_be_refused(take: Take, shop: Shop, policy: str) -> None:
    ProgrammeTerms.objects.filter(programme=shop.programme).update(when_spent=policy, expiry_days=None)
    take("R1,2025-03-01 10:00,crm:1,TEA,1,45.00")
    body = {"receipt_number": "S1", "member": {"external": {"source": "crm", "id": "1"}}, "spend_points": 450}
    paid = shop.commit({**body, "lines": [{"sku": "CUP", "quantity": 1, "unit_price_minor": 45}]})
    assert paid.status_code == 201

    tally = take("B1,2025-03-09 10:00,crm:1,TEA,-1,45.00")

    assert (tally.returns_booked, Wallet.objects.get().debt) == (1, 450 if policy == "debt" else 0)


def test_a_whole_history_agrees_with_pencil_and_paper(take: Take, tmp_path: Path) -> None:
    """Two hundred customers buy and bring back at random, in the columns of the Online Retail data."""
    path = tmp_path / "transactions.csv.gz"
    write_history(path, Random(20241201))

    tally = take(path=path)

    agreed = assert_returns_agree(path)
    assert (tally.points_earned, tally.points_taken) == (agreed.earned, agreed.taken)
    assert set(agreed.outcomes()) == {"returned", "partly", "unexplained", "anonymous"}


def test_every_real_cancellation_has_an_outcome_though_its_sale_is_not_in_the_file(
    take: Take, shop: Shop, tmp_path: Path
) -> None:
    """Customers of a British wholesaler whose cancellations are many, some of sales before the first row."""
    publish_rule(
        programme_id=shop.programme.pk,
        code="early",
        name="Early",
        definition=RuleDefinition(effect=PerStep(points=10, step_minor=100)),
        live_from=datetime(2010, 1, 1, tzinfo=UTC),
        live_until=LONG_AGO,
        made_by="test",
        now=LONG_AGO,
    )
    path = tmp_path / "transactions.csv.gz"
    _, *rows = EXCERPT.read_text().splitlines(keepends=True)
    with gzip.open(path, "wt") as file:
        file.writelines(rows)

    tally = take(path=path)

    agreed = assert_returns_agree(path)
    assert (tally.points_earned, tally.points_taken) == (agreed.earned, agreed.taken)
    cancelled = {
        row["invoice_no"]: row["stock_code"] for row in csv.DictReader(rows) if row["invoice_no"][0] == "C"
    }
    kept = {slip.number for slip in ReturnSlip.objects.all()}
    assert {cancelled[number] for number in cancelled.keys() - kept} == {"AMAZONFEE", "BANK CHARGES"}
    assert set(agreed.outcomes()) == {"returned", "partly", "unexplained", "anonymous"}


def write_history(path: Path, chance: Random) -> None:
    """Invoices of 40 days with up to four lines; a third of them are cancellations."""
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["invoice_no", "stock_code", "description", "quantity", "invoice_ts", "unit_price", "customer_id"]
        )
        for number in range(1_500):
            customer = str(chance.randint(1, 200)) if chance.random() < 0.9 else ""
            is_back = chance.random() < 0.33
            moment = datetime(2024, 12, 1, 8, tzinfo=UTC) + timedelta(minutes=number * 38)
            for _ in range(chance.randint(1, 4)):
                pieces, pence = chance.randint(1, 12), chance.choice([85, 125, 255, 295, 1_275])
                sku = f"P{chance.randint(1, 6)}"
                price = f"{pence // 100}.{pence % 100:02}"
                writer.writerow(
                    [
                        f"{'C' if is_back else ''}{500_000 + number}",
                        sku,
                        "TEA",
                        -pieces if is_back else pieces,
                        moment,
                        price,
                        customer,
                    ]
                )
