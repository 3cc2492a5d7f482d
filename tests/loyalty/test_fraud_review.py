"""Flags wait for a decision, and points that are held wait with them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import ProgrammingError, transaction

from config.ground.ids import new_ref
from config.staff.roles import CASHIER, FINANCE, STORE_MANAGER
from loyalty.models import Correction, CorrectionLimit, CorrectionReason, FraudFlag, Wallet
from loyalty.services.corrections import Colleague, correct_points
from loyalty.services.fraud import HELD_FOR
from loyalty.services.verification import verify_ledger
from members.models import Member
from members.rules.identities import claim
from members.services.enrolment import enrol
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.watching import NOON, buy, let_look, look, page_of, tell, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def shop(clock: time_machine.Traveller, open_shop: Callable[..., Shop]) -> Shop:
    """Finance corrects up to 300 points alone."""
    shop = open_shop()
    CorrectionLimit.objects.create(programme=shop.programme, role=FINANCE, points=300)
    return shop


def test_held_points_cannot_be_spent_until_somebody_cleared_it(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    let_look(write(shop, is_holding=True))
    member = shop.enrol()
    buy(shop, member, 3)
    look(clock)
    flag = FraudFlag.objects.get()

    refused = shop.commit(basket(90, member=member, spend_points=10)).json()
    assert (refused["code"], flag.held_points) == ("insufficient_points", 300)
    person = in_role(FINANCE)
    assert "cleared" in tell(person, flag, "_clear")

    assert shop.commit(basket(90, member=member, spend_points=10)).status_code == 201
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_nobodys_points_are_held_for_ever(shop: Shop, clock: time_machine.Traveller) -> None:
    let_look(write(shop, is_holding=True))
    member = shop.enrol()
    buy(shop, member, 3)
    look(clock)

    clock.shift(HELD_FOR)
    assert shop.commit(basket(90, member=member, spend_points=10)).status_code == 201


def test_points_are_taken_back_with_the_verdict(shop: Shop, clock: time_machine.Traveller) -> None:
    let_look(write(shop, is_holding=True))
    member = shop.enrol()
    buy(shop, member, 3)
    look(clock)
    flag, person = FraudFlag.objects.get(), in_role(FINANCE)

    assert "confirmed" in tell(person, flag, "_confirm", take_points=300)

    flag.refresh_from_db()
    correction = Correction.objects.get()
    assert (correction.points, correction.state, correction.reason) == (-300, "booked", "fraud")
    assert (flag.state, flag.correction_ref, flag.note) == (
        "confirmed",
        correction.ref,
        "till roll looked at",
    )
    assert "till roll" not in correction.note
    assert Wallet.objects.get(member=member).balance == 0
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_more_than_ones_limit_waits_for_a_colleague_with_the_points_held(
    shop: Shop, clock: time_machine.Traveller
) -> None:
    let_look(write(shop, is_holding=True))
    member = shop.enrol()
    buy(shop, member, 4)
    look(clock)
    flag, first, second = FraudFlag.objects.get(), in_role(FINANCE), in_role(FINANCE)

    tell(first, flag, "_confirm", take_points=301)
    assert shop.commit(basket(90, member=member, spend_points=10)).status_code == 409
    assert "another one approves" in tell(first, flag, "_agree")
    tell(second, flag, "_agree")

    flag.refresh_from_db()
    assert (flag.state, flag.decided_by, flag.agreed_by) == (
        "confirmed",
        f"staff:{first.pk}",
        f"staff:{second.pk}",
    )
    assert Wallet.objects.get(member=member).balance == 99
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_colleague_may_ask_to_look_again(shop: Shop, clock: time_machine.Traveller) -> None:
    let_look(write(shop, is_holding=True))
    buy(shop, shop.enrol(), 4)
    look(clock)
    flag = FraudFlag.objects.get()
    tell(in_role(FINANCE), flag, "_confirm", take_points=301)

    tell(in_role(FINANCE), flag, "_back")

    flag.refresh_from_db()
    assert (flag.state, flag.take_points, flag.decided_by) == ("open", 0, "")
    assert not Correction.objects.exists()


def test_a_verdict_needs_its_reason_and_stays(shop: Shop, clock: time_machine.Traveller) -> None:
    let_look(write(shop))
    buy(shop, shop.enrol(), 3)
    look(clock)
    flag, person = FraudFlag.objects.get(), in_role(STORE_MANAGER)

    tell(person, flag, "_clear", note="")
    flag.refresh_from_db()
    assert flag.state == "open"
    tell(person, flag, "_clear")
    assert "This flag is cleared." in tell(person, flag, "_confirm")
    with pytest.raises(ProgrammingError), transaction.atomic():
        FraudFlag.objects.update(state="open")


def test_nobody_decides_about_their_own_wallet(shop: Shop, clock: time_machine.Traveller) -> None:
    let_look(write(shop))
    person = in_role(FINANCE, email="rose@shop.example")
    member = shop.enrol()
    enrolled = enrol(
        identities=[claim("email", "rose@shop.example", region="US")],
        via="till",
        place_code=shop.place.code,
        actor="test",
        now=NOON,
    )
    own = Member.objects.get(pk=enrolled.member_id)
    buy(shop, own, 3)
    look(clock)
    flag = FraudFlag.objects.get()

    assert "ask a colleague" in tell(person, flag, "_clear")
    flag.refresh_from_db()
    assert (flag.state, flag.member) == ("open", own)
    assert member != own


def test_a_cashier_sees_no_flags(shop: Shop) -> None:
    assert page_of(in_role(CASHIER)).get("/admin/loyalty/fraudflag/").status_code == 403


def test_corrections_among_colleagues_are_seen(shop: Shop, clock: time_machine.Traveller) -> None:
    let_look(write(shop, "own_corrections", "staff", more_than=0))
    first, second = in_role(FINANCE), in_role(FINANCE, email="rose@shop.example")
    rose = Member.objects.get(
        pk=enrol(
            identities=[claim("email", "rose@shop.example", region="US")],
            via="till",
            place_code=shop.place.code,
            actor="test",
            now=NOON,
        ).member_id
    )
    for member in (shop.enrol(), rose):
        buy(shop, member, 1)
        wallet = Wallet.objects.get(member=member)
        correct_points(
            wallet,
            50,
            ref=new_ref("cor"),
            reason=CorrectionReason.GOODWILL,
            note="for you",
            by=Colleague(id=first.pk, name=f"staff:{first.pk}", email=first.email, roles=[FINANCE]),
            now=datetime.now(UTC),
        )

    assert look(clock) == 1

    flag = FraudFlag.objects.get()
    assert (flag.evidence["subject"], flag.evidence["member_ids"]) == (f"staff:{first.pk}", [rose.pk])
    assert "ask a colleague" in tell(first, flag, "_clear")
    assert "ask a colleague" in tell(second, flag, "_clear")
