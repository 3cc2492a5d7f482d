"""Booking staged orders, a chunk at a time, through the one earning step."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import NamedTuple, TypeVar

from config.ground.refusals import Refusal
from loyalty.errors import WalletBusy
from loyalty.queries.importing import Destination
from loyalty.rules.feeds import MOST_LINES, lines_of, paid_for
from loyalty.rules.purchase import Purchase
from loyalty.services.batches import Outcome, import_purchases
from loyalty.services.bookings import AlreadyTold, Stale
from loyalty.services.hands import Hands
from loyalty.services.import_facts import ACTOR, Buyer, enrol_buyers
from loyalty.services.import_report import Report
from loyalty.services.purchase_facts import Teller
from loyalty.services.return_slips import SlipBooked, put_to_purchases, put_waiting_to_purchases
from loyalty.services.staging import StagedOrder
from omnichannel.rules.return_slips import SlipLine
from omnichannel.services.return_slips import SlipDraft, record_return_slips

TRIES = 5
"""Of one chunk, where tills book for the same members or receipts in this very moment."""

T = TypeVar("T")

MOST_BUYERS = 50_000
"""Remembered from chunk to chunk; more are asked for again."""


class NotToBeBooked(Exception):  # noqa: N818 - says what the order is
    """An order that cannot be booked, with the reason; empty if its rows were refused already."""


class Begun(NamedTuple):
    """Sales that are being booked. `outcomes` waits for them, and gives one for each."""

    orders: list[StagedOrder]
    outcomes: Callable[[], list[Outcome]]


class OrderTaker:
    """Takes staged orders over into one programme.

    :param places: code -> id of the programme's places.
    """

    def __init__(
        self, programme: Destination, places: Mapping[str, int], report: Report, hands: Hands
    ) -> None:
        self._programme = programme
        self._places = places
        self._report = report
        self._hands = hands
        self._buyers: dict[str, Buyer | Refusal] = {}
        self._teller = Teller(key_id=0, name=ACTOR)
        self._turn = Lock()
        self._begun: Begun | None = None

    def take(self, orders: Sequence[StagedOrder], *, now: datetime) -> None:
        """Book a chunk of orders, given in the order in which they were placed; commits for itself.

        The last sales of it may still be on their way: what they came to is counted by `finish`, or by the next chunk.
        """
        self._learn_buyers(orders, now)
        for sales, returns in in_turns(orders):
            self._take_sales(sales, now)
            self._take_returns(returns, now)

    def finish(self) -> None:
        """Wait until all that was taken is booked, and count it."""
        begun, self._begun = self._begun, None
        if begun is not None:
            for order, outcome in zip(begun.orders, begun.outcomes(), strict=True):
                self._count(order, outcome)

    def take_waiting(self, *, now: datetime) -> None:
        """Put to their purchases what earlier imports kept, or were killed over."""
        self._tally_returns(put_waiting_to_purchases(self._programme.id, now=now))

    def _take_sales(self, orders: Sequence[StagedOrder], now: datetime) -> None:
        told = [(order, made) for order in orders if (made := self._made(self._purchase, order))]
        keys = [order.member or order.number for order, _ in told]
        purchases = [purchase for _, purchase in told]
        outcomes = self._hands.begin(lambda part: self._book(part, now), purchases, keys)
        self.finish()
        self._begun = Begun([order for order, _ in told], outcomes)

    def _take_returns(self, orders: Sequence[StagedOrder], now: datetime) -> None:
        if not orders:
            return
        self.finish()
        slips = [made for order in orders if (made := self._made(self._slip, order))]
        nobodys = [slip for slip in slips if slip.member_id is None]
        named = [slip for slip in slips if slip.member_id is not None]
        kept = record_return_slips(nobodys, now=now)
        self._report.tally.returns_anonymous += kept
        self._report.tally.returns_known += len(nobodys) - kept
        record_return_slips(named, now=now)
        keys = [str(slip.member_id) for slip in named]
        self._tally_returns(self._hands.share(lambda part: self._put(part, now), named, keys))

    def _tally_returns(self, booked: Iterable[SlipBooked]) -> None:
        tally = self._report.tally
        for each in booked:
            tally.points_taken += each.points_taken
            if not each.is_new:
                tally.returns_known += 1
            elif each.outcome == "unexplained":
                tally.returns_unexplained += 1
            else:
                tally.returns_booked += 1
                tally.returns_partly += each.outcome == "partly"

    def _put(self, slips: Sequence[SlipDraft], now: datetime) -> list[SlipBooked]:
        return [
            put_to_purchases(slip.place_id, slip.number, programme_id=self._programme.id, now=now)
            for slip in slips
        ]

    def _made(self, make: Callable[[StagedOrder], T], order: StagedOrder) -> T | None:
        try:
            return make(order)
        except NotToBeBooked as reason:
            self._refuse(order, str(reason))
            return None

    def _learn_buyers(self, orders: Sequence[StagedOrder], now: datetime) -> None:
        if len(self._buyers) > MOST_BUYERS:
            self._buyers.clear()
        unknown: dict[str, tuple[datetime, str]] = {}
        for order in orders:
            if order.member and not order.is_spoiled and order.member not in self._buyers:
                unknown.setdefault(order.member, (order.placed_at, order.place_code))
        if unknown:
            self._buyers |= enrol_buyers(unknown, programme=self._programme, report=self._report, now=now)

    def _purchase(self, order: StagedOrder) -> Purchase:
        place_id, buyer = self._where_and_who(order)
        if len(order.items) > MOST_LINES:
            raise NotToBeBooked(f"the order has more than {MOST_LINES} lines")
        return Purchase(
            number=order.number,
            source="import",
            programme_id=self._programme.id,
            programme_code=self._programme.code,
            place_id=place_id,
            place_code=order.place_code,
            till_id=None,
            placed_at=order.placed_at,
            told_at=order.placed_at,
            timezone=self._programme.timezone,
            currency=self._programme.currency,
            lines=lines_of(order.items),
            member=buyer.key if buyer else None,
        )

    def _slip(self, order: StagedOrder) -> SlipDraft:
        place_id, buyer = self._where_and_who(order)
        lines = [
            SlipLine(sku=item.sku, name=item.name, quantity=item.quantity, total_minor=paid_for(item))
            for item in order.items
        ]
        return SlipDraft(
            place_id=place_id,
            number=order.number,
            member_id=buyer.member_id if buyer else None,
            placed_at=order.placed_at,
            currency=self._programme.currency,
            total_minor=sum(line.total_minor or 0 for line in lines),
            lines=lines,
        )

    def _where_and_who(self, order: StagedOrder) -> tuple[int, Buyer | None]:
        """The place, and the member if one is named."""
        if order.is_spoiled:
            raise NotToBeBooked("a row of the order was refused, or its rows name two members")
        place_id = self._places.get(order.place_code)
        if place_id is None:
            raise NotToBeBooked(f"there is no place with the code {order.place_code!r}")
        if not order.member:
            return place_id, None
        buyer = self._buyers[order.member]
        if isinstance(buyer, Refusal):
            raise NotToBeBooked(f"{buyer.code}: {buyer.detail}")
        return place_id, buyer

    def _book(self, purchases: Sequence[Purchase], now: datetime) -> list[Outcome]:
        """Book all at once; where others come between again and again, in halves, so that few are held up by them."""
        for _ in range(TRIES):
            try:
                return import_purchases(purchases=purchases, teller=self._teller, now=now, turn=self._turn)
            except (AlreadyTold, Stale):
                continue
        if len(purchases) == 1:
            return [WalletBusy("others were at it at every try; run the import again")]
        middle = len(purchases) // 2
        return self._book(purchases[:middle], now) + self._book(purchases[middle:], now)

    def _count(self, order: StagedOrder, outcome: Outcome) -> None:
        tally = self._report.tally
        if isinstance(outcome, Refusal):
            self._refuse(order, f"{outcome.code}: {outcome.detail}")
            return
        tally.points_earned += outcome.points_earned
        if outcome.status == 200:
            tally.orders_known += 1
        elif order.member:
            tally.orders_booked += 1
        else:
            tally.orders_anonymous += 1

    def _refuse(self, order: StagedOrder, reason: str) -> None:
        self._report.refuse_order(order.file, order.row, reason, (order.place_code, order.number))


def in_turns(orders: Sequence[StagedOrder]) -> list[tuple[list[StagedOrder], list[StagedOrder]]]:
    """Sales and returns by turns, so that each member's stand in the order of time: sales, what came back, sales again.

    :param orders: in the order of time. Members do not touch each other, so few turns are enough for all of them.
    """
    turns: list[tuple[list[StagedOrder], list[StagedOrder]]] = [([], [])]
    turn_of: dict[str, int] = {}
    brought_back: set[str] = set()
    for order in orders:
        member = order.member or ""
        if order.is_return:
            brought_back.add(member)
        elif member in brought_back and member:
            turn_of[member] = turn_of.get(member, 0) + 1
            brought_back.discard(member)
        turn = turn_of.get(member, 0)
        if turn == len(turns):
            turns.append(([], []))
        turns[turn][order.is_return].append(order)
    return turns
