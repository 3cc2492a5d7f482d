"""Learning what findings weigh: from pairs that somebody has decided about.

A logistic regression by coordinate-wise Newton steps, held to the weights that there are: each weight has a normal
prior around its present value, so that a handful of decisions moves it a little and thousands move it freely.
"""

import math
from collections.abc import Sequence

import msgspec

from members.rules.likeness import Weights

ROUNDS = 60
HELD_BY = 40.0
"""How much evidence a present weight is worth: that of so many decisions where both answers are even."""

LONGEST_STEP = 1.0


class Lesson(msgspec.Struct, frozen=True):
    """So many pairs with these findings that were the same person (`same`) and were not (`strangers`)."""

    findings: tuple[str, ...]
    same: float
    strangers: float


def learn(lessons: Sequence[Lesson], start_from: Weights) -> Weights:
    """Weights of the next version, after these lessons."""
    before = dict(start_from.findings)
    weights = {name: before.get(name, 0.0) for lesson in lessons for name in lesson.findings} | before
    having: dict[str, list[int]] = {}
    for place, lesson in enumerate(lessons):
        for name in lesson.findings:
            having.setdefault(name, []).append(place)
    start = start_from.start
    scores = [start + sum(weights[name] for name in lesson.findings) for lesson in lessons]
    everywhere = range(len(lessons))
    for _ in range(ROUNDS):
        moved = _step(lessons, scores, everywhere, start - start_from.start)
        start += moved
        for name, places in having.items():
            step = _step(lessons, scores, places, weights[name] - before.get(name, 0.0))
            weights[name] += step
            moved = max(abs(moved), abs(step))
        if abs(moved) < 0.001:
            break
    return msgspec.structs.replace(
        start_from,
        version=start_from.version + 1,
        start=round(start, 3),
        findings={name: round(weight, 3) for name, weight in sorted(weights.items())},
    )


def _step(
    lessons: Sequence[Lesson], scores: list[float], places: Sequence[int] | range, strayed: float
) -> float:
    """One Newton step of a weight that these lessons share; brings their scores along."""
    slope, curve = -strayed * HELD_BY / 4, HELD_BY / 4
    for place in places:
        lesson = lessons[place]
        likely = 1 / (1 + math.exp(-max(-30.0, min(30.0, scores[place]))))
        count = lesson.same + lesson.strangers
        slope += lesson.same - count * likely
        curve += count * likely * (1 - likely)
    step = max(-LONGEST_STEP, min(LONGEST_STEP, slope / curve))
    for place in places:
        scores[place] += step
    return step
