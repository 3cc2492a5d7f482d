"""A purchase as it is told to us, and what it becomes once it is settled."""

import hashlib
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from loyalty.rules.basket import Amount, Basket, Line
from loyalty.rules.compile import Programme
from loyalty.rules.lots import UNTIL_COLLECTED, available_from, expires_at, is_kept_alive
from loyalty.rules.settle import Settlement
from loyalty.rules.tiers import (
    Enrolled,
    Measures,
    Standing,
    Step,
    counts_since,
    next_threshold,
    standings_after,
    step_held,
)


class Payment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One payment of a purchase, in minor units."""

    kind: Annotated[str, Meta(min_length=1, max_length=40)]
    amount_minor: Amount


class Fulfilment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the goods reach the shopper. What is to `collect` is handed over later, and its points wait for that."""

    kind: Literal["counter", "delivery", "collect"] = "counter"


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase at one place.

    `member` is (kind, value) as in `members.queries.members.lookup_of`, None if nobody is named. `number` is the
    receipt number of the till or the order number of the web shop. `told_at` is the moment that the teller named, None
    if it left that to us. `code_over_because`: why the rotating code that names the member is good no more, "" if it
    is; this can only be a purchase that was told before. `hold`: ref of points that were set aside for it. `is_proven`:
    whoever is named has shown that it is them, by a rotating code. `earns_nothing`: positions that vouchers used before
    take the points of. `collected_at`: when what was to be collected was handed over, None if it was not yet.
    """

    number: str
    source: str
    programme_id: int
    programme_code: str
    place_id: int
    place_code: str
    till_id: int | None
    placed_at: datetime
    told_at: datetime | None
    timezone: str
    currency: str
    lines: list[Line]
    member: tuple[str, str] | None = None
    code_over_because: str = ""
    spend_points: int = 0
    is_proven: bool = False
    hold: str | None = None
    payments: list[Payment] = []
    fulfilment: str = "counter"
    collected_at: datetime | None = None
    voucher_codes: list[str] = []
    earns_nothing: frozenset[int] = frozenset()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def awaits_collection(self) -> bool:
        """Whether its goods are to be collected and were not yet."""
        return self.fulfilment == "collect" and self.collected_at is None

    @property
    def draws(self) -> bool:
        """Whether it spends points, lets held ones go, or uses vouchers."""
        return self.spend_points > 0 or self.hold is not None or bool(self.voucher_codes)

    def basket(self, lines: list[Line], *, place_kind: str) -> Basket:
        """The basket to settle, with these lines (which may know more of the catalogue than the till did)."""
        return Basket(
            lines=lines,
            place_code=self.place_code,
            placed_at=self.placed_at,
            spend_points=self.spend_points,
            place_kind=place_kind,
            paid_by=[payment.kind for payment in self.payments],
            earns_nothing=self.earns_nothing,
        )

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of what is told: alike for two tellings of one purchase, whichever till tells it.

        Without a moment of its own a purchase is told apart by its till: two tills that number alike may well sell the
        same cup of tea.
        """
        told = msgspec.json.encode(
            (
                self.number,
                self.told_at or self.till_id,
                self.currency,
                self.lines,
                self.member,
                self.spend_points,
                self.payments,
                self.fulfilment,
                self.voucher_codes,
                *([self.hold] if self.hold else []),
            )
        )
        return hashlib.sha256(told).hexdigest()

    def fingerprint_here(self) -> str:
        """SHA-256 (hexadecimal) of what is told and the place: what an idempotency key stands for."""
        return hashlib.sha256(f"{self.place_id} {self.fingerprint()}".encode()).hexdigest()


class LotBorn(msgspec.Struct, frozen=True, kw_only=True):
    """The lot that a purchase fills."""

    available_from: datetime
    expires_at: datetime | None


class Climb(msgspec.Struct, frozen=True, kw_only=True):
    """What a purchase does to the member's tiers.

    :param spent_on: the day of the programme's calendar on which it counts.
    :param counts_since: the first day of its window.
    :param promote_at: the spend in the window at which a further tier is reached, None at the top; 0 where other things
        than spend count too.
    :param reached: the steps it reaches that the member had not reached so far, lowest first.
    :param lifts_to: the highest of them, where nobody has given the member as much.
    """

    spent_on: date
    counts_since: date
    promote_at: int | None
    standings: list[Standing]
    reached: list[Step]
    lifts_to: Step | None = None


