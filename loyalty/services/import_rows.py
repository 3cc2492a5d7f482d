"""From rows to fragments of orders: rows that stand together in a file are gathered before they are staged."""

from collections.abc import Iterator

import msgspec

from loyalty.adapters.feed_files import FeedFile, FileNotReadable
from loyalty.rules.feeds import Format, Item, RowLeftOut, RowNotValid, SaleRow, Settings
from loyalty.services.import_report import Report
from loyalty.services.staging import Fragment

ROWS_PER_GLANCE = 20_000
"""After so many rows the watcher is told."""

MOST_ITEMS = 5_000
"""Of one fragment: a file with one number on all its rows must not fill the memory."""


def fragments_of(
    feed: FeedFile, format_: Format[SaleRow], settings: Settings, *, file: int, report: Report
) -> Iterator[Fragment]:
    """The orders of a file, piece by piece, in the order of its rows.

    A row that cannot be read spoils its order; one that is left out does not.
    """
    name = feed.path.name
    items: list[Item] = []
    first: SaleRow | None = None
    started = 0
    for row, sale in _sales(feed, format_, settings, report):
        if isinstance(sale, _Spoiled):
            yield Fragment(file, row, sale.place_code, sale.number, False, True, None, None, [])
            continue
        if first is not None and not _is_one_order(first, sale, items):
            yield _fragment(file, started, first, items)
            first = None
        if first is None:
            first, items, started = sale, [], row
        items.append(sale.item)
    if first is not None:
        yield _fragment(file, started, first, items)
    report.watch(f"reading {name}", feed.size, feed.size)


class _Spoiled(msgspec.Struct, frozen=True):
    """Stands for a row that cannot be read, so that the rest of its order is not booked without it."""

    place_code: str
    number: str


def _sales(
    feed: FeedFile, format_: Format[SaleRow], settings: Settings, report: Report
) -> Iterator[tuple[int, SaleRow | _Spoiled]]:
    """Each row of a file and what it says. Where the file breaks, the order that was begun is spoiled."""
    name = feed.path.name
    read = format_.read
    last: SaleRow | _Spoiled = _Spoiled("", "")
    row = 0
    try:
        for row, cells in feed.rows(format_.columns):
            if row % ROWS_PER_GLANCE == 0:
                report.watch(f"reading {name}", feed.bytes_read, feed.size)
            try:
                sale = read(cells, settings)
            except RowLeftOut as reason:
                report.leave_out(name, row, str(reason), cells)
            except RowNotValid as reason:
                report.refuse_row(name, row, str(reason), cells)
                yield row, _Spoiled(_stored(cells[0]) or format_.place, _stored(cells[1]))
            else:
                last = sale
                yield row, sale
    except FileNotReadable as reason:
        report.refuse_row(name, row, str(reason), ())
        yield row, _Spoiled(last.place_code, last.number)


def _is_one_order(first: SaleRow, sale: SaleRow, items: list[Item]) -> bool:
    return (
        first.number == sale.number
        and first.place_code == sale.place_code
        and first.member == sale.member
        and first.is_return == sale.is_return
        and len(items) < MOST_ITEMS
    )


def _fragment(file: int, row: int, sale: SaleRow, items: list[Item]) -> Fragment:
    member = f"{sale.member[0]}:{sale.member[1]}" if sale.member else None
    return Fragment(
        file, row, sale.place_code, sale.number, sale.is_return, False, sale.placed_at, member, items
    )


def _stored(text: str) -> str:
    return text.strip()[:200].replace("\x00", "")
