"""The best legal combination of vouchers: against brute force on small sets, bounded on large ones."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given, strategies as st

from loyalty.rules.basket import Line
from loyalty.rules.condition_words import Manner
from loyalty.rules.scope import Scope
from loyalty.rules.stacking import Combination, Rival, best_combination
from loyalty.rules.voucher_cuts import cuts_of, positions_of
from loyalty.rules.vouchers import (
    AmountOff,
    FreeShipping,
    Gives,
    PercentOff,
    ProductFor,
    Series,
    Stacking,
    VoucherDefinition,
    compile_series,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
scopes = st.sampled_from([Scope(), Scope(categories=["A"]), Scope(categories=["B"]), Scope(skus=["0", "2"])])
named = scopes.filter(lambda scope: scope != Scope())
gives = st.one_of(
    st.builds(AmountOff, minor=st.integers(1, 900), scope=scopes),
    st.builds(
        PercentOff,
        percent=st.integers(1, 100),
        most_minor=st.none() | st.integers(1, 300),
        scope=scopes,
    ),
    st.builds(ProductFor, pieces=st.integers(1, 3), price_minor=st.integers(0, 200), scope=named),
    st.builds(FreeShipping, most_minor=st.none() | st.integers(1, 100)),
)
stackings = st.builds(
    Stacking,
    order=st.integers(0, 3),
    of_price=st.booleans(),
    group=st.sampled_from([None, None, "a", "b"]),
    is_alone=st.sampled_from([False, False, False, True]),
    most_minor=st.none() | st.none() | st.integers(1, 700),
    most_percent=st.none() | st.none() | st.integers(1, 100),
)
vouchers = st.builds(lambda gives, stacking: made(gives, stacking=stacking), gives, stackings)
baskets = st.lists(
    st.builds(
        Line,
        sku=st.sampled_from(["0", "1", "2"]),
        category=st.sampled_from(["A", "B"]),
        quantity=st.integers(1, 3),
        unit_price_minor=st.integers(0, 500),
        kind=st.sampled_from(["goods", "goods", "goods", "shipping"]),
    ),
    min_size=1,
    max_size=4,
)


def made(gives: Gives, **more: object) -> Series:
    definition = VoucherDefinition(gives=gives, **more)  # type: ignore[arg-type]
    return compile_series(1, "v", "V", definition, Manner(currency="USD"))


def nets_of(lines: Sequence[Line]) -> list[int]:
    return [line.quantity * line.unit_price_minor for line in lines]


def rivals_of(series: Sequence[Series], lines: Sequence[Line]) -> list[Rival]:
    rivals = []
    for each in sorted(series, key=lambda one: one.definition.stacking.order):
        positions, nets = positions_of(each, lines), nets_of(lines)
        alone = sum(cuts_of(each, lines, positions, nets=nets, left=nets))
        rivals.append(Rival(each, positions, alone))
    return rivals


def by_brute_force(rivals: Sequence[Rival], lines: Sequence[Line]) -> tuple[int, int]:
    best = (0, 0)
    for size in range(1, len(rivals) + 1):
        for chosen in combinations(rivals, size):
            stackings = [each.stacking for each in chosen]
            groups = [each.group for each in stackings if each.group]
            if len(set(groups)) < len(groups) or (size > 1 and any(each.is_alone for each in stackings)):
                continue
            left, nets = nets_of(lines), nets_of(lines)
            for each in chosen:
                cuts = cuts_of(each.series, lines, each.positions, nets=nets, left=left)
                left = [one - cut for one, cut in zip(left, cuts, strict=True)]
            most = min(
                min(each.most_minor or 10**9, sum(nets) * (each.most_percent or 100) // 100)
                for each in stackings
            )
            best = max(best, (min(sum(nets) - sum(left), most), -size))
    return best


@given(st.lists(vouchers, min_size=1, max_size=6), baskets)
def test_no_other_legal_combination_takes_more_off_or_needs_fewer(
    series: list[Series], lines: list[Line]
) -> None:
    rivals = rivals_of(series, lines)
    assert best_combination(rivals, lines, nets_of(lines)).worth == by_brute_force(rivals, lines)


@given(vouchers, baskets)
def test_a_voucher_never_takes_more_off_a_line_than_is_left_of_it(series: Series, lines: list[Line]) -> None:
    nets = nets_of(lines)
    left = [net // 2 for net in nets]
    cuts = cuts_of(series, lines, positions_of(series, lines), nets=nets, left=left)
    assert all(0 <= cut <= one for cut, one in zip(cuts, left, strict=True))


@given(gives, baskets, st.integers(0, 400))
def test_what_a_limit_leaves_is_spread_to_the_last_unit(gives: Gives, lines: list[Line], most: int) -> None:
    series, nets = made(gives), nets_of(lines)
    positions = positions_of(series, lines)
    whole = sum(cuts_of(series, lines, positions, nets=nets, left=nets))
    limited = cuts_of(series, lines, positions, nets=nets, left=nets, most=most)
    assert sum(limited) == min(whole, most)


@given(st.lists(vouchers, min_size=20, max_size=30), baskets)
def test_many_vouchers_are_settled_in_bounded_work_and_alike_each_time(
    series: list[Series], lines: list[Line]
) -> None:
    rivals = rivals_of(series, lines)
    begun = time.process_time()
    found = best_combination(rivals, lines, nets_of(lines))
    assert time.process_time() - begun < 2
    assert best_combination(rivals, lines, nets_of(lines)).chosen == found.chosen
    assert found.worth >= max(each.worth for each in _singles(rivals, lines))
    groups = [rivals[each].stacking.group for each in found.chosen if rivals[each].stacking.group]
    assert len(set(groups)) == len(groups)


def _singles(rivals: Sequence[Rival], lines: Sequence[Line]) -> list[Combination]:
    nothing = Combination(lines, nets_of(lines))
    return [nothing, *filter(None, (nothing.extended(at, each) for at, each in enumerate(rivals)))]


def tea(quantity: int = 1, price: int = 1_000, **more: object) -> Line:
    return Line(sku="TEA", category="A", quantity=quantity, unit_price_minor=price, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gives", "lines", "cuts"),
    [
        (AmountOff(minor=100), [tea(), tea(price=500), tea(price=500)], [50, 25, 25]),
        (AmountOff(minor=101), [tea(), tea(price=500), tea(price=500)], [51, 25, 25]),
        (AmountOff(minor=9_999), [tea(), tea(price=500)], [1_000, 500]),
        (PercentOff(percent=15), [tea(price=333)], [50]),
        (PercentOff(percent=50, most_minor=200), [tea(), tea()], [100, 100]),
        (ProductFor(scope=Scope(skus=["TEA"])), [tea(price=300), tea(2, 400)], [0, 400]),
        (ProductFor(pieces=3, price_minor=100, scope=Scope(skus=["TEA"])), [tea(2, 300), tea()], [400, 900]),
        (FreeShipping(), [tea(), tea(kind="shipping", price=490)], [0, 490]),
        (FreeShipping(most_minor=300), [tea(kind="shipping", price=490)], [300]),
        (AmountOff(minor=100), [tea(kind="gift_card"), tea(kind="shipping")], [0, 0]),
    ],
)
def test_what_is_taken_off_is_spread_over_its_lines(gives: Gives, lines: list[Line], cuts: list[int]) -> None:
    series, nets = made(gives), nets_of(lines)
    assert cuts_of(series, lines, positions_of(series, lines), nets=nets, left=nets) == cuts


def test_a_percentage_counts_on_what_is_left_or_on_the_price_as_declared() -> None:
    lines = [tea()]
    five = made(AmountOff(minor=500), stacking=Stacking(order=1))
    for of_price, total in ((False, 550), (True, 600)):
        tenth = made(PercentOff(percent=10), stacking=Stacking(order=2, of_price=of_price))
        assert best_combination(rivals_of([five, tenth], lines), lines, [1_000]).total == total


def test_lines_that_the_till_discounted_may_be_left_out() -> None:
    lines = [tea(discount_minor=100), tea()]
    picky = made(PercentOff(percent=10), stacking=Stacking(not_on_discounted=True))
    assert positions_of(picky, lines) == [1]
