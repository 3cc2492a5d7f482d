"""What a challenge asks for and gives, and how far somebody has come, in words for member, cashier and marketer."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from config.ground.amounts import money
from config.ground.words import counted
from loyalty.rules.challenges import (
    Acts,
    ChallengeDefinition,
    Gives,
    GivesPoints,
    Goal,
    Mission,
    Purchases,
    Referral,
    StampCard,
    Streak,
)
from loyalty.rules.condition_words import EVERYTHING_SAID, Manner, words_of_condition, words_of_scope
from loyalty.rules.conditions import PlaceIs
from loyalty.rules.words import points_words

Names = Mapping[str, str]
NO_NAMES: Names = MappingProxyType({})


def sentence_of_challenge(
    definition: ChallengeDefinition,
    manner: Manner,
    *,
    series: Names = NO_NAMES,
    acts: Names = NO_NAMES,
    places: Names = NO_NAMES,
) -> str:
    """One sentence: what to do, what it gives, and how often.

    Collect 9 stamps, one for each piece of category TEA: 500 points, as often as you like.

    :param series, acts, places: what codes are called.
    """
    goal = definition.goal
    given = given_by_challenge(definition, series)
    if isinstance(goal, Referral) and goal.friend_gives is not None:
        given += f", and {_given(goal.friend_gives, series)} for the friend"
    return f"{_asked(goal, manner, acts, places)}: {given}, {_how_often(definition)}."


def given_by_challenge(definition: ChallengeDefinition, series: Names = NO_NAMES) -> str:
    """What completing it gives, e.g. `500 points and the badge Early bird`."""
    given = [_given(definition.gives, series)] if definition.gives is not None else []
    badge = [f"the badge {definition.badge}"] if definition.badge else []
    return " and ".join(given + badge)


def words_of_missing(definition: ChallengeDefinition, missing: int, series: Names = NO_NAMES) -> str:
    """How much is missing, e.g. `2 more stamps until 500 points`."""
    one, many = _unit(definition.goal)
    return f"{counted(missing, f'more {one}', f'more {many}')} until {given_by_challenge(definition, series)}"


def words_of_reached(goal: Goal, reached: int, needed: int) -> str:
    """How far somebody has come, e.g. `7 of 9 stamps`."""
    return f"{reached:,} of {counted(needed, *_unit(goal))}"


def _given(gives: Gives, series: Names) -> str:
    if isinstance(gives, GivesPoints):
        return points_words(gives.points)
    return f"the voucher {series.get(gives.series, gives.series)}"


def _unit(goal: Goal) -> tuple[str, str]:
    match goal:
        case StampCard():
            return "stamp", "stamps"
        case Mission(on_different_days=True):
            return "day", "days"
        case Mission(of=Acts()):
            return "time", "times"
        case Mission():
            return "purchase", "purchases"
        case Streak(unit=unit):
            return unit, f"{unit}s"
        case Referral():
            return "friend", "friends"


def _asked(goal: Goal, manner: Manner, acts: Names, places: Names) -> str:
    match goal:
        case StampCard(stamps=stamps, of=of):
            each = f"one for each {_stamped(goal, manner)}{_of(of, manner, acts, places)}"
            return f"Collect {counted(stamps, 'stamp')}, {each}"
        case Mission(times=times, of=of, on_different_days=different):
            what = counted(times, "time" if isinstance(of, Acts) else "purchase")
            days = ", on different days" if different else ""
            return f"Make it {what}{_of(of, manner, acts, places)}{days}"
        case Streak(length=length, unit=unit, of=of):
            what = "" if isinstance(of, Acts) else " with a purchase"
            return f"Make it {counted(length, unit)} in a row{what}{_of(of, manner, acts, places)}"
        case Referral(minimum_minor=minimum, kept_days=days):
            paid = f" of {money(minimum, manner.currency)} or more" if minimum > 1 else ""
            kept = f" and keeps it for {counted(days, 'day')}" if days else ""
            return f"Bring a friend who joins by your code and pays for a purchase{paid}{kept}"


def _stamped(goal: StampCard, manner: Manner) -> str:
    if isinstance(goal.of, Acts):
        return "time"
    match goal.per:
        case "piece":
            return "piece"
        case "purchase":
            return "purchase"
        case "amount":
            return f"full {money(goal.amount_minor or 0, manner.currency)} paid"


def _of(of: Purchases | Acts, manner: Manner, acts: Names, places: Names) -> str:
    if isinstance(of, Acts):
        return f" of “{acts.get(of.act, of.act)}”"
    scope = words_of_scope(of.scope)
    on = "" if scope == EVERYTHING_SAID else f" of {scope}"
    said = [
        words_of_condition(
            replace(one, places=[places.get(code, code) for code in one.places])
            if isinstance(one, PlaceIs)
            else one,
            manner,
        )
        for one in of.conditions
    ]
    return on + "".join(f", {words}" for words in said)


def _how_often(definition: ChallengeDefinition) -> str:
    if definition.most is None:
        return "as often as you like"
    return "once" if definition.most == 1 else f"at most {definition.most:,} times"
