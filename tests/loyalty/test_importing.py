"""Importing a retailer's files: each order once, with its points, and a reason for whatever was not taken."""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loyalty.models import Entry, Settlement, Wallet
from loyalty.services import importing
from loyalty.services.import_report import Report, Tally
from loyalty.services.importing import import_feeds
from loyalty.services.verification import verify_ledger
from members.models import Identity, Member
from omnichannel.models import Order, OrderLine, Place, Product, Receipt, ReturnSlip, UnclaimedOrder
from tests.loyalty.conftest import Shop

ORDERS = """place,number,placed_at,member_external,sku,quantity,unit_price,discount,name
{place},R1,2025-03-01 10:00,crm:1,TEA,2,45.00,,Iced tea
{place},R2,2025-03-02 10:00,crm:2,TEA,1,45.00,5.00,Iced tea
{place},R1,2025-03-01 10:00,crm:1,CAKE,1,12.50,,Cake
{place},R3,2025-03-03 10:00,,CAKE,3,12.50,,Cake
"""


class Refused:
    """Keeps the rows that were not taken."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, int, str]] = []

    def add(self, file: str, row: int, reason: str, raw: Sequence[str]) -> None:
        self.rows.append((file, row, reason))


Import = Callable[..., tuple[Tally, list[tuple[str, int, str]]]]


@pytest.fixture
def take(shop: Shop, tmp_path: Path) -> Import:
    """Writes texts to files and imports them into the shop's programme."""

    def take_texts(*texts: str, clock: Callable[[], datetime] | None = None, shift_to: date | None = None):  # type: ignore[no-untyped-def]
        paths = []
        for number, text in enumerate(texts):
            paths.append(tmp_path / f"feed-{number}")
            paths[-1].write_text(text.format(place=shop.place.code), encoding="utf-8")
        refused = Refused()
        report = Report(refusals=refused, watch=lambda *_: None)
        import_feeds(
            paths,
            programme_code=shop.programme.code,
            shift_to=shift_to,
            report=report,
            clock=clock or (lambda: datetime.now(UTC)),
        )
        return report.tally, refused.rows

    return take_texts


def counts() -> list[int]:
    tables = (Order, OrderLine, Entry, Settlement, UnclaimedOrder, Receipt, Member, Identity, ReturnSlip)
    return [table.objects.count() for table in tables]


def test_rows_of_one_order_are_booked_together_wherever_they_stand(take: Import, shop: Shop) -> None:
    tally, refused = take(ORDERS)

    assert refused == []
    assert (tally.orders_booked, tally.orders_anonymous, tally.members_new) == (2, 1, 2)
    first = Order.objects.get(number="R1")
    assert first.total_minor == 10_250
    assert [line.sku for line in first.lines.order_by("position")] == ["TEA", "CAKE"]
    assert first.placed_at == datetime(2025, 3, 1, 15, tzinfo=UTC)
    assert tally.points_earned == 1_020 + 400
    assert sorted(Wallet.objects.values_list("balance", flat=True)) == [400, 1_020]


def test_an_import_run_again_changes_nothing(take: Import) -> None:
    take(ORDERS)
    before = counts()

    tally, refused = take(ORDERS)

    assert counts() == before
    assert (tally.orders_known, tally.orders_booked, tally.points_earned, refused) == (3, 0, 0, [])


def test_a_file_given_twice_counts_once(take: Import) -> None:
    tally, _ = take(ORDERS, ORDERS)

    assert (tally.orders_booked, tally.orders_anonymous, tally.orders_known) == (2, 1, 3)


