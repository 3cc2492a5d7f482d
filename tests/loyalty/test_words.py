"""What a rule says in words."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from loyalty.rules.definition import (
    Condition,
    Effect,
    FixedPoints,
    Hours,
    Multiplier,
    Period,
    PerStep,
    PlaceIs,
    RuleDefinition,
    Scope,
    TierIs,
    Weekdays,
)
from loyalty.rules.words import changes_between, sentence_of, with_names

TEA = Scope(categories=["TEA"])


@pytest.mark.parametrize(
    ("effect", "conditions", "sentence"),
    [
        (PerStep(points=10, step_minor=10_000), [], "10 points for each full 100.00 USD paid."),
        (Multiplier(percent=300, scope=TEA), [], "Triple points on category TEA."),
        (Multiplier(percent=200), [], "Double points."),
        (Multiplier(percent=150), [], "1.5 times the points."),
        (FixedPoints(points=50), [], "50 points."),
        (
            FixedPoints(points=50, minimum_minor=2_000, scope=Scope(skus=["A", "B"], brands=["X"])),
            [TierIs(tiers=["silver", "gold"]), PlaceIs(places=["S1"])],
            "50 points from 20.00 USD paid on product A or B and brand X, for members on silver or gold, in S1.",
        ),
        (
            Multiplier(percent=300),
            [Weekdays(days=[7, 6]), Hours(starts=time(22), ends=time(2, 30))],
            "Triple points, on Saturday or Sunday, between 22:00 and 02:30.",
        ),
        (
            Multiplier(percent=200, scope=Scope(categories=list("ABCDEF"))),
            [],
            "Double points on category A, B, C, D or 2 more.",
        ),
    ],
)
def test_a_rule_says_what_it_does_in_one_sentence(
    effect: Effect, conditions: list[Condition], sentence: str
) -> None:
    assert sentence_of(RuleDefinition(effect=effect, conditions=conditions), "USD") == sentence


def test_moments_are_told_in_the_programmes_zone() -> None:
    period = Period(
        starts_at=datetime(2026, 11, 16, 5, tzinfo=UTC), ends_at=datetime(2026, 11, 23, 5, tzinfo=UTC)
    )
    definition = RuleDefinition(effect=Multiplier(percent=200), conditions=[period])

    sentence = sentence_of(definition, "USD", zone=ZoneInfo("America/New_York"))

    assert sentence == "Double points, bought from 2026-11-16 00:00 until 2026-11-23 00:00."


def test_codes_of_tiers_and_places_are_said_by_name_where_it_is_known() -> None:
    conditions = [TierIs(tiers=["gold", "ruby"]), PlaceIs(places=["356"]), Weekdays(days=[2])]
    definition = RuleDefinition(effect=Multiplier(percent=200), conditions=conditions)

    said = with_names(definition, tiers={"gold": "Gold"}, places={"356": "Maple Street"})

    assert sentence_of(said, "USD") == (
        "Double points, for members on Gold or ruby, in Maple Street, on Tuesday."
    )


def test_a_change_is_told_facet_by_facet() -> None:
    old = RuleDefinition(effect=Multiplier(percent=200, scope=TEA), conditions=[TierIs(tiers=["gold"])])
    new = RuleDefinition(effect=Multiplier(percent=300, scope=TEA), conditions=[Weekdays(days=[1])])

    assert changes_between(old, new, "USD") == [
        "Gives: double points → triple points",
        "For: for members on gold → any",
        "Days: any → on Monday",
    ]
    assert changes_between(new, new, "USD") == []
