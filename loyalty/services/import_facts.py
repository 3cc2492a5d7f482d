"""Taking over what orders speak of: products, stores and members, each set-based."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from config.ground.refusals import Refusal
from loyalty.adapters.feed_files import FeedFile, FileNotReadable
from loyalty.queries.importing import Destination
from loyalty.rules.feeds import Format, RowNotValid, Settings
from loyalty.rules.feeds_native import MemberRow, StoreRow
from loyalty.services.import_report import Report
from members.rules.identities import normalise
from members.services.enrolment import Enrolled
from members.services.mass_enrolment import Newcomer, enrol_many
from omnichannel.rules.products import ProductRow
from omnichannel.services.catalogue import upsert_products
from omnichannel.services.places import name_places

ROWS_PER_CALL = 10_000
ACTOR = "import"

Moved = Callable[[datetime], datetime]
"""Where a moment of the feed lies for us."""

Told = tuple[int, Sequence[str], Any]
"""Line of the file, its cells, and what they say."""


def take_facts(
    feed: FeedFile,
    format_: Format[Any],
    settings: Settings,
    *,
    programme: Destination,
    moved: Moved,
    report: Report,
    now: datetime,
) -> None:
    """Take over a file of products, stores or members. Safe to repeat; members known already stay as they are."""
    take = {
        "products": _take_products,
        "stores": _take_stores,
        "members": lambda *told: _take_members(*told, moved=moved),
    }[format_.kind]
    rows = _told(feed, format_, settings, report)
    while told := list(islice(rows, ROWS_PER_CALL)):
        for index, reason in take(told, programme, report, now):
            report.refuse_row(feed.path.name, told[index][0], reason, told[index][1])
        report.watch(f"taking {format_.kind}", feed.bytes_read, feed.size)


def _told(feed: FeedFile, format_: Format[Any], settings: Settings, report: Report) -> Iterator[Told]:
    row = 0
    try:
        for row, cells in feed.rows(format_.columns):
            try:
                told = format_.read(cells, settings)
            except RowNotValid as reason:
                report.refuse_row(feed.path.name, row, str(reason), cells)
            else:
                yield row, cells, told
    except FileNotReadable as reason:
        report.refuse_row(feed.path.name, row, str(reason), ())


Refused = Iterator[tuple[int, str]]
"""Position among the rows told, and the reason."""


def _take_products(told: Sequence[Told], programme: Destination, report: Report, now: datetime) -> Refused:
    products: list[ProductRow] = [product for _, _, product in told]
    done = upsert_products(programme_id=programme.id, rows=products, now=now)
    report.tally.products_new += len(done.created)
    report.tally.products_changed += len(done.updated)
    for refused in done.refused:
        yield refused.index, f"{refused.code}: {refused.detail}"


def _take_stores(told: Sequence[Told], programme: Destination, report: Report, _now: datetime) -> Refused:
    stores: dict[str, StoreRow] = {store.code: store for _, _, store in told}
    places = [(store.code, store.name, store.kind) for store in stores.values()]
    report.tally.places_new += name_places(programme_id=programme.id, places=places)
    yield from ()


def _take_members(
    told: Sequence[Told], programme: Destination, report: Report, now: datetime, *, moved: Moved
) -> Refused:
    people: list[MemberRow] = [person for _, _, person in told]
    newcomers = [
        Newcomer(
            external=person.external,
            card=person.card,
            phone=person.phone,
            email=person.email,
            given_name=person.given_name,
            family_name=person.family_name,
            language=person.language,
            birth_date=person.birth_date,
            enrolled_at=min(moved(person.enrolled_at), now) if person.enrolled_at else None,
            consents=person.consents,
        )
        for person in people
    ]
    outcomes = _enrol(newcomers, programme, report, now)
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, Refusal):
            yield index, f"{outcome.code}: {outcome.detail}"


def _enrol(
    newcomers: Sequence[Newcomer], programme: Destination, report: Report, now: datetime
) -> list[Enrolled | Refusal]:
    outcomes = enrol_many(
        newcomers,
        via="import",
        region=programme.region,
        programme_code=programme.code,
        actor=ACTOR,
        now=now,
    )
    report.tally.members_new += sum(isinstance(each, Enrolled) and each.is_new for each in outcomes)
    return outcomes


class Buyer(msgspec.Struct, frozen=True):
    """A member, and how the feed's purchases name them: kind and normal form of an identity."""

    member_id: int
    key: tuple[str, str]


def enrol_buyers(
    named: Mapping[str, tuple[datetime, str]], *, programme: Destination, report: Report, now: datetime
) -> dict[str, Buyer | Refusal]:
    """Make members of those whom orders name and nobody knows.

    :param named: `kind:text` as the feed names them -> moment and place of the first purchase.
    :return: `kind:text` -> the member, or why nobody can be called that.
    """
    newcomers = []
    for member, (first_at, place_code) in named.items():
        kind, _, text = member.partition(":")
        newcomers.append(_newcomer(kind, text, place_code, min(first_at, now)))
    outcomes = _enrol(newcomers, programme, report, now)
    return {
        member: outcome
        if isinstance(outcome, Refusal)
        else Buyer(outcome.member_id, _key(member, programme.region))
        for member, outcome in zip(named, outcomes, strict=True)
    }


def _newcomer(kind: str, text: str, place_code: str, enrolled_at: datetime) -> Newcomer:
    return Newcomer(
        external=text if kind == "external" else "",
        card=text if kind == "card" else "",
        phone=text if kind == "phone" else "",
        email=text if kind == "email" else "",
        place_code=place_code,
        enrolled_at=enrolled_at,
    )


def _key(member: str, region: str) -> tuple[str, str]:
    kind, _, text = member.partition(":")
    return kind, normalise(kind, text, region=region)
