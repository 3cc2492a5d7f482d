"""Rules with scope, tier and period; personal offers; and what the till's screen says of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from loyalty.models import Grant
from loyalty.rules.definition import Multiplier, Period, RuleDefinition, Scope, TierIs, Weekdays
from loyalty.services.grants import GrantDraft, grant_to
from loyalty.services.rules import publish_rule
from members.models import Member
from tests.loyalty.conftest import LONG_AGO, Shop, basket

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 6, 1, 16, tzinfo=UTC)


def publish(shop: Shop, code: str, definition: RuleDefinition) -> None:
    publish_rule(
        programme_id=shop.programme.pk,
        code=code,
        name=code.title(),
        definition=definition,
        live_from=LONG_AGO,
        made_by="test",
        now=LONG_AGO,
    )


def promise(shop: Shop, member: Member, *, days: int = 7, **scope: Any) -> str:
    now = datetime.now(UTC)
    draft = GrantDraft(
        member_id=member.pk,
        programme_id=shop.programme.pk,
        cause="campaign:tea:1",
        title="Triple points on tea",
        mention="Tea earns you triple points this week.",
        effect=Multiplier(percent=300, scope=Scope(**scope)),
        valid_from=now,
        valid_until=now + timedelta(days=days),
    )
    return grant_to([draft], now=now)[0]


def mixed(member: Member | None = None, **more: Any) -> dict[str, Any]:
    body = basket(450, 1_050, member=member, **more)
    body["lines"][0] |= {"category": "tea"}
    return body


def test_a_multiplier_adds_what_is_on_top_of_the_basic_points(shop: Shop) -> None:
    publish(shop, "tea", RuleDefinition(effect=Multiplier(percent=300, scope=Scope(categories=["tea"]))))
    earned = shop.quote(mixed(shop.enrol())).json()["settlement"]["earned"]
    assert [(award["rule"], award["points"], award["lines"]) for award in earned] == [
        ("base", 150, [0, 1]),
        ("tea", 80, [0]),
    ]
    assert earned[1]["because"] == "Tea: triple points on 4.50 USD, 80 more than the basic 40"


def test_multipliers_add_up_and_do_not_multiply_each_other(shop: Shop) -> None:
    publish(shop, "tea", RuleDefinition(effect=Multiplier(percent=200, scope=Scope(categories=["tea"]))))
    publish(shop, "all", RuleDefinition(effect=Multiplier(percent=150)))
    earned = shop.quote(mixed(shop.enrol())).json()["settlement"]["earned"]
    assert {award["rule"]: award["points"] for award in earned} == {"base": 150, "all": 75, "tea": 40}


def test_a_rule_for_a_tier_waits_for_the_tier(shop: Shop) -> None:
    publish(
        shop, "silver", RuleDefinition(effect=Multiplier(percent=125), conditions=[TierIs(tiers=["silver"])])
    )
    member = shop.enrol()
    assert shop.commit(basket(10_000, member=member)).json()["settlement"]["points_earned"] == 1_000
    assert shop.commit(basket(10_000, member=member)).json()["settlement"]["points_earned"] == 1_250


@pytest.mark.parametrize(("hours", "points"), [(-1, 10), (0, 20), (23, 20), (24, 10)])
def test_a_period_is_half_open(shop: Shop, hours: int, points: int) -> None:
    period = Period(starts_at=MONDAY, ends_at=MONDAY + timedelta(days=1))
    publish(shop, "day", RuleDefinition(effect=Multiplier(percent=200), conditions=[period]))
    body = basket(100, member=shop.enrol(), at=(MONDAY + timedelta(hours=hours)).isoformat())
    assert shop.quote(body).json()["settlement"]["points_earned"] == points


def test_never_11_a_weekday_is_a_day_of_the_programme_whoever_asks(shop: Shop) -> None:
    publish(shop, "monday", RuleDefinition(effect=Multiplier(percent=200), conditions=[Weekdays(days=[1])]))
    member = shop.enrol()
    for at, points in (
        ("2026-06-02T03:59:00Z", 20),
        ("2026-06-02T04:00:00Z", 10),
        ("2026-06-02T11:59:00+08:00", 20),
    ):
        body = basket(100, member=member, at=at)
        assert shop.quote(body).json()["settlement"]["points_earned"] == points


def test_a_new_version_counts_from_its_moment_and_the_past_keeps_its_own(shop: Shop) -> None:
    publish(shop, "promo", RuleDefinition(effect=Multiplier(percent=200)))
    publish_rule(
        programme_id=shop.programme.pk,
        code="promo",
        name="Promo",
        definition=RuleDefinition(effect=Multiplier(percent=300)),
        live_from=MONDAY,
        made_by="test",
        now=MONDAY,
    )
    member = shop.enrol()
    for at, expected in ((MONDAY - timedelta(seconds=1), (1, 10)), (MONDAY, (2, 20))):
        earned = shop.quote(basket(100, member=member, at=at.isoformat())).json()["settlement"]["earned"]
        assert [(award["rule_version"], award["points"]) for award in earned if award["rule"] == "promo"] == [
            expected
        ]


def test_an_offer_counts_for_its_member_alone_and_once(shop: Shop) -> None:
    member, other = shop.enrol(), shop.enrol()
    ref = promise(shop, member, categories=["tea"])
    assert shop.quote(mixed(other)).json()["settlement"]["points_earned"] == 150
    assert shop.quote(mixed(member)).json()["settlement"]["points_earned"] == 230
    booked = shop.commit(mixed(member)).json()["settlement"]
    assert booked["earned"][1]["rule"] == f"offer:{ref}"
    assert shop.commit(mixed(member)).json()["settlement"]["points_earned"] == 150
    assert Grant.objects.get(ref=ref).uses == 1


def test_an_offer_that_does_not_fit_is_kept_and_says_why(shop: Shop) -> None:
    member = shop.enrol()
    ref = promise(shop, member, categories=["coffee"])
    settlement = shop.commit(mixed(member)).json()["settlement"]
    assert settlement["not_applied"] == [
        {
            "what": f"offer {ref}",
            "code": "no_matching_line",
            "because": "Triple points on tea: nothing in this basket belongs to it.",
        }
    ]
    assert Grant.objects.get(ref=ref).uses == 0


def test_an_offer_ends_at_its_moment(shop: Shop) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        member = shop.enrol()
        promise(shop, member, days=7)
        clock.shift(timedelta(days=7) - timedelta(seconds=1))
        assert shop.quote(basket(100, member=member)).json()["settlement"]["points_earned"] == 30
        clock.shift(timedelta(seconds=1))
        assert shop.quote(basket(100, member=member)).json()["settlement"]["points_earned"] == 10


def test_a_promise_is_written_down_once(shop: Shop) -> None:
    member = shop.enrol()
    assert promise(shop, member) == promise(shop, member)
    assert Grant.objects.count() == 1


def test_the_tills_screen_has_it_all_in_one_statement(shop: Shop, django_assert_num_queries: Any) -> None:
    member = shop.enrol()
    for _ in range(3):
        shop.commit(mixed(member))
    promise(shop, member)
    body = {"member": {"ref": member.ref}}
    shop.post("till/lookup", body)
    with django_assert_num_queries(1):
        screen = shop.post("till/lookup", body).json()
    assert screen["member"]["ref"] == member.ref
    assert screen["wallet"]["spendable"] == 450
    assert [(item["sku"], item["times"]) for item in screen["usual_order"]] == [("SKU-0", 3), ("SKU-1", 3)]
    assert screen["offer"]["mention"] == "Tea earns you triple points this week."
    assert screen["last_contact"]["kind"] == "purchase"


def test_the_till_is_told_when_nobody_goes_by_this(shop: Shop) -> None:
    answer = shop.post("till/lookup", {"member": {"phone": "+12125550000"}})
    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")
