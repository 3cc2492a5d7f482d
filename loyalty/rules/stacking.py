"""Which vouchers are used together: the legal combination that takes most off, found by branch and bound.

A combination is legal when nobody in it wants to be alone and no two are of one group. Its vouchers are taken off in
their declared order; together they take off no more than any of them allows. Of combinations that take the same off
the one with fewer vouchers is the best, then the one whose vouchers come first.

Up to eleven vouchers every combination that could be better is looked at. With more, the work is bounded: those that
stand in nobody's way are taken along, and the search ends after so many steps with the best it has seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from loyalty.rules.basket import Line
from loyalty.rules.voucher_cuts import Positions, cuts_of
from loyalty.rules.vouchers import Series, Stacking

EXACT_UP_TO = 11
MOST_STEPS = 2 ** (EXACT_UP_TO + 1)


@dataclass(frozen=True, slots=True)
class Rival:
    """A voucher that may be used: its lines, and what it takes off with no other beside it."""

    series: Series
    positions: Positions
    alone: int

    @property
    def stacking(self) -> Stacking:
        return self.series.definition.stacking


class Combination:
    """Vouchers taken off one after the other, and what that leaves of the lines."""

    def __init__(self, lines: Sequence[Line], nets: Sequence[int]) -> None:
        self.lines, self.nets, self.left = lines, nets, list(nets)
        self.chosen: list[int] = []
        self.cuts: list[list[int]] = []
        self.total = 0
        self.most = self.price = sum(nets)

    @property
    def worth(self) -> tuple[int, int]:
        """What combinations are compared by."""
        return min(self.total, self.most), -len(self.chosen)

    def extended(self, number: int, rival: Rival) -> "Combination | None":
        """With one more voucher; None if it would take nothing off."""
        cuts = cuts_of(rival.series, self.lines, rival.positions, nets=self.nets, left=self.left)
        if not any(cuts):
            return None
        more = Combination(self.lines, self.nets)
        more.left = [left - cut for left, cut in zip(self.left, cuts, strict=True)]
        more.chosen = [*self.chosen, number]
        more.cuts = [*self.cuts, cuts]
        more.total = self.total + sum(cuts)
        more.most = min(self.most, most_together(rival.stacking, self.price))
        return more


def most_together(stacking: Stacking, price: int) -> int:
    """What all vouchers of a combination with this one take off at most.

    :param price: what the basket costs before any voucher.
    """
    most = price
    if stacking.most_minor is not None:
        most = min(most, stacking.most_minor)
    if stacking.most_percent is not None:
        most = min(most, price * stacking.most_percent // 100)
    return most


def best_combination(rivals: Sequence[Rival], lines: Sequence[Line], nets: Sequence[int]) -> Combination:
    """The best legal combination. Its cuts may come to more than `most`; whoever books them stops there.

    :param rivals: in the order in which they are taken off.
    """
    search = _Search(rivals, lines, nets)
    search.begin()
    search.descend(0, Combination(lines, nets), frozenset())
    return search.best


class _Search:
    def __init__(self, rivals: Sequence[Rival], lines: Sequence[Line], nets: Sequence[int]) -> None:
        self.rivals, self.lines, self.nets = rivals, lines, nets
        self.best = Combination(lines, nets)
        self.steps = 0
        self.is_exact = len(rivals) <= EXACT_UP_TO

    def begin(self) -> None:
        """Each alone, then the largest first as far as they go together: something to be better than."""
        for number, rival in enumerate(self.rivals):
            self._offer(Combination(self.lines, self.nets).extended(number, rival))
        taken: list[int] = []
        groups: set[str] = set()
        for number in sorted(range(len(self.rivals)), key=lambda each: -self.rivals[each].alone):
            stacking = self.rivals[number].stacking
            if not stacking.is_alone and stacking.group not in groups:
                taken.append(number)
                groups |= {stacking.group} if stacking.group else set()
        together = Combination(self.lines, self.nets)
        for number in sorted(taken):
            together = together.extended(number, self.rivals[number]) or together
            self._offer(together)

    def descend(self, at: int, so_far: Combination, groups: frozenset[str]) -> None:
        """Look at all combinations that go on from here with vouchers from `at` on."""
        self.steps += 1
        if at == len(self.rivals) or self.steps > MOST_STEPS or not self._can_win(at, so_far, groups):
            return
        rival = self.rivals[at]
        group = rival.stacking.group
        is_free = group is None and most_together(rival.stacking, so_far.price) == so_far.price
        if not rival.stacking.is_alone and group not in groups:
            more = so_far.extended(at, rival)
            if more is not None:
                self._offer(more)
                self.descend(at + 1, more, groups | {group} if group else groups)
                if is_free and not self.is_exact:
                    return
        self.descend(at + 1, so_far, groups)

    def _offer(self, found: Combination | None) -> None:
        if found is not None and found.worth > self.best.worth:
            self.best = found

    def _can_win(self, at: int, so_far: Combination, groups: frozenset[str]) -> bool:
        """Whether the vouchers from `at` on, each taking off what it would alone, could make it the best."""
        free, best_of = 0, dict[str, int]()
        for rival in self.rivals[at:]:
            group = rival.stacking.group
            if rival.stacking.is_alone or group in groups:
                continue
            if group is None:
                free += rival.alone
            else:
                best_of[group] = max(best_of.get(group, 0), rival.alone)
        reach = min(so_far.total + min(free + sum(best_of.values()), sum(so_far.left)), so_far.most)
        return (reach, -len(so_far.chosen) - 1) > self.best.worth
