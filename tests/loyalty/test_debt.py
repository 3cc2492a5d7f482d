"""Points that a return takes back and that are not there any more: they are owed, and the next points pay them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client

from config.staff.roles import ADMINISTRATOR
from loyalty.models import Entry, Lot, LotMove, ProgrammeTerms, Wallet, WhenSpent
from loyalty.rules.definition import FixedPoints, RuleDefinition
from loyalty.services.rules import publish_rule
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.loyalty.conftest import LONG_AGO, Shop, basket
from tests.loyalty.test_admin_ledger import signed_in
from tests.loyalty.test_batches import send
from tests.loyalty.test_returns import bring_back, buy


@pytest.fixture
def lending_shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(when_spent=WhenSpent.DEBT)


def owing_member(shop: Shop, points: int = 100) -> Member:
    """A member who spent what a purchase earned, and brought the goods back."""
    member = shop.enrol()
    ref = buy(shop, member, points * 10)
    buy(shop, member, points // 10, spend_points=points)
    undone = bring_back(shop, ref, None).json()["undone"]
    assert (undone["points_taken_back"], undone["points_owed"], undone["points_missing"]) == (
        points,
        points,
        0,
    )
    return member


def figures(member: Member) -> tuple[int, int]:
    """What is left in the lots, and what is owed."""
    assert verify_ledger(now=datetime.now(UTC)) == []
    wallet = Wallet.objects.get(member=member)
    return wallet.balance + wallet.debt, wallet.debt


@pytest.mark.django_db
def test_what_is_not_there_is_owed_and_the_wallet_says_so(lending_shop: Shop) -> None:
    member = owing_member(lending_shop)
    shown = lending_shop.post("till/lookup", {"member": {"ref": member.ref}}).json()["wallet"]
    assert (shown["balance"], shown["spendable"], shown["debt"]) == (0, 0, 100)
    taken = Entry.objects.get(kind="reverse_earn")
    assert (taken.points, taken.debt_change, taken.balance_after) == (-100, 100, -100)
    assert figures(member) == (0, 100)


@pytest.mark.django_db
@pytest.mark.parametrize(("earned", "left"), [(90, (0, 10)), (100, (0, 0)), (110, (10, 0))])
def test_the_next_points_pay_the_debt_first(lending_shop: Shop, earned: int, left: tuple[int, int]) -> None:
    member = owing_member(lending_shop)
    answer = lending_shop.commit(basket(earned * 10, member=member)).json()
    assert answer["settlement"]["points_earned"] == earned
    assert (answer["wallet"]["balance"], answer["wallet"]["debt"]) == left
    assert figures(member) == left
    entry = Entry.objects.filter(kind="earn").order_by("-id")[0]
    assert (entry.points, entry.debt_change) == (earned, max(-earned, -100))
    assert LotMove.objects.filter(entry=entry).count() == (1 if left[0] else 0)
    assert not Lot.objects.filter(credited=0).exists()


@pytest.mark.django_db
def test_points_that_paid_the_debt_are_taken_back_in_turn_as_debt(lending_shop: Shop) -> None:
    member = owing_member(lending_shop)
    ref = buy(lending_shop, member, 1_500)
    assert figures(member) == (50, 0)
    undone = bring_back(lending_shop, ref, None).json()["undone"]
    assert (undone["points_taken_back"], undone["points_owed"]) == (150, 100)
    assert figures(member) == (0, 100)


@pytest.mark.django_db
def test_points_that_go_back_after_a_return_pay_the_debt_first(lending_shop: Shop) -> None:
    """NEVER 5: buy, earn, spend, bring both back: nothing stays."""
    member = lending_shop.enrol()
    first = buy(lending_shop, member, 1_000)
    second = buy(lending_shop, member, 10, spend_points=100)
    bring_back(lending_shop, first, None)
    assert figures(member) == (0, 100)
    undone = bring_back(lending_shop, second, None).json()["undone"]
    assert undone["points_given_back"] == 100
    assert figures(member) == (0, 0)


@pytest.mark.django_db
def test_staff_see_what_is_owed(lending_shop: Shop) -> None:
    member = owing_member(lending_shop)
    client = signed_in(ADMINISTRATOR)
    wallet = Wallet.objects.get(member=member)
    assert b"Owed" in client.get(f"/admin/loyalty/wallet/{wallet.pk}/change/").content
    assert b"Owed" in client.get(f"/admin/members/member/{member.pk}/change/").content


@pytest.mark.django_db
def test_pending_points_are_taken_before_anything_is_owed(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(when_spent=WhenSpent.DEBT)
    member = shop.enrol()
    ref = buy(shop, member, 1_000)
    buy(shop, member, 10, spend_points=100)
    ProgrammeTerms.objects.filter(programme=shop.programme).update(maturity_days=14)
    buy(shop, member, 300)
    assert bring_back(shop, ref, None).json()["undone"]["points_owed"] == 70
    assert figures(member) == (0, 70)


@pytest.mark.django_db
def test_several_awards_and_several_members_pay_exactly_what_they_owe_in_one_statement(
    lending_shop: Shop,
) -> None:
    shop = lending_shop
    members = [owing_member(shop, 50), owing_member(shop, 70), shop.enrol()]
    publish_rule(
        programme_id=shop.programme.pk,
        code="present",
        name="Present",
        definition=RuleDefinition(effect=FixedPoints(points=30)),
        live_from=LONG_AGO,
        made_by="test",
        now=LONG_AGO,
    )
    told = send(shop, [basket(600, member=member) for member in [*members, members[0]]])
    assert [line["status"] for line in told] == [201] * 4
    assert [figures(member) for member in members] == [(130, 0), (20, 0), (90, 0)]
    paid = (
        Entry.objects.filter(debt_change__lt=0)
        .order_by("wallet_id", "seq")
        .values_list("kind", "debt_change")
    )
    assert list(paid) == [("earn", -50), ("earn", -60), ("bonus", -10)]


@pytest.mark.django_db(transaction=True)
def test_tills_that_sell_and_take_back_at_once_owe_and_pay_exactly(lending_shop: Shop) -> None:
    shop = lending_shop
    member = shop.enrol()
    refs = [buy(shop, member, 1_000) for _ in range(4)]
    buy(shop, member, 40, spend_points=400)

    def one(number: int) -> int:
        at_till = replace(shop, client=Client())
        try:
            if number % 2:
                return int(bring_back(at_till, refs[number // 2], None).status_code)
            return int(at_till.commit(basket(700, member=member)).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(8))) == [201] * 8
    assert figures(member) == (0, 120)