def test_an_import_cut_off_between_chunks_goes_on_where_it_was(
    take: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ORDERS_PER_CHUNK", 1)
    hours = iter([datetime.now(UTC), datetime.now(UTC)])

    with pytest.raises(RuntimeError):
        take(ORDERS, clock=lambda: _next_or_stop(hours))
    assert Receipt.objects.count() == 2

    tally, _ = take(ORDERS)
    assert (tally.orders_known, tally.orders_booked + tally.orders_anonymous) == (2, 1)
    assert Entry.objects.count() == 2


def _next_or_stop(hours: Iterator[datetime]) -> datetime:
    hour = next(hours, None)
    if hour is None:
        raise RuntimeError("the machine went down")
    return hour


def test_a_bad_row_refuses_its_order_and_no_other(take: Import) -> None:
    tally, refused = take(ORDERS.replace("CAKE,1,12.50", "CAKE,1,12.505"))

    assert (tally.orders_booked, tally.orders_anonymous, tally.orders_refused) == (1, 1, 1)
    assert [(row, reason) for _, row, reason in refused] == [
        (4, "12.505 has more decimals than the currency"),
        (2, "a row of the order was refused, or its rows name two members"),
    ]
    assert not Order.objects.filter(number="R1").exists()


def test_an_order_that_names_two_members_is_refused(take: Import) -> None:
    tally, _ = take(ORDERS.replace("crm:1,CAKE", "crm:2,CAKE"))

    assert (tally.orders_booked, tally.orders_refused) == (1, 1)


def test_an_unknown_place_is_refused_where_the_files_should_know_better(take: Import) -> None:
    tally, refused = take(ORDERS.replace("{place},R2", "S-NOWHERE,R2"))

    assert tally.orders_refused == 1
    assert refused[0][2] == "there is no place with the code 'S-NOWHERE'"


def test_what_is_told_with_other_content_is_refused(take: Import) -> None:
    take(ORDERS)

    tally, refused = take(ORDERS.replace("TEA,1,45.00,5.00", "TEA,1,45.00,6.00"))

    assert (tally.orders_known, tally.orders_refused) == (2, 1)
    assert refused[0][2].startswith("receipt_content_differs")


def test_products_stores_and_members_come_along(take: Import, shop: Shop) -> None:
    stores = "code,name,kind\n{place},High street,store\nWEB,Shop,web_shop\n"
    products = "sku,name,category,price\nTEA,Iced tea,drinks,45.00\n"
    members = (
        "external,phone,email,given_name,family_name,consent_email_marketing\n"
        "crm:1,+12125550123,Basil@Example.com,Basil,Teapot,yes\n"
    )

    tally, refused = take(ORDERS, members, products, stores)

    assert refused == []
    assert (tally.places_new, tally.products_new, tally.members_new) == (1, 1, 2)
    assert Place.objects.get(pk=shop.place.pk).name == "High street"
    assert Product.objects.get(sku="TEA").price_minor == 4_500
    basil = Member.objects.get(given_name="Basil")
    assert Order.objects.get(number="R1").member_id == basil.pk
    assert OrderLine.objects.filter(sku="TEA", category="drinks").count() == 2


def test_objects_in_a_packed_file_are_read_exactly(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson.gz"
    row = {"place": shop.place.code, "number": "R1", "placed_at": "2025-03-01T10:00:00Z", "sku": "TEA"}
    text = json.dumps({**row, "quantity": 1}).replace("}", ', "unit_price": 268.28}\n')
    path.write_bytes(gzip.compress(text.encode()))
    report = Report(refusals=Refused(), watch=lambda *_: None)

    import_feeds([path], programme_code=shop.programme.code, report=report, clock=lambda: datetime.now(UTC))

    assert UnclaimedOrder.objects.get().total_minor == 26_828


def test_a_history_is_moved_by_whole_weeks(take: Import) -> None:
    """To the last Monday before a Wednesday, at the same hour of the wall clock."""
    take(ORDERS, shift_to=date(2025, 11, 5))

    moments = Receipt.objects.count(), Order.objects.get(number="R1").placed_at
    assert moments == (3, datetime(2025, 11, 1, 14, tzinfo=UTC))


def test_a_packed_file_that_breaks_off_counts_up_to_there(shop: Shop, tmp_path: Path) -> None:
    rows = "".join(f"{shop.place.code},R{n},2025-03-01 10:00,TEA-{n * 7919},1,1.00\n" for n in range(30_000))
    whole = gzip.compress(f"place,number,placed_at,sku,quantity,unit_price\n{rows}".encode())
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(whole[: len(whole) // 30])
    refused = Refused()
    report = Report(refusals=refused, watch=lambda *_: None)

    import_feeds([path], programme_code=shop.programme.code, report=report, clock=lambda: datetime.now(UTC))

    assert 0 < report.tally.orders_anonymous < 30_000
    assert report.tally.orders_refused == 1
    assert len(refused.rows) == 2


def test_the_command_says_what_became_of_it(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders, errors = tmp_path / "orders.csv", tmp_path / "errors.csv"
    orders.write_text(ORDERS.format(place=shop.place.code).replace("R3,2025", "R3,soon 2025"))

    call_command("import_orders", orders, programme=shop.programme.code, errors=errors, hands=1)

    said = capsys.readouterr()
    assert "2 orders booked for members" in said.out
    assert "1,420 points earned" in said.out
    assert said.err == ""
    assert errors.read_text().splitlines()[:2] == [
        "file,row,reason,raw",
        f"orders.csv,5,'soon 2025-03-03 10:00' is no moment; write 2026-11-21T10:15:00+08:00,"
        f"{shop.place.code}|R3|soon 2025-03-03 10:00|||||CAKE|3|12.50||||Cake|||",
    ]


def test_the_command_fails_when_nothing_could_be_read(shop: Shop, tmp_path: Path) -> None:
    nonsense = tmp_path / "letter.txt"
    nonsense.write_text("Dear Sir or Madam\n")

    with pytest.raises(CommandError):
        call_command("import_orders", nonsense, programme=shop.programme.code, errors=tmp_path / "errors.csv")


@pytest.mark.django_db(transaction=True)
def test_two_hands_book_what_one_books(open_shop: Callable[..., Shop], tmp_path: Path) -> None:
    shop = open_shop()
    rows = "".join(
        f"{shop.place.code},R{n},2025-03-{n % 28 + 1:02} 10:00,crm:{n % 7},TEA,1,{n}.00\n"
        for n in range(1, 60)
    )
    path = tmp_path / "orders.csv"
    path.write_text(f"place,number,placed_at,member_external,sku,quantity,unit_price\n{rows}")
    tallies = []
    for _ in range(2):
        report = Report(refusals=Refused(), watch=lambda *_: None)
        import_feeds(
            [path],
            programme_code=shop.programme.code,
            hands=2,
            report=report,
            clock=lambda: datetime.now(UTC),
        )
        tallies.append(report.tally)

    assert [(tally.orders_booked, tally.orders_known) for tally in tallies] == [(59, 0), (0, 59)]
    assert tallies[0].points_earned == sum(range(1, 60)) * 10
    assert Order.objects.count() == 59
    assert verify_ledger(now=datetime.now(UTC)) == []
