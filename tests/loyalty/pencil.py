"""The ledger with pencil and paper: a plain model of one member's points, to compare the real one with."""

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
EXPIRY_DAYS = 30
MATURITY_DAYS = 2
NEVER_YET = datetime(9999, 1, 1, tzinfo=NEW_YORK)
"""From when points can be spent while nobody has collected the goods."""


@dataclass
class PlainLot:
    """`gone`: what ran out of it and is booked."""

    left: int
    available_from: datetime
    expires_at: datetime
    gone: int = 0


@dataclass
class PlainAward:
    """Points that one rule gave for some of a purchase's lines.

    `taken`: taken back of it; `missing`: what the last return did not find, and left.
    """

    points: int
    lines: list[int]
    taken: int = 0
    missing: int = 0


@dataclass
class PlainOrder:
    """A purchase: of each line how many and what one cost, and how many came back; `skus` of the lines.

    `awards`: by the basic rule, and the capped one for wine; all of them filled `lot`.
    `by_points`: how much of it points paid, in minor units.
    `nth_spend`: counts what the member spent; `spends`: as it stood when its last return left something.
    `is_to_collect`: its points wait until `collected_at`, or for ever.
    """

    ref: str
    lines: list[tuple[int, int]]
    back: list[int]
    at: datetime
    skus: list[str]
    lot: PlainLot | None = None
    awards: list[PlainAward] = field(default_factory=list)
    ran_out: int = 0
    by_points: int = 0
    drawn: list[tuple[PlainLot, int]] = field(default_factory=list)
    nth_spend: int = 0
    spends: int = 0
    is_to_collect: bool = False
    is_cancelled: bool = False
    collected_at: datetime | None = None

    def let_wait(self) -> None:
        """Its goods are to be collected."""
        self.is_to_collect = True
        if self.lot:
            self.lot.available_from = NEVER_YET

    def be_collected(self, now: datetime) -> None:
        """At first. Points that have not run out mature from now; they live on where they would run out before."""
        if self.collected_at is not None:
            return
        self.collected_at = now
        if self.lot is None or self.lot.expires_at <= now:
            return
        self.lot.available_from = _midnight(now) + timedelta(days=MATURITY_DAYS + 1)
        if _midnight(self.at) + timedelta(days=EXPIRY_DAYS + 1) <= self.lot.available_from:
            lives = self.lot.available_from + timedelta(days=EXPIRY_DAYS + 1)
            self.lot.expires_at = max(self.lot.expires_at, lives)

    @property
    def taken(self) -> int:
        return sum(award.taken for award in self.awards)

    def left(self) -> list[int]:
        return [quantity - came for (quantity, _), came in zip(self.lines, self.back, strict=True)]

    def due(self, award: PlainAward) -> int:
        """What should be taken back of an award beside what was, by what came back of its lines."""
        paid = sum(self.lines[line][0] * self.lines[line][1] for line in award.lines)
        back = sum(self.back[line] * self.lines[line][1] for line in award.lines)
        return (award.points * back // paid if paid else 0) - award.taken


def _midnight(at: datetime) -> datetime:
    return at.astimezone(NEW_YORK).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass
class PlainHold:
    ref: str
    points: int
    until: datetime
    is_open: bool = True


@dataclass
class PlainMember:
    """What anybody with pencil and paper would keep.

    `is_kept_alive`: points run out by inactivity; `kept_until`: what the last activity keeps them until.
    """

    lots: list[PlainLot] = field(default_factory=list)
    orders: list[PlainOrder] = field(default_factory=list)
    holds: list[PlainHold] = field(default_factory=list)
    redeemed: dict[str, tuple[int, list[tuple[PlainLot, int]]]] = field(default_factory=dict)
    spends: int = 0
    issued: int = 0
    spent: int = 0
    taken: int = 0
    debt: int = 0
    is_kept_alive: bool = False
    kept_until: datetime | None = None

    def live(self, now: datetime) -> list[PlainLot]:
        return [lot for lot in self.lots if lot.left and lot.expires_at > now]

    def matured(self, now: datetime) -> list[PlainLot]:
        """Those that can be used, what expires first in front."""
        return sorted(
            (lot for lot in self.live(now) if lot.available_from <= now), key=lambda lot: lot.expires_at
        )

    def open_holds(self, now: datetime) -> list[PlainHold]:
        return [hold for hold in self.holds if hold.is_open and hold.until > now]

    def held(self, now: datetime) -> int:
        return sum(hold.points for hold in self.open_holds(now))

    def spendable(self, now: datetime) -> int:
        return sum(lot.left for lot in self.matured(now)) - self.held(now)

    def set_aside(self, now: datetime) -> dict[int, int]:
        """What is held of each lot: those that live longest."""
        held, aside = self.held(now), {}
        for lot in reversed(self.matured(now)):
            aside[id(lot)] = min(lot.left, held)
            held -= aside[id(lot)]
        return aside

    def hold(self, ref: str, points: int, until: datetime, now: datetime) -> PlainHold:
        """No longer than the points live that it needs."""
        needed = points + self.held(now)
        for lot in reversed(self.matured(now)):
            if needed > 0:
                until = min(until, lot.expires_at)
            needed -= lot.left
        self.holds.append(PlainHold(ref, points, until))
        return self.holds[-1]

    def cancel(self, ref: str, now: datetime) -> None:
        """What a reward drew goes back."""
        nth, drawn = self.redeemed.pop(ref)
        self.give(drawn, nth, None, now)

    def give(
        self, drawn: list[tuple[PlainLot, int]], nth: int, brought: PlainOrder | None, now: datetime
    ) -> None:
        """What the nth spend drew goes back; what lives pays what is owed, then what returns had left since."""
        came = []
        for lot, points in drawn:
            kept = points - (self.pay_debt(points) if lot.expires_at > now else 0)
            came.append((lot, kept if lot.expires_at > now else 0))
            lot.left += kept
            self.spent -= points
        for order in self.orders:
            open_awards = order.awards if order is not brought and order.spends >= nth else []
            for award, (place, (lot, _)) in itertools.product(open_awards, enumerate(list(came))):
                settled = min(came[place][1], award.missing)
                came[place] = lot, came[place][1] - settled
                lot.left -= settled
                award.missing -= settled
                award.taken += settled
                self.taken += settled

    def spend(self, points: int, now: datetime) -> tuple[int, list[tuple[PlainLot, int]]]:
        """Of what expires first, and the number of this spend."""
        self.spends += 1
        self.spent += points
        return self.spends, self.draw(points, now, matured_by=now)

    def pending(self, now: datetime) -> int:
        return sum(lot.left for lot in self.live(now) if lot.available_from > now)

    def expired(self, now: datetime) -> int:
        return sum(lot.gone + (lot.left if lot.expires_at <= now else 0) for lot in self.lots)

    def book_expiry(self, now: datetime) -> None:
        for lot in self.lots:
            if lot.expires_at <= now:
                lot.gone, lot.left = lot.gone + lot.left, 0

    def be_active(self, at: datetime, *, now: datetime | None) -> None:
        """Points that have not run out live on: by `now`, or, with None, by the moment of a history's activity."""
        if not self.is_kept_alive:
            return
        until = _midnight(at) + timedelta(days=EXPIRY_DAYS + 1)
        self.kept_until = max(until, self.kept_until or until)
        keeps = self.kept_until if now else until
        for lot in self.lots:
            if lot.left and (now or at) < lot.expires_at < keeps:
                lot.expires_at = keeps

    def earn(self, points: int, at: datetime, *, is_act: bool = False) -> PlainLot | None:
        """Points for an act live as long as the last activity says, as those of a purchase that is told late."""
        if not points:
            return None
        day = _midnight(at)
        self.issued += points
        ends = day + timedelta(days=EXPIRY_DAYS + 1)
        if is_act and self.kept_until:
            ends = max(ends, self.kept_until)
        lot = PlainLot(points - self.pay_debt(points), day + timedelta(days=MATURITY_DAYS + 1), ends)
        self.lots.append(lot)
        return lot

    def receive(self, drawn: list[tuple[PlainLot, int]]) -> None:
        """What another gave: it lives as long as it would have there."""
        given: dict[tuple[datetime, datetime], int] = {}
        for lot, points in drawn:
            life = (lot.expires_at, lot.available_from)
            given[life] = given.get(life, 0) + points
        for (expires_at, available_from), points in sorted(given.items()):
            self.lots.append(PlainLot(points - self.pay_debt(points), available_from, expires_at))

    def pay_debt(self, points: int) -> int:
        """So many of these points pay what is owed."""
        paid = min(self.debt, points)
        self.debt -= paid
        return paid

    def draw(self, points: int, now: datetime, *, matured_by: datetime) -> list[tuple[PlainLot, int]]:
        """From what expires first, beside what is held; as many as there are."""
        drawn, aside = [], self.set_aside(now)
        for lot in sorted(self.live(now), key=lambda lot: lot.expires_at):
            free = min(lot.left - aside.get(id(lot), 0), points)
            if lot.available_from <= matured_by and free:
                drawn.append((lot, free))
                lot.left -= free
                points -= free
        return drawn

    def held_pieces(self, sku: str, now: datetime) -> list[tuple[PlainOrder, int]]:
        """Lines that still hold some of the product, the latest purchase first."""
        told = sorted(enumerate(self.orders), key=lambda each: (each[1].at, each[0]), reverse=True)
        return [
            (order, line)
            for _, order in told
            for line, left in enumerate(order.left())
            if left and order.skus[line] == sku and order.at <= now
        ]

    def bring(self, wanted: dict[str, int], now: datetime, policy: str) -> dict[str, int] | None:
        """Without a receipt: so many of each product, purchase by purchase. What was found; None if it is refused."""
        found: dict[str, int] = {}
        coming: dict[int, tuple[PlainOrder, list[int]]] = {}
        for sku, count in wanted.items():
            for order, line in self.held_pieces(sku, now):
                taken = min(count - found.get(sku, 0), order.left()[line])
                found[sku] = found.get(sku, 0) + taken
                coming.setdefault(id(order), (order, [0] * len(order.back)))[1][line] += taken
        for order, pieces in coming.values():
            if any(pieces) and not self.bring_back(order, pieces, now, policy):
                return None
        return {sku: count for sku, count in found.items() if count}

    def bring_back(self, order: PlainOrder, coming: list[int], now: datetime, policy: str) -> bool:
        """So many of each line. False if it is refused, for points are missing; the model is of no use then."""
        order.back = [came + more for came, more in zip(order.back, coming, strict=True)]
        return self.take_back(order, now, policy)

    def take_back(self, order: PlainOrder, now: datetime, policy: str) -> bool:
        """What the order spent goes back; then what is due is taken: its own lot, what ran out, the others, or debt."""
        if not any(order.left()):
            self.give(order.drawn, order.nth_spend, order, now)
        held = sum(self.set_aside(now).values())
        due = sum(order.due(award) for award in order.awards) - order.ran_out
        aside = self.set_aside(now).get(id(order.lot), 0)
        own = min(order.lot.left - aside, due) if order.lot and order.lot.expires_at > now else 0
        ran_out = order.lot.gone + order.lot.left - order.ran_out if order.lot else 0
        gone = min(ran_out, due) if order.lot and order.lot.expires_at <= now else 0
        drawn = [(order.lot, own)] if order.lot and own else []
        for lot, points in drawn:
            lot.left -= points
        others_until = NEVER_YET if policy == "debt" else now
        drawn += self.draw(due - own - gone, now, matured_by=others_until)
        missing = due - gone - sum(points for _, points in drawn)
        if missing and policy == "refuse":
            return False
        order.ran_out += gone
        owed = missing if policy == "debt" else min(missing, held)
        order.spends = self.spends
        self.debt += owed
        took = due - gone - missing + owed
        self.taken += took
        self._share(order, took, missing - owed)
        return True

    @staticmethod
    def _share(order: PlainOrder, took: int, missing: int) -> None:
        """What was taken and what is missing, award by award."""
        for award in order.awards:
            part = min(order.due(award), took)
            award.taken += part
            award.missing = min(order.due(award), missing)
            took, missing = took - part, missing - award.missing

    def capped(self, day: date) -> int:
        """What the capped rule gave for purchases of this day, less what was taken back of it."""
        return sum(
            award.points - award.taken
            for order in self.orders
            if order.at.astimezone(NEW_YORK).date() == day
            for award in order.awards[1:]
        )
