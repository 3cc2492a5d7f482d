"""Back-tests of whole programmes: another ladder moves members, and past purchases know all that a rule can ask for."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from loyalty.errors import RuleNotValid
from loyalty.models import Settlement
from loyalty.rules.back_tests import Changes, TriedRule, TriedTier
from loyalty.rules.definition import (
    Basis,
    Birthday,
    Cap,
    ChannelIs,
    Condition,
    FirstPurchase,
    FixedPoints,
    Multiplier,
    PaidBy,
    RuleDefinition,
)
from loyalty.rules.ladders import Demand, LadderDefinition
from loyalty.services.rules import publish_rule
from members.models import Member
from tests.loyalty.conftest import LONG_AGO, Shop
from tests.loyalty.test_back_tests import SATURDAY, buy, tried, year

__all__ = ["year"]

pytestmark = pytest.mark.django_db


def ladder(**thresholds: int) -> Changes:
    return Changes(tiers=[TriedTier(code=code, threshold_minor=minor) for code, minor in thresholds.items()])


def test_a_ladder_that_is_harder_to_climb_takes_tiers_and_their_bonus_away(year: Shop) -> None:
    """The one who reached silver by 100.50 would not have: the silver bonus of the two purchases after it is gone."""
    result = tried(year, ladder(basic=0, silver=50_000, gold=90_000))

    assert result.points.before == result.points_booked
    assert result.points.before - result.points.after == 100 + 45
    assert [(move.before, move.after, move.members) for move in result.tier_moves] == [("silver", "basic", 1)]
    assert {tier.code: (tier.before, tier.after) for tier in result.tiers} == {
        "basic": (1_090, 1_450),
        "silver": (505, 0),
        "gold": (0, 0),
    }


def test_what_was_spent_before_the_first_day_counts_too(year: Shop) -> None:
    days = {"since_on": date(2026, 5, 3), "until_on": date(2026, 5, 31)}

    same = tried(year, ladder(basic=0, silver=10_000, gold=50_001), **days)
    assert (same.points.before, same.points.after, same.tier_moves) == (595, 595, [])

    easier = tried(year, ladder(basic=0, silver=900, gold=10_000), **days)
    assert [(move.before, move.after, move.members) for move in easier.tier_moves] == [
        ("basic", "silver", 1),
        ("silver", "gold", 1),
    ]


@pytest.mark.parametrize(
    ("thresholds", "words"),
    [({"basic": 1}, "lowest tier"), ({"basic": 0, "silver": 0}, "what reaches silver")],
)
def test_what_is_no_ladder_is_refused(year: Shop, thresholds: dict[str, int], words: str) -> None:
    with pytest.raises(RuleNotValid, match=words):
        tried(year, ladder(**thresholds))


def test_a_whole_draft_programme_is_tried_from_its_file(year: Shop, tmp_path: Path, capsys: Any) -> None:
    call_command("export_programme", year.programme.code)
    whole = json.loads(capsys.readouterr().out)
    whole["rules"] = [rule for rule in whole["rules"] if rule["code"] != "silver"]
    whole["rules"][0]["definition"]["effect"]["points"] = 20
    whole["tiers"][1]["threshold_minor"] = 40_000
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(whole))

    call_command(
        "back_test", year.programme.code, "--file", file, "--since", "2026-05-01", "--until", "2026-05-31"
    )

    told = capsys.readouterr().out
    assert f"{2 * (1_000 + 200 + 90 + 90) + 70:,}  (+{2 * 1_380 + 70 - 1_595:,})" in told
    assert "1 members from silver to basic" in told


def test_caps_and_budgets_hold_on_the_past_too(shop: Shop) -> None:
    double = Multiplier(percent=200)
    capped = RuleDefinition(
        effect=double, caps=[Cap(per="member_day", points=120), Cap(per="total", points=300)]
    )
    publish_rule(
        programme_id=shop.programme.pk,
        code="double",
        name="Double",
        definition=capped,
        live_from=LONG_AGO,
        made_by="test",
        now=LONG_AGO,
    )
    for _ in range(2):
        member = shop.enrol()
        for hour in (0, 1, 24):
            buy(shop, SATURDAY + timedelta(hours=hour), 1_000, member=member)
    none_left = TriedRule(
        code="double",
        name="Double",
        definition=RuleDefinition(effect=double, caps=[Cap(per="member", points=150)], when_short="none"),
    )

    result = tried(shop, Changes(rules=[none_left]))

    assert result.points.before == result.points_booked == 600 + 300
    assert result.points.after == 600 + 2 * 100


def test_all_that_a_rule_can_ask_for_is_known_of_past_purchases(shop: Shop) -> None:
    asked: list[tuple[str, int, Condition]] = [
        ("first", 11, FirstPurchase()),
        ("card", 13, PaidBy(kinds=["card"])),
        ("store", 17, ChannelIs(channel="store")),
        ("birthday", 19, Birthday(days_before=1, days_after=1)),
    ]
    rules = [
        (code, RuleDefinition(effect=FixedPoints(points=points), conditions=[condition]))
        for code, points, condition in asked
    ]
    net = RuleDefinition(
        effect=Multiplier(percent=200), basis=Basis(without_tax=True, with_shipping=True, with_points=True)
    )
    for code, definition in [*rules, ("net", net)]:
        publish_rule(
            programme_id=shop.programme.pk,
            code=code,
            name=code,
            definition=definition,
            live_from=LONG_AGO,
            made_by="test",
            now=LONG_AGO,
        )
    member = shop.enrol()
    Member.objects.filter(pk=member.pk).update(birth_month=5, birth_day=2)
    buy(shop, SATURDAY, 1_000, member=member, payments=[{"kind": "card", "amount_minor": 1_000}])
    later: dict[str, Any] = {"member": member, "spend_points": 50}
    buy(shop, datetime(2026, 5, 20, 12, tzinfo=UTC), 2_000, **later)
    buy(shop, SATURDAY + timedelta(hours=1), 3_000, member=shop.enrol())

    result = tried(shop, Changes(without=["card"]))

    booked = list(Settlement.objects.order_by("pk").values_list("points_earned", flat=True))
    assert booked[0] == 100 + 100 + 11 + 13 + 17 + 19
    assert result.points.before == result.points_booked == sum(booked)
    assert result.points.before - result.points.after == 13


def test_other_points_move_members_where_the_ladder_asks_for_points(open_shop: Any) -> None:
    asks_points = LadderDefinition(
        steps=[Demand(tier="basic"), Demand(tier="silver", points=250), Demand(tier="gold", points=10_000)]
    )
    shop = open_shop(ladder=asks_points)
    buy(shop, SATURDAY, 1_000, member=shop.enrol())
    triple = TriedRule(
        code="triple", name="Triple", definition=RuleDefinition(effect=Multiplier(percent=300))
    )

    result = tried(shop, Changes(rules=[triple]))

    assert (result.points.before, result.points.after) == (100, 300)
    assert [(move.before, move.after, move.members) for move in result.tier_moves] == [("basic", "silver", 1)]
