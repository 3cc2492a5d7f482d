"""Accidents of other systems that take a whole story to tell."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from loyalty.models import Lot, MemberRuleUse, Wallet
from loyalty.queries.wallets import get_wallet
from loyalty.rules.definition import Cap, FixedPoints, RuleDefinition
from loyalty.services.redemption_steps import cancel_redemption
from loyalty.services.redemptions import Wish, redeem
from loyalty.services.rules import publish_rule
from loyalty.services.verification import verify_ledger
from members.rules.identities import claim
from members.services.enrolment import enrol
from tests.loyalty.conftest import LONG_AGO, Shop, basket
from tests.loyalty.rewards import gift
from tests.loyalty.test_holds import tell

pytestmark = pytest.mark.django_db


def test_never_4_two_cards_and_a_phone_lead_to_one_wallet_and_the_database_has_no_room_for_another(
    open_shop: Callable[..., Shop],
) -> None:
    ours, theirs = open_shop(), open_shop()
    named = [{"phone": "+12125559001"}, {"card": "C-900001"}, {"card": "C-900002"}]
    enrolled = enrol(
        identities=[claim(kind, value, region="US") for one in named for kind, value in one.items()],
        via="till",
        actor="test",
        now=datetime.now(UTC),
    )
    told = [ours.commit(basket(1_000) | {"member": one}) for one in named]
    assert [answer.json()["wallet"]["balance"] for answer in told] == [100, 200, 300]
    theirs.commit(basket(1_000) | {"member": named[0]})
    wallets = Wallet.objects.filter(member_id=enrolled.member_id)
    assert dict(wallets.values_list("programme_id", "balance")) == {
        ours.programme.pk: 300,
        theirs.programme.pk: 100,
    }
    with pytest.raises(IntegrityError, match="one_wallet_per_member_and_programme"), transaction.atomic():
        Wallet.objects.create(member_id=enrolled.member_id, programme=ours.programme)


@pytest.mark.parametrize("policy", ["clamp", "debt"])
@pytest.mark.parametrize("comes_first", ["what was paid with points", "what earned them"])
def test_never_5_buying_and_returning_over_and_over_leaves_nothing(
    open_shop: Callable[..., Shop], policy: str, comes_first: str
) -> None:
    """Bought, earned, paid with the points, both brought back, again and again: no point and no penny is gained."""
    shop = open_shop(when_spent=policy)
    member = shop.enrol()
    shop.commit(basket(1_000, member=member))
    for turn in range(3):
        big = shop.commit(basket(3_000, member=member)).json()
        paid = shop.commit(basket(90, member=member, spend_points=400)).json()
        assert paid["settlement"]["payable_minor"] == 50
        refs = [paid["order"]["ref"], big["order"]["ref"]]
        refunds = {
            ref: tell(shop, f"orders/{ref}/cancel", {"return_number": f"B-{turn}"}).json()["undone"]
            for ref in (refs if comes_first == "what was paid with points" else refs[::-1])
        }
        assert [refunds[ref]["refund_minor"] for ref in refs] == [50, 3_000]
        assert [refunds[ref]["points_given_back"] for ref in refs] == [400, 0]
        wallet = Wallet.objects.get(member=member)
        assert (wallet.spendable, wallet.debt) == (100, 0)
    assert verify_ledger(now=datetime.now(UTC)) == []


@pytest.mark.parametrize("policy", ["clamp", "debt"])
def test_never_5_redeeming_between_buying_and_returning_leaves_nothing(
    open_shop: Callable[..., Shop], policy: str
) -> None:
    shop = open_shop(when_spent=policy)
    member, mug = shop.enrol(), gift(shop, 400)
    shop.commit(basket(1_000, member=member))
    for turn in range(3):
        order = shop.commit(basket(3_000, member=member)).json()["order"]["ref"]
        wish = Wish(member_id=member.pk, programme_id=shop.programme.pk, reward=mug.code, actor="test")
        made = redeem(wish, now=datetime.now(UTC))
        tell(shop, f"orders/{order}/cancel", {"return_number": f"B-{turn}"})
        cancel_redemption(made.redemption.ref, because="changed mind", by="test", now=datetime.now(UTC))
        wallet = Wallet.objects.get(member=member)
        assert (wallet.spendable, wallet.debt) == (100, 0)
    assert verify_ledger(now=datetime.now(UTC)) == []


@pytest.mark.parametrize("policy", ["clamp", "debt"])
@pytest.mark.parametrize("ends", ["released", "lapsed"])
def test_never_5_holding_between_buying_and_returning_leaves_nothing(
    open_shop: Callable[..., Shop], policy: str, ends: str
) -> None:
    """What the hold lets go is owed: there is never more than the member had, less the debt."""
    with time_machine.travel(datetime(2026, 2, 20, 17, tzinfo=UTC), tick=False) as clock:
        shop = open_shop(when_spent=policy)
        member = shop.enrol()
        shop.commit(basket(1_000, member=member))
        for turn in range(3):
            order = shop.commit(basket(3_000, member=member)).json()["order"]["ref"]
            told = {"member": {"ref": member.ref}, "points": 400, "seconds": 60}
            held = tell(shop, "holds", told).json()["hold"]["ref"]
            undone = tell(shop, f"orders/{order}/cancel", {"return_number": f"B-{turn}"}).json()["undone"]
            assert (undone["points_owed"], undone["points_missing"]) == (300, 0)
            if ends == "released":
                tell(shop, f"holds/{held}/release", {})
            clock.shift(timedelta(minutes=2))
            wallet = get_wallet(member.pk, shop.programme.pk, now=datetime.now(UTC))
            assert (wallet.spendable, wallet.debt) == (400, 300)
        assert verify_ledger(now=datetime.now(UTC)) == []


def test_points_earned_later_never_pay_what_a_return_left(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(when_spent="clamp")
    member, mug = shop.enrol(), gift(shop, 300)
    first = shop.commit(basket(3_000, member=member)).json()["order"]["ref"]
    shop.commit(basket(90, member=member, spend_points=300))
    undone = tell(shop, f"orders/{first}/cancel", {"return_number": "B-1"}).json()["undone"]
    assert (undone["points_missing"], undone["points_owed"]) == (300, 0)
    shop.commit(basket(3_000, member=member))
    wish = Wish(member_id=member.pk, programme_id=shop.programme.pk, reward=mug.code, actor="test")
    made = redeem(wish, now=datetime.now(UTC))
    cancel_redemption(made.redemption.ref, because="changed mind", by="test", now=datetime.now(UTC))
    assert Wallet.objects.get(member=member).spendable == 300
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_a_capped_rule_can_give_again_what_came_back_after_its_return(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(when_spent="clamp")
    publish_rule(
        programme_id=shop.programme.pk,
        code="thanks",
        name="Thanks",
        definition=RuleDefinition(effect=FixedPoints(points=100), caps=[Cap(per="member", points=100)]),
        live_from=LONG_AGO,
        made_by="test",
        now=LONG_AGO,
    )
    member = shop.enrol()
    first = shop.commit(basket(100, member=member)).json()["order"]["ref"]
    paid = shop.commit(basket(20, member=member, spend_points=110)).json()["order"]["ref"]
    for number, ref in enumerate((first, paid)):
        tell(shop, f"orders/{ref}/cancel", {"return_number": f"B-{number}"})
    assert Wallet.objects.get(member=member).balance == 0
    assert MemberRuleUse.objects.get(member_id=member.pk).points == 0
    assert shop.commit(basket(100, member=member)).json()["settlement"]["points_earned"] == 110
    assert verify_ledger(now=datetime.now(UTC)) == []


def test_never_7_what_is_spent_is_drawn_from_lots_and_can_be_spent_no_more(shop: Shop) -> None:
    member = shop.enrol()
    for _ in range(3):
        shop.commit(basket(300, member=member))
    answers = [shop.commit(basket(90, member=member, spend_points=40)).status_code for _ in range(4)]
    assert answers == [201, 201, 409, 409]
    assert sum(Lot.objects.filter(member=member).values_list("remaining", flat=True)) == 10


@pytest.mark.parametrize(
    ("wanted", "paid_minor", "payable_minor"), [(10, 1, 1_233), (230, 23, 1_211), (12_340, 1_234, 0)]
)
def test_never_9_the_cashier_chooses_how_many_points_pay_a_bill_with_pennies(
    shop: Shop, wanted: int, paid_minor: int, payable_minor: int
) -> None:
    member = shop.enrol()
    shop.commit(basket(200_000, member=member))
    body = basket(1_234, member=member, spend_points=wanted)
    assert shop.quote(body).json()["spendable_points"] == 12_340
    settled = shop.commit(body).json()["settlement"]
    assert (settled["points_paid_minor"], settled["payable_minor"]) == (paid_minor, payable_minor)
