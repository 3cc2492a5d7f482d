"""Acts earn: once per cause, by rules of their moment, within caps, and with a reason for each point and each none."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.outbox.delivery import deliver_batch
from config.outbox.registry import list_subscribers
from config.staff.roles import FINANCE, STORE_MANAGER
from loyalty.errors import RuleNotValid
from loyalty.models import ActCounted, ActSettlement, Entry, Lot, Wallet
from loyalty.queries.acts import get_act_why
from loyalty.rules.acts import Act
from loyalty.rules.definition import Cap, Period, PropertyFrom, PropertyIs, TierIs, Weekdays
from loyalty.services.acts import Done, award_acts
from loyalty.services.verification import verify_ledger
from members.models import Member
from tests.loyalty.acting import do, event, hand_in, rule_about, tell
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.test_admin_ledger import signed_in
from tests.members.factories import bearer_of
from tests.omnichannel.visitors import signed_in as visitor

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 17, tzinfo=UTC)
"""A Monday, at noon of the shop."""


@pytest.fixture(autouse=True)
def at_start() -> Any:
    with time_machine.travel(START, tick=False) as moved:
        yield moved


@pytest.fixture
def member(shop: Shop) -> Member:
    return shop.enrol()


def points(member: Member) -> int:
    assert verify_ledger(now=datetime.now(UTC)) == []
    return sum(Wallet.objects.filter(member=member).values_list("balance", flat=True))


def whys(ref: str) -> list[tuple[str, str]]:
    return [(one.code, one.because) for one in get_act_why(ref).not_applied]


def test_a_review_gives_points_once_however_often_it_is_told(shop: Shop, member: Member) -> None:
    rule_about(shop)
    told = event(member)

    (ref,) = tell(shop, told)
    again = tell(shop, told, told)

    assert again == [ref, ref]
    assert points(member) == 50
    entry = Entry.objects.get()
    assert (entry.kind, entry.cause, entry.reason) == ("bonus", f"act:{ref}:act", "Act: 50 points for Review")
    assert entry.rule_version is not None
    assert Lot.objects.get().expires_at is not None


def test_news_that_come_twice_give_once(shop: Shop, member: Member) -> None:
    rule_about(shop)
    do(shop, member)
    settled = ActSettlement.objects.get()

    act = Act(ref=settled.act_ref, type="review", title="Review", happened_at=START)
    repeated = Done(member_id=member.pk, programme_code=shop.programme.code, act=act)
    award_acts([repeated], now=START)

    assert points(member) == 50


@pytest.mark.parametrize(("rating", "expected"), [(3, 0), (4, 50), (5, 50)])
def test_properties_are_asked_for(shop: Shop, member: Member, rating: int, expected: int) -> None:
    rule_about(shop, where=[PropertyFrom(property="rating", at_least=4)])

    ref = do(shop, member, properties={"rating": rating})

    assert points(member) == expected
    said = [("property", "Act: It holds only where rating is 4 or more; it is 3.")]
    assert whys(ref) == ([] if expected else said)


def test_what_is_not_told_is_said_to_be_missing(shop: Shop, member: Member) -> None:
    rule_about(shop, where=[PropertyIs(property="has_photo", values=["yes"])])

    assert whys(do(shop, member)) == [
        ("property", "Act: It holds only where has_photo is yes; that was not told.")
    ]
    do(shop, member, properties={"has_photo": True})
    assert points(member) == 50


def test_once_for_each_member(shop: Shop, member: Member) -> None:
    rule_about(shop, "app_install", once_per="member")

    tell(shop, event(member, "app_install"), event(member, "app_install"))
    ref = do(shop, member, "app_install")
    do(shop, other := shop.enrol(), "app_install")

    assert (points(member), points(other)) == (50, 50)
    assert whys(ref) == [
        ("counted_already", "Act: It gives points for app_install, once for each member, and it did.")
    ]


def test_once_for_each_member_and_product(shop: Shop, member: Member) -> None:
    rule_about(shop, once_per="value", of="product")
    tea, milk = {"product": "TEA"}, {"product": "MILK"}

    tell(shop, *(event(member, properties=one) for one in (tea, tea, milk)))
    without = do(shop, member)

    assert points(member) == 100
    assert whys(without) == [("property", "Act: It counts once for each product, and that was not told.")]


def test_once_a_day_of_the_shop(shop: Shop, member: Member) -> None:
    rule_about(shop, "check_in", once_per="member_day")
    midnight = datetime(2026, 3, 2, 5, tzinfo=UTC)

    for at in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=9)):
        do(shop, member, "check_in", at=at)

    assert points(member) == 100


def test_at_most_three_times_a_month(shop: Shop, member: Member) -> None:
    rule_about(shop, caps=[Cap(per="member_month", times=3)])

    refs = tell(shop, *(event(member) for _ in range(4)))
    last_month = do(shop, member, at=START - timedelta(days=3))

    assert points(member) == 200
    assert [get_act_why(ref).points_earned for ref in [*refs, last_month]] == [50, 50, 50, 0, 50]
    assert whys(refs[3]) == [("cap_reached", "Act: 0 points of 50: at most 3 times for each member a month.")]


def test_points_of_a_rule_that_counts_times_stay_as_they_are(shop: Shop) -> None:
    thrice = {"caps": [Cap(per="member_month", times=3)]}
    rule_about(shop, points=20, **thrice)
    with pytest.raises(RuleNotValid, match="write a new rule"):
        rule_about(shop, points=50, **thrice)
    rule_about(shop, points=20, caps=[Cap(per="member_month", times=4)])
    rule_about(shop, points=50)


def test_a_budget_that_all_share_holds_in_one_batch(shop: Shop, member: Member) -> None:
    rule_about(shop, caps=[Cap(per="total", points=120)])

    refs = tell(shop, *(event(one) for one in (member, shop.enrol(), shop.enrol(), shop.enrol())))

    assert [get_act_why(ref).points_earned for ref in refs] == [50, 50, 20, 0]
    assert verify_ledger(now=START) == []


def test_tier_day_and_period_are_those_of_the_act(shop: Shop, member: Member) -> None:
    shop.commit(basket(10_000, member=member))
    rule_about(shop, conditions=[TierIs(tiers=["silver"]), Weekdays(days=[1])])
    rule_about(
        shop,
        code="spring",
        points=7,
        conditions=[Period(starts_at=START, ends_at=START + timedelta(days=1))],
    )

    silver = do(shop, member)
    before = do(shop, member, at=START - timedelta(days=7))
    sunday = do(shop, member, at=START - timedelta(days=1))

    earned = [[one.rule for one in get_act_why(ref).earned] for ref in (silver, before, sunday)]
    assert earned == [["act", "spring"], [], []]
    assert whys(before)[0] == ("tier", "Act: It holds only for members on Silver.")
    assert whys(before)[1][1].startswith("Spring: It holds only done from 2026-03-02 12:00 until")
    assert points(member) == 1_000 + 57


def test_an_act_of_before_the_rule_gives_nothing(shop: Shop, member: Member) -> None:
    rule_about(shop)

    ref = do(shop, member, at=datetime(2019, 12, 31, tzinfo=UTC))

    assert points(member) == 0
    assert whys(ref) == [("no_rule", "No rule gives points for Review.")]


def test_an_act_counts_in_its_own_programme(
    open_shop: Callable[..., Shop], shop: Shop, member: Member
) -> None:
    other = open_shop()
    for one, given in ((shop, 50), (other, 7)):
        rule_about(one, points=given)

    do(shop, member)
    do(other, member)

    balances = Wallet.objects.filter(member=member).values_list("programme_id", "balance")
    assert dict(balances) == {shop.programme.pk: 50, other.programme.pk: 7}
    assert verify_ledger(now=START) == []


def test_points_for_an_act_pay_a_debt_first(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(when_spent="debt")
    member = shop.enrol()
    rule_about(shop)
    order = shop.commit(basket(1_000, member=member)).json()["order"]["ref"]
    shop.commit(basket(10, member=member, spend_points=100))
    cancelled = shop.post(f"orders/{order}/cancel", {"return_number": "X-1"}, **{"Idempotency-Key": "x-1"})
    assert cancelled.json()["wallet"]["debt"] == 100

    do(shop, member)

    wallet = Wallet.objects.get(member=member)
    assert (wallet.debt, wallet.spendable) == (50, 0)
    assert verify_ledger(now=START) == []


def test_a_purchase_meets_no_rule_about_acts(shop: Shop, member: Member) -> None:
    rule_about(shop)

    answer = shop.commit(basket(1_000, member=member)).json()

    assert answer["settlement"]["points_earned"] == 100
    assert answer["settlement"]["not_applied"] == []


def _statements(shop: Shop, events: list[dict[str, Any]]) -> int:
    """What delivering them to the rules about acts costs."""
    hand_in(shop, *events)
    (mine,) = (one for one in list_subscribers() if one.name == "loyalty.acts")
    with CaptureQueriesContext(connection) as told:
        assert deliver_batch(mine, now=datetime.now(UTC)) == len(events)
    return len(told)


def test_a_thousand_acts_cost_as_many_statements_as_three(shop: Shop, member: Member) -> None:
    rule_about(shop, once_per="value", of="product", caps=[Cap(per="member_month", points=10_000)])
    do(shop, member)
    few = _statements(shop, [event(member, properties={"product": f"a-{n}"}) for n in range(3)])

    many = _statements(shop, [event(member, properties={"product": f"b-{n}"}) for n in range(200)])

    assert many == few
    assert points(member) == 10_000


def test_why_is_answered_to_shop_and_member(shop: Shop, member: Member) -> None:
    rule_about(shop)
    ref = do(shop, member)
    app = Client(headers={"authorization": bearer_of(member, now=START)})
    stranger = Client(headers={"authorization": bearer_of(shop.enrol(), now=START)})

    mine = app.get(f"/api/v1/me/events/{ref}/why")
    theirs = shop.client.get(f"/api/v1/events/{ref}/why", headers={"Authorization": f"Bearer {shop.key}"})

    assert mine.status_code == 200
    assert mine.json() == theirs.json()
    assert mine.json()["in_words"] == [
        "Review of 2026-03-02: 50 points.",
        "50 points: Act: 50 points for Review.",
    ]
    assert stranger.get(f"/api/v1/me/events/{ref}/why").status_code == 404
    assert app.get("/api/v1/me/entries").json()["results"][0]["reason"] == "Act: 50 points for Review"


def test_the_database_refuses_to_count_twice(shop: Shop, member: Member) -> None:
    rule_about(shop, once_per="member")
    do(shop, member)
    counted = ActCounted.objects.get()

    with pytest.raises(IntegrityError, match="what_counts_once_counts_once"), transaction.atomic():
        ActCounted.objects.create(rule=counted.rule, member=member, key=counted.key, act_ref="evt_other")


def test_the_admin_says_why(shop: Shop, member: Member) -> None:
    rule_about(shop, where=[PropertyFrom(property="rating", at_least=4)])
    good = do(shop, member, properties={"rating": 5})
    bad = do(shop, member, properties={"rating": 1})
    client = signed_in(FINANCE)

    listed = client.get("/admin/loyalty/actsettlement/")
    entry = client.get(f"/admin/loyalty/entry/{Entry.objects.get().pk}/change/").content.decode()

    assert listed.status_code == 200
    assert f"/admin/loyalty/actsettlement/of/{good}/" in entry
    assert "50 points for Review" in client.get(f"/admin/loyalty/actsettlement/of/{good}/").content.decode()
    said = client.get(f"/admin/loyalty/actsettlement/of/{bad}/").content.decode()
    assert "It holds only where rating is 4 or more; it is 1." in said


def test_a_store_sees_the_acts_of_its_own_programme(
    open_shop: Callable[..., Shop], shop: Shop, member: Member
) -> None:
    rule_about(shop)
    ref = do(shop, member)
    elsewhere = visitor(STORE_MANAGER, at=open_shop().place)

    assert elsewhere.get(f"/admin/loyalty/actsettlement/of/{ref}/").status_code == 404
    assert (
        visitor(STORE_MANAGER, at=shop.place).get(f"/admin/loyalty/actsettlement/of/{ref}/").status_code
        == 200
    )
