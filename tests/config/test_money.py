"""Sharing out loses nothing and treats equals equally."""

from fractions import Fraction

from hypothesis import given, strategies as st

from config.ground.money import split

weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=30)
totals = st.integers(0, 10**12)


@given(totals, weights)
def test_the_shares_sum_to_the_whole(total: int, weights: list[int]) -> None:
    assert sum(split(total, weights)) == total


@given(totals, weights)
def test_a_share_is_its_exact_part_rounded_up_or_down(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    if whole == 0:
        return
    for share, weight in zip(split(total, weights), weights, strict=True):
        assert abs(share - Fraction(total * weight, whole)) < 1


@given(totals, weights)
def test_nothing_is_given_where_nothing_weighs(total: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        return
    assert all(
        share == 0 for share, weight in zip(split(total, weights), weights, strict=True) if weight == 0
    )


@given(totals, weights)
def test_of_equal_weights_the_earlier_gets_at_most_one_more(total: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        return
    by_weight: dict[int, list[int]] = {}
    for share, weight in zip(split(total, weights), weights, strict=True):
        by_weight.setdefault(weight, []).append(share)

    for shares in by_weight.values():
        assert shares == sorted(shares, reverse=True)
        assert shares[0] - shares[-1] <= 1


def test_without_any_weight_the_first_takes_all() -> None:
    assert split(7, [0, 0, 0]) == [7, 0, 0]


def test_a_discount_of_ten_euros_over_three_equal_lines() -> None:
    assert split(1000, [333, 333, 333]) == [334, 333, 333]
