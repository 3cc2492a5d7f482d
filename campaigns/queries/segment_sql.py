"""A segment's tree as one parametrised statement.

The registry below is the whole of what a segment may touch: one fragment for each kind of question, over the
feature row `f` and the member `m`. Values are always parameters; no text of a definition becomes SQL. Each
fragment is true or false and never NULL, so that `not` means the same here as in
`campaigns/rules/conditions.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from campaigns.rules.conditions import (
    Answered,
    BirthdayIn,
    BirthdayThisMonth,
    BoughtWithin,
    ConsentsTo,
    FavouriteCategoryIs,
    FavouriteDepartmentIs,
    HoldsTier,
    NotBoughtWithin,
    PurchasesAtLeast,
    Question,
    SpentAtLeast,
    window_start,
)
from campaigns.rules.segments import AllOf, Condition, Not

_OF_PROGRAMME = """
  FROM campaigns_memberfeature f
  JOIN members_member m ON m.id = f.member_id
 WHERE f.programme_id = %s AND m.state = 'active' AND """
_THEIR_IDS = "SELECT f.member_id" + _OF_PROGRAMME
_THEIR_NUMBER = "SELECT count(*)" + _OF_PROGRAMME

_WINDOW = """coalesce((SELECT sum(d.{column}) FROM campaigns_memberday d
 WHERE d.member_id = f.member_id AND d.programme_id = f.programme_id
   AND d.bought_on BETWEEN %s AND %s), 0) >= %s"""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL with its parameters in order."""

    text: str
    params: tuple[Any, ...] = ()


def _tier_is(asked: HoldsTier, today: date) -> Fragment:
    return Fragment("f.tier_code = ANY(%s::text[])", (list(asked.tiers),))


def _bought_within(asked: BoughtWithin, today: date) -> Fragment:
    return Fragment("coalesce(f.last_purchase_on >= %s, false)", (window_start(asked.days, today),))


def _not_bought_within(asked: NotBoughtWithin, today: date) -> Fragment:
    return Fragment("coalesce(f.last_purchase_on < %s, false)", (window_start(asked.days, today),))


def _favourite_category(asked: FavouriteCategoryIs, today: date) -> Fragment:
    return Fragment("f.favourite_category = ANY(%s::text[])", (list(asked.categories),))


def _favourite_department(asked: FavouriteDepartmentIs, today: date) -> Fragment:
    return Fragment("f.favourite_department = ANY(%s::text[])", (list(asked.departments),))


def _birthday_this_month(asked: BirthdayThisMonth, today: date) -> Fragment:
    return Fragment("coalesce(m.birth_month = %s, false)", (today.month,))


def _birthday_in(asked: BirthdayIn, today: date) -> Fragment:
    return Fragment("coalesce(m.birth_month = ANY(%s::int[]), false)", (list(asked.months),))


def _spent_at_least(asked: SpentAtLeast, today: date) -> Fragment:
    window = (window_start(asked.days, today), today, asked.amount_minor)
    return Fragment(_WINDOW.format(column="spent_minor"), window)


def _purchases_at_least(asked: PurchasesAtLeast, today: date) -> Fragment:
    window = (window_start(asked.days, today), today, asked.count)
    return Fragment(_WINDOW.format(column="purchases"), window)


def _consents_to(asked: ConsentsTo, today: date) -> Fragment:
    return Fragment(
        """EXISTS (SELECT FROM members_consent c WHERE c.member_id = f.member_id
               AND c.channel = %s AND c.purpose = %s AND c.is_given)""",
        (asked.channel, asked.purpose),
    )


def _answered(asked: Answered, today: date) -> Fragment:
    return Fragment(
        """EXISTS (SELECT FROM members_attributevalue v JOIN members_attribute a ON a.id = v.attribute_id
              CROSS JOIN LATERAL unnest(coalesce(v.choices, CASE v.is_yes WHEN true THEN '{yes}'
                  WHEN false THEN '{no}' END::varchar[])) AS said (word)
             WHERE v.member_id = f.member_id AND a.seen_by = 'staff' AND NOT a.is_retired
               AND a.code || '=' || said.word = ANY(%s::text[]))""",
        (list(asked.answers),),
    )


_Maker = Callable[[Any, date], Fragment]

REGISTRY: Mapping[type[Question], _Maker] = {
    HoldsTier: _tier_is,
    BoughtWithin: _bought_within,
    NotBoughtWithin: _not_bought_within,
    FavouriteCategoryIs: _favourite_category,
    FavouriteDepartmentIs: _favourite_department,
    BirthdayThisMonth: _birthday_this_month,
    BirthdayIn: _birthday_in,
    SpentAtLeast: _spent_at_least,
    PurchasesAtLeast: _purchases_at_least,
    ConsentsTo: _consents_to,
    Answered: _answered,
}


def condition_sql(tree: Condition, today: date) -> Fragment:
    """The condition alone, over `f` and `m`."""
    if isinstance(tree, Question):
        return REGISTRY[type(tree)](tree, today)
    if isinstance(tree, Not):
        inner = condition_sql(tree.of, today)
        return Fragment(f"NOT ({inner.text})", inner.params)
    parts = [condition_sql(part, today) for part in tree.of]
    glue = " AND " if isinstance(tree, AllOf) else " OR "
    text = glue.join(f"({part.text})" for part in parts)
    return Fragment(text, tuple(param for part in parts for param in part.params))


def members_sql(
    tree: Condition, *, programme_id: int, today: date, only: list[int] | None = None
) -> Fragment:
    """`SELECT member_id` of everyone the tree is true of today.

    :param only: look at these members alone.
    """
    condition = condition_sql(tree, today)
    text, params = f"{_THEIR_IDS}({condition.text})", (programme_id, *condition.params)
    if only is not None:
        return Fragment(text + " AND f.member_id = ANY(%s::bigint[])", (*params, only))
    return Fragment(text, params)


def count_sql(tree: Condition, *, programme_id: int, today: date) -> Fragment:
    """`SELECT count(*)` of the same members."""
    condition = condition_sql(tree, today)
    return Fragment(f"{_THEIR_NUMBER}({condition.text})", (programme_id, *condition.params))
