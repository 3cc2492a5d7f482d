"""What a back-test's page shows: figures, charts and who would gain most."""

from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import format_html

from config.ground.amounts import money
from config.ground.typed import load
from config.staff.dashboard import Chart, Number, Series, Table
from loyalty.models import BackTest, BackTestState, Rule
from loyalty.queries.back_test_results import BackTestResult, PartResult, get_result
from loyalty.queries.vocabulary import list_names
from loyalty.rules.back_tests import Changes
from loyalty.rules.ladder_words import sentence_of_keeping, words_of_demand
from loyalty.rules.ladders import LadderTerms
from loyalty.rules.words import sentence_of

STATES = {
    BackTestState.WAITING: "default",
    BackTestState.RUNNING: "info",
    BackTestState.DONE: "success",
    BackTestState.FAILED: "danger",
}
"""State -> the colour of its label."""

MOST_RULES = 15
"""So many rules are drawn, those that give most."""

TODAY, CHANGED = "as it was", "with the change"


def progress_of(back_test: BackTest) -> int:
    """Percent of the purchases that are looked at, rounded down."""
    if back_test.state == BackTestState.DONE:
        return 100
    done: int = back_test.tally.get("orders", 0)
    return done * 100 // back_test.orders_total if back_test.orders_total else 0


def said(back_test: BackTest) -> list[str]:
    """What is tried, a sentence for each rule."""
    changes: Changes = load(Changes, back_test.changes)
    programme = back_test.programme
    names = list_names([programme.pk])[programme.pk]
    zone = ZoneInfo(programme.timezone)
    sentences = []
    for rule in changes.rules:
        definition = names.said(rule.definition)
        sentences.append(f"{rule.name}: {sentence_of(definition, programme.currency, zone=zone)}")
    sentences += [f"Without the rule {code}." for code in changes.without]
    terms = changes.ladder or LadderTerms()
    steps = [
        f"{tier.code} by {words_of_demand(tier.demand, terms, programme.currency)}"
        for tier in (changes.tiers or ())[1:]
    ]
    sentences += [f"Another ladder: {', '.join(steps)}."] if steps else []
    return [*sentences, sentence_of_keeping(terms)] if changes.ladder else sentences


def page_of(back_test: BackTest) -> dict[str, Any]:
    """The page's figures, once there are any."""
    shown = {"said": said(back_test), "percent": progress_of(back_test), "colour": STATES[_state(back_test)]}
    if back_test.state != BackTestState.DONE:
        return shown
    result = get_result(back_test)
    names = list_names([back_test.programme_id])[back_test.programme_id]
    return shown | {
        "numbers": _numbers(result),
        "weeks": Chart(
            [f"{week.starts_on:%-d %b}" for week in result.weeks],
            [
                Series(TODAY, [week.before for week in result.weeks], is_quiet=True),
                Series(CHANGED, [week.after for week in result.weeks]),
            ],
            unit="points",
        ),
        "tiers": _chart(result.tiers, names.tiers),
        "rules": _chart(result.rules[:MOST_RULES], _rule_names(back_test)),
        "winners": _winners(result),
    }


def _rule_names(back_test: BackTest) -> dict[str, str]:
    changes: Changes = load(Changes, back_test.changes)
    known = dict(Rule.objects.filter(programme_id=back_test.programme_id).values_list("code", "name"))
    return known | {rule.code: rule.name for rule in changes.rules} | {"offer": "Personal offers"}


def _state(back_test: BackTest) -> BackTestState:
    return BackTestState(back_test.state)


def _numbers(result: BackTestResult) -> list[tuple[str, Number]]:
    points, cost = result.points, result.cost_minor
    more = points.after - points.before
    percent = f", {more * 100 / points.before:+.1f} %" if points.before else ""
    as_booked = (
        "as booked then" if points.before == result.points_booked else f"{result.points_booked:,} were booked"
    )
    return [
        ("Points", Number(f"{more:+,}", f"{points.before:,} ({as_booked}) → {points.after:,}{percent}")),
        (
            "Cost",
            Number(
                f"{'+' if more > 0 else ''}{money(cost.after - cost.before, result.currency)}",
                "by what points pay: "
                f"{money(cost.before, result.currency)} → {money(cost.after, result.currency)}",
            ),
        ),
        ("Members touched", Number(f"{result.members_touched:,}", f"of {result.members:,} who bought")),
        ("Purchases touched", Number(f"{result.orders_touched:,}", f"of {result.orders:,}")),
        ("Tier moves", _moves(result)),
    ]


def _moves(result: BackTestResult) -> Number:
    if not result.tier_moves:
        return Number("0", "tiers follow the money paid, which points do not change")
    told = [f"{move.members:,} from {move.before} to {move.after}" for move in result.tier_moves]
    return Number(f"{sum(move.members for move in result.tier_moves):,}", ", ".join(told))


def _chart(parts: list[PartResult], names: dict[str, str]) -> Chart:
    return Chart(
        [names.get(part.code, part.code) for part in parts],
        [
            Series(TODAY, [part.before for part in parts], is_quiet=True),
            Series(CHANGED, [part.after for part in parts]),
        ],
        is_horizontal=True,
    )


def _winners(result: BackTestResult) -> Table:
    search = reverse("admin:members_member_changelist")
    return Table(
        ["Member", "Name", "As it was", "With the change", "More"],
        [
            [
                format_html(
                    '<a class="text-link" href="{}?q={}">{}</a>', search, one.member_ref, one.member_ref
                ),
                one.name,
                f"{one.before:,}",
                f"{one.after:,}",
                f"{one.after - one.before:+,}",
            ]
            for one in result.winners
        ],
    )
