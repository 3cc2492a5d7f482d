"""How well pairs are found: against records of which it is known who they are."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations

import msgspec

from members.rules.likeness import Likeness, Weights, compare, weigh
from members.rules.namesakes import count_names
from members.rules.portraits import Portrait, search_keys


class Quality(msgspec.Struct, frozen=True):
    """
    :ivar right: pairs found that are one person; `wrong`: pairs found that are two.
    :ivar all_there_are: pairs that are one person, found or not.
    """

    right: int
    wrong: int
    all_there_are: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.all_there_are)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, self.right + self.wrong + self.all_there_are)


def quality_of(
    portraits: Sequence[Portrait], persons: Sequence[str], weights: Weights, *, most_alike: int
) -> dict[str, Quality]:
    """Compare records as members are compared, names being as common as they are among them, and count what came of it.

    :param persons: who each portrait truly is.
    :param most_alike: see `queries/duplicates.py`.
    :return: "certain" pairs, those "to be looked at", both together ("found"), and the pairs that were compared at all.
    """
    names = count_names(portraits)
    outcomes = Counter(
        (tuple(compare(portraits[one], portraits[two], names)), persons[one] == persons[two])
        for one, two in _candidates(portraits, most_alike)
    )
    counts: Counter[tuple[str, bool]] = Counter()
    for (findings, is_one), count in outcomes.items():
        counts[_kind(weigh(findings, weights), weights), is_one] += count
    alike = Counter(persons).values()
    there_are = sum(count * (count - 1) // 2 for count in alike)

    def told(*kinds: str) -> Quality:
        right, wrong = (sum(counts[kind, is_one] for kind in kinds) for is_one in (True, False))
        return Quality(right, wrong, there_are)

    return {
        "certain": told("certain"),
        "to be looked at": told("queue"),
        "found": told("certain", "queue"),
        "compared": told("certain", "queue", "none"),
    }


def _kind(weighed: Likeness, weights: Weights) -> str:
    if weighed.is_certain:
        return "certain"
    return "queue" if weighed.score >= weights.review_from else "none"


def _candidates(portraits: Sequence[Portrait], most_alike: int) -> set[tuple[int, int]]:
    having: dict[int, list[int]] = defaultdict(list)
    for place, one in enumerate(portraits):
        for key in search_keys(one):
            having[key].append(place)
    return {
        pair for places in having.values() if len(places) <= most_alike for pair in combinations(places, 2)
    }
