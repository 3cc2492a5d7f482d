"""Reading feeds: amounts to the last minor unit, and lines that cost exactly what the file says."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from loyalty.rules import feeds_completejourney, feeds_native, feeds_online_retail
from loyalty.rules.feed_formats import format_of
from loyalty.rules.feeds import (
    Item,
    Move,
    RowLeftOut,
    RowNotValid,
    Settings,
    lines_of,
    minor_of,
    moment_of,
    pieces_of,
)

NEW_YORK = ZoneInfo("America/New_York")
CENTS = Settings(digits=2, zone=NEW_YORK)

items = st.builds(
    Item,
    sku=st.just("A"),
    quantity=st.integers(0, 300),
    gross_minor=st.integers(0, 100_000),
    discount_minor=st.integers(0, 120_000),
    tax_minor=st.just(0),
)


@pytest.mark.parametrize(
    ("text", "digits", "minor"),
    [("12.34", 2, 1234), ("0.5", 2, 50), ("12.340", 2, 1234), ("7", 0, 7), ("", 2, 0), ("-1.01", 2, -101)],
)
def test_an_amount_is_read_to_the_last_minor_unit(text: str, digits: int, minor: int) -> None:
    assert minor_of(text, digits) == minor


@pytest.mark.parametrize("text", ["12.345", "1,234.00", "1e3", "NaN", "12.", "$5", "99999999999"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(RowNotValid):
        minor_of(text, 2)


@pytest.mark.parametrize("text", ["1.5", "", "two", "100001"])
def test_what_is_no_whole_quantity_is_refused(text: str) -> None:
    with pytest.raises(RowNotValid):
        pieces_of(text)


def test_a_moment_without_offset_is_wall_time_of_the_shop() -> None:
    assert moment_of("2017-07-01 09:00:00", NEW_YORK) == datetime(2017, 7, 1, 13, tzinfo=UTC)
    assert moment_of("2017-07-01T09:00:00+08:00", NEW_YORK) == datetime(2017, 7, 1, 1, tzinfo=UTC)


def test_a_moved_history_keeps_the_hour_across_a_change_of_clocks() -> None:
    summer = datetime(2017, 7, 1, 9, tzinfo=NEW_YORK)

    moved = Move(NEW_YORK, 26).moved(summer)

    assert (moved.hour, moved.weekday()) == (9, summer.weekday())
    assert moved.utcoffset() != summer.utcoffset()


@given(st.lists(items, min_size=1, max_size=12))
def test_lines_cost_exactly_what_the_file_says(told: list[Item]) -> None:
    lines = lines_of(told)

    gross = sum(item.gross_minor for item in told)
    paid = max(gross - sum(item.discount_minor for item in told), 0)
    assert sum(line.quantity * line.unit_price_minor for line in lines) == gross
    assert sum(line.quantity * line.unit_price_minor - line.discount_minor for line in lines) == paid
    assert all(0 <= line.discount_minor <= line.quantity * line.unit_price_minor for line in lines)


def test_pieces_that_cannot_share_a_total_evenly_keep_their_number() -> None:
    lines = lines_of([Item("A", 3, 1000, 100)])

    assert [(line.quantity, line.unit_price_minor) for line in lines] == [(1, 334), (2, 333)]
    assert sum(line.discount_minor for line in lines) == 100


def test_a_coupon_on_a_line_of_its_own_is_shared_by_the_others() -> None:
    lines = lines_of([Item("A", 1, 300), Item("COUPON", 0, 0, 100), Item("B", 1, 100)])

    assert [line.discount_minor for line in lines] == [75, 0, 25]


@pytest.mark.parametrize(
    ("header", "kind", "name"),
    [
        (feeds_completejourney.ORDERS.columns, "orders", "completejourney"),
        (feeds_completejourney.PRODUCTS.needs, "products", "completejourney"),
        (feeds_online_retail.ORDERS.needs, "orders", "online_retail"),
        (feeds_native.ORDERS.needs, "orders", "native"),
        (feeds_native.MEMBERS.needs, "members", "native"),
        (feeds_native.PRODUCTS.needs, "products", "native"),
        (feeds_native.STORES.needs, "stores", "native"),
    ],
)
def test_a_file_is_known_by_its_header(header: tuple[str, ...], kind: str, name: str) -> None:
    found = format_of([*header, "something else"])

    assert found is not None
    assert (found.kind, found.name) == (kind, name)


def test_a_volume_of_fuel_is_one_piece() -> None:
    row = ("S1", "B1", "900", "FUEL", "11500", "30.07", "0.5", "0.0", "0.0", "2017-01-01 06:53:26")

    sale = feeds_completejourney.ORDERS.read(row, CENTS)

    assert (sale.item.quantity, sale.item.gross_minor, sale.item.discount_minor) == (1, 3057, 50)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (("536365", "85123A", "6", "2.55", "17850"), "sold"),
        (("C536379", "85123A", "-1", "27.50", "14527"), "returned"),
        (("536589", "21777", "-10", "0.0", ""), "returned"),
        (("536414", "22139", "56", "0.0", ""), "left out"),
        (("537197", "22841", "1", "0.0", "12647"), "sold"),
        (("550193", "AMAZONFEE", "1", "5.00", ""), "left out"),
        (("A563185", "85123A", "1", "-11062.06", ""), "refused"),
        (("561226", "PADS", "1", "0.001", "15618"), "refused"),
    ],
)
def test_each_kind_of_row_of_online_retail_has_an_outcome(
    told: tuple[str, str, str, str, str], outcome: str
) -> None:
    number, code, quantity, price, customer = told
    cells = ("", number, code, "A thing", quantity, "2010-12-01 08:26:00", price, customer)
    try:
        sale = feeds_online_retail.ORDERS.read(cells, CENTS)
    except RowLeftOut:
        found = "left out"
    except RowNotValid:
        found = "refused"
    else:
        found = "returned" if sale.is_return else "sold"

    assert found == outcome
