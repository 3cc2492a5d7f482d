"""Back-tests: what was booked is what is settled again, and a change of rules differs by exactly what it says."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.ground.typed import dump
from loyalty.models import BackTest, Entry, Rule, Settlement
from loyalty.queries.back_test_results import BackTestResult, get_result
from loyalty.rules.back_tests import Changes, TriedRule
from loyalty.rules.definition import FixedPoints, Multiplier, RuleDefinition, Scope, TierIs, Weekdays
from loyalty.services import back_tests
from loyalty.services.back_tests import advance_back_test, ask_back_test
from loyalty.services.grants import GrantDraft, grant_to
from loyalty.services.rules import publish_rule
from loyalty.tasks import work_on_back_tests
from omnichannel.services.keys import make_key
from tests.loyalty.conftest import LONG_AGO, Shop, basket

pytestmark = pytest.mark.django_db

SATURDAY = datetime(2026, 5, 2, 16, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DOUBLE_TEA = TriedRule(
    code="tea-weekend",
    name="Tea weekends",
    definition=RuleDefinition(
        effect=Multiplier(percent=200, scope=Scope(categories=["TEA"])),
        conditions=[Weekdays(days=[6, 7])],
    ),
)


def buy(shop: Shop, at: datetime, *prices: int, category: str = "TEA", **more: Any) -> Any:
    body = basket(*prices, placed_at=at.isoformat(), **more)
    for line in body["lines"]:
        line["category"] = category
    answer = shop.commit(body)
    assert answer.status_code == 201, answer.content
    return answer.json()


@pytest.fixture
def year(shop: Shop) -> Shop:
    """Two members' purchases: one climbs to silver, spends points and uses an offer; and one that nobody claimed."""
    publish_rule(
        programme_id=shop.programme.pk,
        code="silver",
        name="Silver",
        definition=RuleDefinition(effect=Multiplier(percent=150), conditions=[TierIs(tiers=["silver"])]),
        live_from=LONG_AGO,
        made_by="test",
        now=LONG_AGO,
    )
    first, second = shop.enrol(), shop.enrol()
    buy(shop, SATURDAY, 10_050, member=first)
    buy(shop, SATURDAY + timedelta(days=1), 2_000, member=first)
    offer = GrantDraft(
        member_id=first.pk,
        programme_id=shop.programme.pk,
        cause="test",
        title="Tea for you",
        effect=FixedPoints(points=70),
        valid_from=SATURDAY,
        valid_until=SATURDAY + timedelta(days=90),
    )
    grant_to([offer], now=SATURDAY)
    buy(shop, SATURDAY + timedelta(days=2), 1_000, member=first, spend_points=100)
    buy(shop, SATURDAY + timedelta(days=3), 990, category="CAKE", member=second)
    buy(shop, SATURDAY, 700)
    return shop


def tried(shop: Shop, changes: Changes, **days: date) -> BackTestResult:
    stretch = {"since_on": date(2026, 5, 1), "until_on": date(2026, 5, 31)} | days
    asked = ask_back_test(
        programme_id=shop.programme.pk, name="Tea", changes=changes, **stretch, by="test", now=NOW
    )
    while advance_back_test(now=NOW):
        pass
    done = BackTest.objects.get(pk=asked.pk)
    assert (done.state, done.problem) == ("done", "")
    return get_result(done)


def test_the_live_rules_settled_again_are_what_was_booked_to_the_point(year: Shop) -> None:
    never = TriedRule(
        code="never",
        name="Never",
        definition=RuleDefinition(effect=FixedPoints(points=5, minimum_minor=10**9)),
    )

    result = tried(year, Changes(rules=[never]))

    booked = sum(Settlement.objects.values_list("points_earned", flat=True))
    assert booked == 1_000 + 300 + 205 + 90
    assert result.points_booked == result.points.before == result.points.after == booked
    assert (result.orders, result.members, result.members_touched, result.winners) == (4, 2, 0, [])
    assert {tier.code: tier.before for tier in result.tiers} == {"basic": 1_090, "silver": 505, "gold": 0}


def test_a_draft_adds_exactly_what_it_says_and_books_nothing(year: Shop) -> None:
    entries = Entry.objects.count()

    result = tried(year, Changes(rules=[DOUBLE_TEA]))

    assert result.points.after - result.points.before == 1_000 + 200
    assert result.cost_minor.after - result.cost_minor.before == 120
    assert (result.orders_touched, result.members_touched) == (2, 1)
    assert [(week.starts_on, week.after - week.before) for week in result.weeks] == [
        (date(2026, 4, 27), 1_200),
        (date(2026, 5, 4), 0),
    ]
    assert {rule.code: rule.after for rule in result.rules}["tea-weekend"] == 1_200
    assert [(one.before, one.after) for one in result.winners] == [(1_505, 2_705)]
    assert Entry.objects.count() == entries
    assert not Rule.objects.filter(code="tea-weekend").exists()


