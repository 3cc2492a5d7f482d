"""A segment is a tree of conditions: and, or, not over the questions of `conditions.py`.

The tree is the definition. From it come the SQL that finds the members, the sentence a marketer reads, and
the judgement that says leaf by leaf why one member is in or out.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

import msgspec

from campaigns.rules.conditions import (
    Answered,
    BirthdayIn,
    BirthdayThisMonth,
    BoughtWithin,
    ConsentsTo,
    Facts,
    FavouriteCategoryIs,
    FavouriteDepartmentIs,
    HoldsTier,
    NotBoughtWithin,
    PurchasesAtLeast,
    Question,
    SpentAtLeast,
)

MOST_QUESTIONS = 40
"""The cost guard: a question is at most one index look-up per member, so their number bounds the statement."""
DEEPEST = 6


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A condition made of conditions."""


class AllOf(Group, frozen=True, kw_only=True, tag="all"):
    """True when each of its conditions is."""

    of: Annotated[list["Condition"], msgspec.Meta(min_length=1, max_length=MOST_QUESTIONS)]


class AnyOf(Group, frozen=True, kw_only=True, tag="any"):
    """True when at least one of its conditions is."""

    of: Annotated[list["Condition"], msgspec.Meta(min_length=1, max_length=MOST_QUESTIONS)]


class Not(Group, frozen=True, kw_only=True, tag="not"):
    """True when its condition is not; what is unknown counts as not true, so its negation is true."""

    of: "Condition"


Condition = (
    AllOf
    | AnyOf
    | Not
    | HoldsTier
    | BoughtWithin
    | NotBoughtWithin
    | FavouriteCategoryIs
    | FavouriteDepartmentIs
    | BirthdayThisMonth
    | BirthdayIn
    | SpentAtLeast
    | PurchasesAtLeast
    | ConsentsTo
    | Answered
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Why one condition holds or not for one member; groups carry the judgements of their parts."""

    words: str
    is_true: bool
    seen: str = ""
    of: list["Judgement"] = field(default_factory=list)


def judge(tree: Condition, facts: Facts, today: date, currency: str) -> Judgement:
    """The whole tree, answered for one member, every leaf of it: nothing is cut short."""
    if isinstance(tree, Question):
        return Judgement(tree.words(currency), tree.holds(facts, today), tree.seen(facts, today, currency))
    if isinstance(tree, Not):
        inner = judge(tree.of, facts, today, currency)
        return Judgement("not", not inner.is_true, of=[inner])
    parts = [judge(part, facts, today, currency) for part in tree.of]
    if isinstance(tree, AllOf):
        return Judgement("all of", all(part.is_true for part in parts), of=parts)
    return Judgement("any of", any(part.is_true for part in parts), of=parts)


def sentence(tree: Condition, currency: str) -> str:
    """The segment in one plain sentence: `A member who is in tier gold and bought within the last 7 days.`"""
    return f"A member who {_words(tree, currency)}."


def _words(tree: Condition, currency: str, *, is_inner: bool = False) -> str:
    if isinstance(tree, Question):
        return tree.words(currency)
    if isinstance(tree, Not):
        return f"not ({_words(tree.of, currency)})"
    glue = " and " if isinstance(tree, AllOf) else " or "
    said = glue.join(_words(part, currency, is_inner=True) for part in tree.of)
    return f"({said})" if is_inner and len(tree.of) > 1 else said


def count_questions(tree: Condition) -> int:
    """How many leaves the tree has."""
    if isinstance(tree, Question):
        return 1
    return sum(count_questions(part) for part in parts_of(tree))


def depth(tree: Condition) -> int:
    """How many levels the tree has; a single question has one."""
    if isinstance(tree, Question):
        return 1
    return 1 + max(depth(part) for part in parts_of(tree))


def parts_of(tree: AllOf | AnyOf | Not) -> list[Condition]:
    """The conditions directly under a group or a negation."""
    return [tree.of] if isinstance(tree, Not) else list(tree.of)


def is_affordable(tree: Condition) -> bool:
    """Whether the tree is small enough to be asked of every member."""
    return depth(tree) <= DEEPEST and count_questions(tree) <= MOST_QUESTIONS


def condition_schema() -> dict[str, Any]:
    """The JSON Schema of a segment's tree, for form builders."""
    return msgspec.json.schema(Condition)
