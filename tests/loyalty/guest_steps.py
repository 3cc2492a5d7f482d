"""What a state machine's members make of benefits: evenings with seats are booked, waited for and attended."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from loyalty.errors.tiers import BenefitNotUsable, BookingNotOpen
from loyalty.models import Benefit, BenefitBooking, BenefitDate, BenefitGrant, Tier
from loyalty.queries.wallets import get_wallet
from loyalty.services.benefits import book_benefit, cancel_booking, check_in, open_date, use_benefit
from tests.loyalty.conftest import basket
from tests.loyalty.pencil import NEW_YORK, PlainMember, PlainOrder
from tests.loyalty.tier_steps import RANKS

EVENINGS = 2
"""How often each member may come by one grant."""


@dataclass
class PlainBooking:
    """`date`: the evening's id; None: used at the till without one."""

    ref: str
    grant: str
    date: int | None
    state: str

    @property
    def counts(self) -> bool:
        return self.state != "cancelled"


class GuestSteps:
    """Silver brings evenings with one seat or two, and free shipping; gold a tasting that is used at the till, once."""

    shop: Any
    members: list[Any]
    plain: list[PlainMember]
    earn: Any

    def open_benefits(self) -> None:
        silver = Tier.objects.get(code="silver")
        Benefit.objects.create(tier=silver, code="evening", kind="event", title="Evening", uses=EVENINGS)
        Benefit.objects.create(tier=silver, code="ship", kind="free_shipping", title="Shipping", uses=None)
        self.bookings: list[PlainBooking] = []
        self.evenings: dict[int, tuple[datetime, int]] = {}

    @rule(who=st.integers(0, 1), price=st.sampled_from([4_000, 10_000, 50_000]))
    def buy_much(self, who: int, price: int) -> None:
        now = datetime.now(UTC)
        answer = self.shop.commit(basket(price, member=self.members[who])).json()
        awards, lot = self.earn(who, [(1, price)], None, now)
        self.plain[who].be_active(now, now=now)
        ref = answer["order"]["ref"]
        self.plain[who].orders.append(PlainOrder(ref, [(1, price)], [0], now, ["SKU-0"], lot, awards))

    @rule(hours=st.integers(1, 30 * 24), seats=st.integers(1, 2))
    def open_evening(self, hours: int, seats: int) -> None:
        starts = datetime.now(UTC) + timedelta(hours=hours)
        when = {"starts_at": starts, "ends_at": starts + timedelta(hours=2)}
        if open_date(self.shop.programme.pk, "evening", **when, where="Tea room", seats=seats):
            self.evenings[BenefitDate.objects.get(starts_at=starts).pk] = starts, seats

    @rule(who=st.integers(0, 1), which=st.integers(0, 9), date=st.integers(0, 9))
    def book(self, who: int, which: int, date: int) -> None:
        grants = self._grants(who, "evening")
        if not grants or not self.evenings:
            return
        now, grant = datetime.now(UTC), grants[which % len(grants)]
        at = list(self.evenings)[date % len(self.evenings)]
        starts, seats = self.evenings[at]
        mine = [one for one in self.bookings if one.grant == grant.ref and one.counts]
        asked: dict[str, Any] = {
            "member_id": self.members[who].pk,
            "date_id": at,
            "actor": "test",
            "now": now,
        }
        is_open = starts > now and grant.granted_at <= starts < grant.valid_until
        if not is_open or len(mine) == EVENINGS or any(one.date == at for one in mine):
            with pytest.raises(BenefitNotUsable):
                book_benefit(grant.ref, **asked)
        else:
            made = book_benefit(grant.ref, **asked)
            assert made.state == ("booked" if self.taken_of(at) < seats else "waiting")
            self.bookings.append(PlainBooking(made.ref, grant.ref, at, made.state))

    @rule(number=st.integers(0, 50))
    def give_seat_up(self, number: int) -> None:
        now = datetime.now(UTC)
        if not self.bookings:
            return
        booking = self.bookings[number % len(self.bookings)]
        if booking.state not in ("booked", "waiting"):
            with pytest.raises(BookingNotOpen):
                cancel_booking(booking.ref, member_id=None, actor="test", now=now)
            return
        cancel_booking(booking.ref, member_id=None, actor="test", now=now)
        left, booking.state = booking.state == "booked", "cancelled"
        waiting = [one for one in self.bookings if one.date == booking.date and one.state == "waiting"]
        if left and waiting and booking.date is not None and self.evenings[booking.date][0] > now:
            waiting[0].state = "booked"

    @rule(number=st.integers(0, 50))
    def let_in(self, number: int) -> None:
        if not self.bookings:
            return
        booking = self.bookings[number % len(self.bookings)]
        if booking.state == "booked":
            check_in(booking.ref, actor="test", now=datetime.now(UTC))
            booking.state = "used"
        else:
            with pytest.raises(BookingNotOpen):
                check_in(booking.ref, actor="test", now=datetime.now(UTC))

    @rule(
        who=st.integers(0, 1),
        code=st.sampled_from(["evening", "tasting", "ship"]),
        which=st.integers(0, 9),
    )
    def use(self, who: int, code: str, which: int) -> None:
        """At a till: what is booked for today or was, or what needs no date."""
        grants = self._grants(who, code)
        if not grants:
            return
        now, grant = datetime.now(UTC), grants[which % len(grants)]
        mine = [one for one in self.bookings if one.grant == grant.ref]
        due = [(self.evenings[one.date][0], one) for one in mine if one.date and one.state == "booked"]
        due = [(at, one) for at, one in due if _day(at) <= _day(now)]
        is_over = not grant.granted_at <= now < grant.valid_until
        is_used_up = code == "tasting" and any(one.counts for one in mine)
        asked: dict[str, Any] = {"programme_id": self.shop.programme.pk, "where": "", "actor": "test"}
        if due:
            made = use_benefit(grant.ref, **asked, now=now)
            first = min(due, key=lambda each: each[0])[1]
            assert made.ref == first.ref
            first.state = "used"
        elif is_over or is_used_up or (code == "evening" and self.evenings) or self._is_full(code, mine):
            with pytest.raises(BenefitNotUsable):
                use_benefit(grant.ref, **asked, now=now)
        else:
            made = use_benefit(grant.ref, **asked, now=now)
            self.bookings.append(PlainBooking(made.ref, grant.ref, None, "used"))

    @invariant()
    def seats_are_taken_once(self) -> None:
        if not hasattr(self, "bookings"):
            return
        rows = BenefitBooking.objects.values_list("ref", "state")
        assert dict(rows) == {one.ref: one.state for one in self.bookings}
        taken = dict(BenefitDate.objects.values_list("pk", "taken"))
        assert taken == {at: self.taken_of(at) for at in self.evenings}
        for at, (starts, seats) in self.evenings.items():
            is_waited_for = any(one.date == at and one.state == "waiting" for one in self.bookings)
            assert taken[at] <= seats
            assert taken[at] == seats or not is_waited_for or starts <= datetime.now(UTC)

    @invariant()
    def what_a_tier_brings_is_with_who_holds_it(self) -> None:
        """Nobody has it twice at a time, or, unused, without the tier."""
        now = datetime.now(UTC)
        for member in getattr(self, "members", []):
            tier = get_wallet(member.pk, self.shop.programme.pk, now=now).tier
            live = BenefitGrant.objects.filter(member=member, granted_at__lte=now, valid_until__gt=now)
            unused = live.filter(used_at=None).values_list("benefit__code", "benefit__tier__code")
            assert len(set(unused)) == len(unused)
            assert tier is not None
            assert all(RANKS.index(needed) <= RANKS.index(tier.code) for _, needed in unused)

    def taken_of(self, date: int) -> int:
        return sum(one.date == date and one.state in ("booked", "used") for one in self.bookings)

    def _grants(self, who: int, code: str) -> list[BenefitGrant]:
        return list(BenefitGrant.objects.filter(member=self.members[who], benefit__code=code).order_by("pk"))

    @staticmethod
    def _is_full(code: str, mine: list[PlainBooking]) -> bool:
        return code == "evening" and sum(one.counts for one in mine) >= EVENINGS


def _day(at: datetime) -> Any:
    return at.astimezone(NEW_YORK).date()