def lot_of(programme: Programme, purchase: Purchase) -> LotBorn:
    """The life of the points that a purchase earns. Those of goods to be collected wait for that."""
    life = lot_born(programme, purchase.placed_at, matures_from=purchase.collected_at)
    if purchase.awaits_collection:
        return LotBorn(available_from=UNTIL_COLLECTED, expires_at=life.expires_at)
    return life


def lot_born(
    programme: Programme,
    earned_at: datetime,
    *,
    kept_until: datetime | None = None,
    matures_from: datetime | None = None,
) -> LotBorn:
    """The life of the points that are earned at this moment.

    Where they would run out before they mature, the end is reckoned from the day on which they do.

    :param kept_until: until when an activity known already keeps points, where they run out by inactivity.
    :param matures_from: from when the days until they can be spent count, if that is later.
    """
    terms = programme.terms_at(earned_at)
    ends = expires_at(earned_at, expiry=terms.expiry, zone=terms.zone)
    if ends and kept_until and terms.expiry.kind == "inactivity":
        ends = max(ends, kept_until)
    begins = max(earned_at, matures_from or earned_at)
    available = available_from(begins, maturity_days=terms.maturity_days, zone=terms.zone)
    if ends and ends <= available:
        ends = expires_at(available, expiry=terms.expiry, zone=terms.zone)
    return LotBorn(available_from=available, expires_at=ends)


def spending_keeps_until(programme: Programme, at: datetime) -> datetime | None:
    """Until when points live on that are spent otherwise than in a purchase; None where that keeps none alive."""
    if not is_kept_alive(programme.terms_at(at).expiry, earns=False, spends=True):
        return None
    return lot_born(programme, at).expires_at


class Counted(Measures, frozen=True, kw_only=True):
    """What counted towards tiers before a purchase.

    :ivar is_new_day: nothing was bought on its day so far.
    """

    is_new_day: bool = True

    def with_(self, settlement: Settlement) -> Measures:
        """Together with the purchase."""
        return Measures(
            minor=self.minor + settlement.qualifying_minor,
            points=self.points + settlement.points_earned,
            visits=self.visits + 1,
            days=self.days + self.is_new_day,
        )


def climb(
    programme: Programme,
    settlement: Settlement,
    standings: list[Standing],
    counted: tuple[Counted, Counted | None],
    *,
    member: Enrolled,
    placed_at: datetime,
    now: datetime,
) -> Climb:
    """What a settled purchase does to the tiers of a member.

    A purchase that is told late may complete, together with later ones told before it, what a tier asks for; the tier
    is then held from now on. So the order in which purchases are told costs nobody a tier.

    :param standings: what the member holds at that moment or later; what ended before does not matter.
    :param counted: at the moment of the purchase, and, for one told late, now.
    """
    before, today = counted
    measures = before.with_(settlement), today and today.with_(settlement)
    return climb_to(programme, measures, standings, member=member, at=placed_at, now=now)


def climb_to(
    programme: Programme,
    measures: tuple[Measures, Measures | None],
    standings: list[Standing],
    *,
    member: Enrolled,
    at: datetime,
    now: datetime,
) -> Climb:
    """As `climb`, for whatever counts.

    :param measures: what counts at the moment that it happened, and, for what is told late, now; itself included.
    """
    ladder, ladder_now = programme.ladder_at(at), programme.ladder_at(now)
    changed = standings_after(ladder, standings, measures[0], at=at, member=member)
    day, today = at.astimezone(member.zone).date(), now.astimezone(member.zone).date()
    if measures[1] is not None and counts_since(ladder_now, today, member) <= day < today:
        by_now = standings_after(ladder_now, [*changed, *standings], measures[1], at=now, member=member)
        changed += [each for each in by_now if each.from_at == now]
    held = [each for each in standings if each.until_at > at]
    begun = {each.tier_id for each in changed} - {each.tier_id for each in held if not each.is_given}
    given = {each.tier_id for each in held if each.is_given}
    top = next((step for step in reversed(ladder_now.steps) if step.id in begun | given), None)
    return Climb(
        spent_on=day,
        counts_since=counts_since(ladder, day, member),
        promote_at=next_threshold(ladder, measures[0]),
        standings=changed,
        reached=[step for step in ladder_now.steps if step.id in begun],
        lifts_to=None if top is None or top.id in given else top,
    )


def tier_code(programme: Programme, standings: list[Standing], at: datetime) -> str:
    """The code of the tier held at a moment, "" in a programme without tiers."""
    step = step_held(programme.ladder_at(at), standings, at)
    return step.code if step else ""
