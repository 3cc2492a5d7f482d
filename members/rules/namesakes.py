"""Namesakes: how many would bear two names by chance. Where many do, sharing the names says less."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from members.rules.portraits import Portrait

COUNTED_FROM = 5
"""Names that fewer bear are not counted."""
UNCOUNTED = 2
"""So many are taken to bear a name that is not counted."""
FEWEST = 1_000
"""Shares are of so many members at least: in a small house a family of four makes no common name."""
LONGEST = 100
"""Characters of the longest name that is counted."""
TWICE = 0.05
"""The share of members taken to have a second account: for a pair of namesakes the odds are this to the expected."""
MOST = 12
"""What namesakes cost at most, which is 8,000 of them."""
ONE_IN = {"birth:same": 40.0, "phone:same": math.inf, "phone:slip": math.inf, "email:same": math.inf}
"""Finding -> how many namesakes it takes for one who agrees in that by chance, beyond what the finding weighs anyway.

A weight is what is learnt where few share a name; among many a birth date says more. Names and birth date come to 6.3,
which is 540 to one, and of strangers one in 22,000 was born on the same day: 40 times fewer. Nobody has a stranger's
phone or mailbox by chance.
"""
ONE_IN_BY_ONE_NAME = 15.0
"""And so many times more if one name differs, for the weight of that takes the more off already."""


class NameCounts(msgspec.Struct, frozen=True):
    """
    :ivar bearers: name -> how many bear it as given or family name, for those that are counted.
    :ivar members: how many there are in all.
    """

    bearers: Mapping[str, int]
    members: int


NOT_COUNTED = NameCounts({}, 0)


def names_of(one: Portrait) -> set[str]:
    """What is counted of a member."""
    return {name for name in (one.given, one.family) if 0 < len(name) <= LONGEST}


def count_names(portraits: Iterable[Portrait]) -> NameCounts:
    """How many of these bear each name."""
    bearers: Counter[str] = Counter()
    members = 0
    for one in portraits:
        bearers.update(names_of(one))
        members += 1
    return name_counts(bearers, members)


def name_counts(bearers: Mapping[str, int], members: int) -> NameCounts:
    """:param bearers: of every name, however rare."""
    return NameCounts({name: count for name, count in bearers.items() if count >= COUNTED_FROM}, members)


def expected_bearers(names: Sequence[tuple[str, str]], counts: NameCounts) -> float:
    """How many members bear such names by chance.

    :param names: the names that agree, each as both of a pair write it: the commoner of both counts, for whoever is
        mistyped into a common name shares it with many. A single name that is not counted is borne by nobody else.
    """
    if not names:
        return 0.0
    least = UNCOUNTED if len(names) > 1 else 0
    of = max(counts.members, FEWEST)
    shares = [max(counts.bearers.get(name, least) for name in alike) / of for alike in names]
    return counts.members * math.prod(shares)


def namesakes(
    names: Sequence[tuple[str, str]],
    counts: NameCounts,
    *,
    beyond: Iterable[str] = (),
    is_one_of_two: bool = False,
) -> str:
    """The finding: `namesakes:3` for names so common that sharing them says less by 3; "" for rare ones.

    :param beyond: what was found besides names: few namesakes agree in that too.
    :param is_one_of_two: these are the given or the family names alone, and the others differ.

    >>> smiths = NameCounts({"john": 20_000, "smith": 10_000}, 1_000_000)
    >>> john_smith = [("john", "john"), ("smith", "smyth")]
    >>> namesakes(john_smith, smiths), namesakes(john_smith, smiths, beyond=["birth:same"])
    ('namesakes:8', 'namesakes:5')
    >>> namesakes([("ada", "ada")], smiths)
    ''
    """
    one_in = math.prod(ONE_IN.get(finding, 1.0) for finding in beyond)
    expected = expected_bearers(names, counts) / (one_in * ONE_IN_BY_ONE_NAME if is_one_of_two else one_in)
    loss = min(MOST, round(math.log((expected + TWICE) / TWICE)))
    return f"namesakes:{loss}" if loss else ""


def bearers_told(outcome: str) -> str:
    """What the finding stands for.

    >>> bearers_told("1"), bearers_told("8")
    ('fewer than one', 'about 149')
    """
    expected = TWICE * (math.exp(int(outcome)) - 1)
    return f"about {expected:,.0f}" if expected >= 0.5 else "fewer than one"
