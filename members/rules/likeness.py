"""Likeness: how much speaks for two portraits being one person, as log-odds with the reasons for it.

Each field comes to a *finding*, such as `birth:slip`; each has a weight, positive where it speaks for one person. The
sum of the weights, and of a start that stands for "most pairs are strangers", is the natural logarithm of the odds
(Fellegi and Sunter 1969): 0 is even, 4 is 98 of 100. What is not known on one of the sides says nothing.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from rapidfuzz.distance import OSA, JaroWinkler

from members.rules.namesakes import NOT_COUNTED, NameCounts, namesakes
from members.rules.portraits import Portrait

SAME, SLIP, CLOSE, SHORT, ELSEWHERE, OTHER = "same", "slip", "close", "short", "elsewhere", "other"


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """
    :ivar version: counts up; each pair says by which it was weighed.
    :ivar start: log-odds before anything is compared.
    :ivar findings: finding -> log-odds that it adds.
    :ivar review_from: pairs with this score or more are looked at.
    :ivar certain_from: pairs with this score or more are taken for certain, if more than names speaks for it.
    :ivar never_with: with one of these findings they are not, since twins share a birthday, a name and an address ...
    :ivar unless_with: ... unless there is one of these, which not even twins share.
    """

    version: int
    start: float
    findings: Mapping[str, float]
    review_from: float = 0.0
    certain_from: float = 2.0
    never_with: frozenset[str] = frozenset({"given:other", "birth:other"})
    unless_with: frozenset[str] = frozenset({"number:same"})


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """
    :ivar score: log-odds.
    :ivar findings: what was compared, by name; `words_for` says them.
    """

    score: float
    findings: tuple[str, ...]
    is_certain: bool


def likeness(one: Portrait, two: Portrait, weights: Weights, *, counts: NameCounts = NOT_COUNTED) -> Likeness:
    """How alike two portraits are.

    :param counts: how common names are; where many bear the names that two share, these say less.
    """
    return weigh(tuple(compare(one, two, counts)), weights)


def weigh(findings: tuple[str, ...], weights: Weights) -> Likeness:
    """What the findings of two portraits come to."""
    score = weights.start + sum(weights.findings.get(finding, 0.0) for finding in findings)
    is_certain = score >= weights.certain_from and _is_told_twice(findings, weights)
    return Likeness(score=score, findings=findings, is_certain=is_certain)


def share_of(score: float) -> float:
    """Log-odds as a share: of so many such pairs, so many are one person.

    >>> share_of(0.0)
    0.5
    """
    return 1 / (1 + math.exp(-score))


_OF_NAMES = ("given:", "family:", "names:", "word:", "namesakes:")
_SPEAKS = 1.0
"""The weight from which a finding by itself is more than a hint."""


def _is_told_twice(findings: tuple[str, ...], weights: Weights) -> bool:
    """Whether more than names speaks for one person, and nothing that not even twins share against it."""
    is_doubtful = not weights.never_with.isdisjoint(findings) and weights.unless_with.isdisjoint(findings)
    beyond_names = (finding for finding in findings if not finding.startswith(_OF_NAMES))
    return not is_doubtful and any(weights.findings.get(finding, 0.0) >= _SPEAKS for finding in beyond_names)


def compare(one: Portrait, two: Portrait, counts: NameCounts = NOT_COUNTED) -> Iterator[str]:
    """The findings of each field that is known on both sides."""
    names, beyond = tuple(_names(one, two)), tuple(_beyond_names(one, two))
    yield from names
    if counts.bearers and (common := _namesakes(one, two, names, beyond, counts)):
        yield common
    yield from beyond


def _beyond_names(one: Portrait, two: Portrait) -> Iterator[str]:
    if one.birth and two.birth:
        yield f"birth:{_birth(one.birth, two.birth)}"
    if one.phones and two.phones:
        yield f"phone:{_number(one.phones, two.phones)}"
    if pairs := _of_one_system(one.ids, two.ids):
        yield f"id:{SAME if any(first == second for first, second in pairs) else OTHER}"
    if pairs := _of_one_system(one.numbers, two.numbers):
        yield f"number:{_apart(pairs)}"
    if one.mailboxes and two.mailboxes:
        yield f"email:{_mailbox(one.mailboxes, two.mailboxes)}"
    if one.postcode and two.postcode:
        yield f"postcode:{_postcode(one.postcode, two.postcode)}"
    if one.town and two.town:
        yield f"town:{_text([one.town], [two.town])}"
    if one.streets and two.streets:
        yield f"street:{_text(one.streets, two.streets)}"
    if one.house and two.house:
        yield f"house:{SAME if one.house == two.house else OTHER}"


def _namesakes(
    one: Portrait, two: Portrait, alike: Sequence[str], beyond: Sequence[str], counts: NameCounts
) -> str:
    """What is taken off for namesakes. A name that differs is a reason to doubt by itself; only of whoever was born on
    the same day is it asked how many bear the other one."""
    shared = _shared_names(one, two, alike)
    is_one_of_two = len(alike) == 2 and len(shared) == 1
    if not shared or (is_one_of_two and f"birth:{SAME}" not in beyond):
        return ""
    return namesakes(shared, counts, beyond=beyond, is_one_of_two=is_one_of_two)


def _names(one: Portrait, two: Portrait) -> Iterator[str]:
    if not one.words or not two.words or one.words[0][0].isascii() != two.words[0][0].isascii():
        return
    if not (one.given and two.given and one.family and two.family):
        yield f"word:{_best(one.words, two.words)}"
        return
    given, family = word_alike(one.given, two.given), word_alike(one.family, two.family)
    if OTHER in (given, family) and _may_be_swapped(one, two):
        crossed = {word_alike(one.given, two.family), word_alike(one.family, two.given)}
        if OTHER not in crossed and SHORT not in crossed:
            yield f"names:{'swapped' if crossed == {SAME} else 'swapped_close'}"
            return
    if given == OTHER and (one.given in two.words or two.given in one.words):
        given = ELSEWHERE
    if family == OTHER and (one.family in two.words or two.family in one.words):
        family = ELSEWHERE
    yield f"given:{given}"
    yield f"family:{family}"


def _shared_names(one: Portrait, two: Portrait, alike: Sequence[str]) -> list[tuple[str, str]]:
    """The names that agree, each as both write it; none if one side does not tell them."""
    if alike and alike[0].startswith("names:"):
        return [(one.given, two.family), (one.family, two.given)]
    both = [(one.given, two.given), (one.family, two.family)]
    differ = [finding.partition(":")[2] in (OTHER, ELSEWHERE) for finding in alike]
    if all(differ):
        return []
    if any(differ):
        return [names for names, is_other in zip(both, differ, strict=True) if not is_other]
    told = [names for names in both if any(names)]
    return told if all(map(all, told)) else []


def _may_be_swapped(one: Portrait, two: Portrait) -> bool:
    """Spares those a closer look whose names do not even begin alike."""
    return one.given[0] == two.family[0] or one.family[0] == two.given[0]


_ORDER = (SAME, SLIP, CLOSE, SHORT, OTHER)


def _best(words: Sequence[str], others: Sequence[str]) -> str:
    return min((word_alike(word, other) for word in words for other in others), key=_ORDER.index)


def word_alike(one: str, two: str) -> str:
    """How alike two names are: the same, one slip apart, close by ear or eye, one short for the other, or others."""
    if one == two:
        return SAME
    shorter = min(len(one), len(two))
    if shorter > 3 and OSA.distance(one, two, score_cutoff=1) == 1:
        return SLIP
    alike = JaroWinkler.similarity(one, two) if shorter > 1 else 0.0
    if alike >= 0.92 and shorter > 2:
        return CLOSE
    if one.startswith(two) or two.startswith(one) or (alike >= 0.85 and shorter > 2):
        return SHORT
    return OTHER


def _birth(one: str, two: str) -> str:
    if one[:4] == "0000" or two[:4] == "0000":
        return "same_day" if one[4:] == two[4:] else "other_day"
    if one == two:
        return SAME if one[4:] != "0101" else "same_year_only"
    if one[:4] == two[:4]:
        if "0101" in (one[4:], two[4:]):
            return "same_year_only"
        if one[4:] == two[6:] + two[4:6]:
            return SLIP
    apart = OSA.distance(one, two, score_cutoff=2)
    if apart <= 2:
        return SLIP if apart == 1 else "two_slips"
    return "same_year" if one[:4] == two[:4] else OTHER


def _number(ones: Sequence[str], twos: Sequence[str]) -> str:
    return _apart([(one, two) for one in ones for two in twos])


def _apart(pairs: Sequence[tuple[str, str]]) -> str:
    apart = min(OSA.distance(one, two, score_cutoff=2) for one, two in pairs)
    return (SAME, SLIP, "two_slips", OTHER)[apart]


def _of_one_system(ones: Sequence[str], twos: Sequence[str]) -> list[tuple[str, str]]:
    return [(one, two) for one in ones for two in twos if one.partition(":")[0] == two.partition(":")[0]]


def _mailbox(ones: Sequence[str], twos: Sequence[str]) -> str:
    if set(ones) & set(twos):
        return SAME
    if {one.partition("@")[0] for one in ones} & {two.partition("@")[0] for two in twos}:
        return "same_name"
    apart = min(OSA.distance(one, two, score_cutoff=1) for one in ones for two in twos)
    return SLIP if apart == 1 else OTHER


def _postcode(one: str, two: str) -> str:
    if one == two:
        return SAME
    if OSA.distance(one, two, score_cutoff=1) == 1:
        return SLIP
    if min(len(one), len(two)) > 4 and one[:-3] == two[:-3]:
        return "area"
    return "region" if one[:2] == two[:2] else OTHER


def _text(ones: Sequence[str], twos: Sequence[str]) -> str:
    alike = max(JaroWinkler.similarity(one, two) for one in ones for two in twos)
    return SAME if alike == 1 else CLOSE if alike >= 0.92 else "like" if alike >= 0.8 else OTHER
