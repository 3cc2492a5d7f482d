"""The formats that are known, and which of them a header belongs to."""

from collections.abc import Collection
from typing import Any

from loyalty.rules import feeds_completejourney, feeds_native, feeds_online_retail
from loyalty.rules.feeds import Format

FORMATS: tuple[Format[Any], ...] = (
    feeds_completejourney.ORDERS,
    feeds_completejourney.PRODUCTS,
    feeds_online_retail.ORDERS,
    feeds_native.ORDERS,
    feeds_native.MEMBERS,
    feeds_native.PRODUCTS,
    feeds_native.STORES,
)
NAMES = tuple(dict.fromkeys(each.name for each in FORMATS))


def format_of(header: Collection[str], *, name: str = "") -> Format[Any] | None:
    """The format whose columns this header has, None if there is none.

    :param name: look only among the formats of this name.
    """
    columns = set(header)
    return next((each for each in FORMATS if each.needs <= columns and name in ("", each.name)), None)
