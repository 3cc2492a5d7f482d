"""Taking over a retailer's history: files of orders, products, stores and members, of any size, any number of times.

Rows are laid out in a staging table, which puts the orders in the order in which they were placed; then they are booked
chunk by chunk through the one earning step. Each chunk commits for itself: an import that is killed at any moment is
simply started again, for a receipt counts once.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from config.ground.amounts import decimals
from config.outbox.services import publish
from loyalty.adapters.feed_files import FeedFile, FileNotReadable, open_feed
from loyalty.events import HistoryImported
from loyalty.queries.importing import Destination, find_place_ids, get_destination
from loyalty.rules.feed_formats import format_of
from loyalty.rules.feeds import Format, Move, Settings
from loyalty.services.hands import open_hands
from loyalty.services.import_facts import take_facts
from loyalty.services.import_orders import OrderTaker
from loyalty.services.import_report import Report
from loyalty.services.import_rows import fragments_of
from loyalty.services.staging import Staging, open_staging, renew_statistics
from omnichannel.services.places import name_places

ORDERS_PER_CHUNK = 4_000
NEW_OBJECTS = 200_000
"""So many come before rings among them are looked for."""

Clock = Callable[[], datetime]
"""Asked before each chunk: an import may run past midnight, when the day before is sealed."""

Feed = tuple[FeedFile, Format[Any]]


class NothingToRead(Exception):  # noqa: N818 - a state of the world
    """Not one of the files is a feed that we know."""


def import_feeds(
    paths: Sequence[Path],
    *,
    programme_code: str,
    format_name: str = "",
    shift_to: date | None = None,
    hands: int = 1,
    report: Report,
    clock: Clock,
    before_orders: Callable[[], object] = lambda: None,
) -> None:
    """Take over these files: products, stores and members, and the orders of all files together.

    Safe to repeat and to start again. What becomes of it all stands in `report`; a file that breaks in the middle
    counts up to there.

    :param format_name: one of `rules.feed_formats.NAMES`; "" recognises each file by its header.
    :param shift_to: move all moments by whole weeks until the last one falls on this day or one of the six before.
    :param hands: book with so many threads at once; with more than one, call it outside of any transaction.
    :param before_orders: done between the two, e.g. delivering the news of the new members, so that what they get
        for coming stands in their wallets before what they bought.
    :raises ProgrammeNotFound: if there is no such programme.
    :raises NothingToRead: if no file could be read; each is in the report with its reason.
    """
    programme = get_destination(programme_code)
    settings = Settings(digits=decimals(programme.currency), zone=ZoneInfo(programme.timezone))
    with _few_collections(), ExitStack() as open_files:
        feeds = []
        for path in paths:
            if (opened := _open(path, format_name, report)) is not None:
                open_files.callback(opened[0].close)
                feeds.append(opened)
        if not feeds:
            raise NothingToRead
        staging = open_files.enter_context(open_staging())
        _stage([feed for feed in feeds if feed[1].kind == "orders"], staging, settings, report)
        move = Move(settings.zone, _weeks_to(shift_to, staging.last_placed_at(), settings.zone))
        for feed, format_ in feeds:
            if format_.kind != "orders":
                take_facts(
                    feed, format_, settings, programme=programme, moved=move.moved, report=report, now=clock()
                )
        if any(format_.opens_places for _, format_ in feeds):
            report.tally.places_new += _open_places(staging, programme)
        before_orders()
        taker = OrderTaker(
            programme, find_place_ids(programme.id), report, open_files.enter_context(open_hands(hands))
        )
        _take_orders(staging, taker, move, report, clock)
    _announce(programme, now=clock())


def _open(path: Path, format_name: str, report: Report) -> Feed | None:
    try:
        feed = open_feed(path)
    except FileNotReadable as reason:
        report.refuse_row(str(path), 0, str(reason), ())
        return None
    format_ = format_of(feed.header, name=format_name)
    if format_ is None:
        report.refuse_row(path.name, 1, "the header belongs to no format that is known", feed.header)
        feed.close()
        return None
    return feed, format_


def _stage(feeds: Sequence[Feed], staging: Staging, settings: Settings, report: Report) -> None:
    for feed, format_ in feeds:
        report.files.append(feed.path.name)
        file = len(report.files) - 1
        staging.take(fragments_of(feed, format_, settings, file=file, report=report))


def _take_orders(staging: Staging, taker: OrderTaker, move: Move, report: Report, clock: Clock) -> None:
    total, done = staging.count(), 0
    for chunk in _ahead(staging.chunks(ORDERS_PER_CHUNK, move)):
        report.watch("booking orders", done, total)
        taker.take(chunk, now=clock())
        if done == 0 or done + len(chunk) == total:
            taker.finish()
            renew_statistics(came=done + len(chunk))
        done += len(chunk)
    report.watch("booking orders", done, total)
    taker.take_waiting(now=clock())


def _announce(programme: Destination, *, now: datetime) -> None:
    """Once for each import that came to its end, even one that booked nothing: its forerunner may have been killed
    before this line.
    """
    publish(HistoryImported(programme_code=programme.code), member_id=None, happened_at=now, now=now)


def _open_places(staging: Staging, programme: Destination) -> int:
    """Open the places that only the orders know of, under their codes."""
    known = find_place_ids(programme.id)
    places = [(code, f"Store {code}", "store") for code in staging.places() if code and code not in known]
    return name_places(programme_id=programme.id, places=places)


def _weeks_to(shift_to: date | None, last_at: datetime | None, zone: ZoneInfo) -> int:
    """By how many weeks the last order has to move to fall on a day, or on one of the six before it."""
    if shift_to is None or last_at is None:
        return 0
    return (shift_to - last_at.astimezone(zone).date()).days // 7


@contextmanager
def _few_collections() -> Iterator[None]:
    """Orders on their way are many objects that live for a moment, and hold no rings: to look for some among them again
    and again took a tenth of the time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


T = TypeVar("T")


def _ahead(chunks: Iterator[T]) -> Iterator[T]:
    """The same chunks, the next one made ready while its forerunner is booked."""
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(next, chunks, None)
        while (chunk := waiting.result()) is not None:
            waiting = other.submit(next, chunks, None)
            yield chunk