def test_a_rule_taken_away_or_replaced_counts_in_place_of_the_live_one(year: Shop) -> None:
    without = tried(year, Changes(without=["silver"]))
    silver = next(rule for rule in without.rules if rule.code == "silver")
    assert silver.after == 0
    assert without.points.before - without.points.after == silver.before == 100 + 45

    richer = TriedRule(
        code="silver",
        name="Silver",
        definition=RuleDefinition(effect=Multiplier(percent=200), conditions=[TierIs(tiers=["silver"])]),
    )
    replaced = tried(year, Changes(rules=[richer]))
    assert next(rule.after for rule in replaced.rules if rule.code == "silver") == 2 * silver.before


def test_only_the_days_that_were_asked_for_are_looked_at(year: Shop) -> None:
    """00:00 of the first day until midnight of the last, on the programme's calendar."""
    result = tried(year, Changes(rules=[DOUBLE_TEA]), since_on=SATURDAY.date(), until_on=SATURDAY.date())

    assert (result.orders, result.points.before) == (1, 1_000)


def test_it_goes_on_where_a_worker_died(year: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece is one transaction: what a crash takes with it is done again, and nothing is counted twice."""
    monkeypatch.setattr(back_tests, "ORDERS_PER_PIECE", 1)
    whole = tried(year, Changes(rules=[DOUBLE_TEA]))
    asked = ask_back_test(
        programme_id=year.programme.pk,
        name="Tea",
        changes=Changes(rules=[DOUBLE_TEA]),
        since_on=date(2026, 5, 1),
        until_on=date(2026, 5, 31),
        by="test",
        now=NOW,
    )
    assert advance_back_test(now=NOW)
    halfway = BackTest.objects.get(pk=asked.pk)
    assert (halfway.state, halfway.orders_total, halfway.tally["orders"]) == ("running", 4, 3)

    assert work_on_back_tests() == 2

    assert get_result(BackTest.objects.get(pk=asked.pk)) == whole


def test_one_that_cannot_be_worked_on_fails_with_its_reason_and_others_go_on(year: Shop) -> None:
    asked = ask_back_test(
        programme_id=year.programme.pk,
        name="Tea",
        changes=Changes(rules=[DOUBLE_TEA]),
        since_on=date(2026, 5, 1),
        until_on=date(2026, 5, 31),
        by="test",
        now=NOW,
    )
    BackTest.objects.filter(pk=asked.pk).update(changes={"rules": [{"code": "torn"}]})

    result = tried(year, Changes(rules=[DOUBLE_TEA]))

    failed = BackTest.objects.get(pk=asked.pk)
    assert failed.state == "failed"
    assert failed.problem
    assert result.orders == 4


@pytest.fixture
def marketing(year: Shop) -> str:
    made = make_key(
        name="marketing",
        scopes=["campaigns"],
        place_id=year.place.pk,
        made_by="test",
        now=datetime.now(UTC),
    )
    return made.text


def test_the_api_takes_it_on_and_tells_what_it_came_to(year: Shop, marketing: str) -> None:
    body = {
        "name": "Tea weekends",
        "changes": {"rules": [dump(DOUBLE_TEA)]},
        "since_on": "2026-05-01",
        "until_on": "2026-05-31",
    }

    asked = year.post("back-tests", body, key=marketing)
    assert asked.status_code == 202, asked.content
    assert (asked.json()["state"], asked.json()["result"]) == ("waiting", None)
    work_on_back_tests()

    path = f"/api/v1/back-tests/{asked.json()['ref']}"
    done = year.client.get(path, headers={"Authorization": f"Bearer {marketing}"}).json()
    assert (done["state"], done["orders_done"], done["orders_total"]) == ("done", 4, 4)
    assert done["result"]["points"] == {"before": 1_595, "after": 2_795}
    assert done["result"]["cost_minor"] == {"before": 159, "after": 279}
    listed = year.client.get("/api/v1/back-tests", headers={"Authorization": f"Bearer {marketing}"}).json()
    assert [one["ref"] for one in listed["results"]] == [done["ref"]]
    assert year.post("back-tests", body).status_code == 403


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "rule_not_valid"),
        ({"without": ["nobody-knows"]}, "rule_not_valid"),
        ({"without": ["silver", "silver"]}, "rule_not_valid"),
        (
            {"rules": [{"code": "x", "name": "X", "definition": {"effect": {"type": "fixed"}}}]},
            "invalid_input",
        ),
    ],
)
def test_what_changes_nothing_or_cannot_be_is_refused(
    year: Shop, marketing: str, changes: Any, code: str
) -> None:
    body = {"name": "x", "changes": changes, "since_on": "2026-05-01", "until_on": "2026-05-31"}

    refused = year.post("back-tests", body, key=marketing)

    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert not BackTest.objects.exists()


def test_the_command_prints_what_it_comes_to(year: Shop, tmp_path: Any, capsys: Any) -> None:
    file = tmp_path / "rule.json"
    file.write_text(json.dumps(dump(DOUBLE_TEA)))
    days = ["--since", "2026-05-01", "--until", "2026-05-31"]

    call_command("back_test", year.programme.code, "--rule", str(file), *days)

    told = capsys.readouterr().out
    assert "2,795  (+1,200)" in told
    assert "1.20 USD" in told
    with pytest.raises(CommandError, match="no rule 'nobody-knows'"):
        call_command("back_test", year.programme.code, "--without", "nobody-knows", *days)
