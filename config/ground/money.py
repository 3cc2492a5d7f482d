"""Sharing whole numbers out without losing one. Money is integer minor units, points are integers."""

from collections.abc import Sequence


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` in proportion to `weights`, by largest remainder (Hamilton); the shares sum to `total` exactly.

    Equal remainders are served from the front. With no weight at all everything goes to the first share.

    >>> split(100, [1, 1, 1])
    [34, 33, 33]

    :param total: what is shared, 0 or more.
    :param weights: 0 or more each, at least one of them.
    """
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    shares = [total * weight // whole for weight in weights]
    rest = total - sum(shares)
    if rest:
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
        for i in by_remainder[:rest]:
            shares[i] += 1
    return shares
