"""What a voucher gives and when: typed data like rules, validated on entry, published as JSON Schema.

A *series* says it once for all its vouchers. Conditions are those of earning rules (`loyalty.rules.conditions`); they
ask for amounts after the till's own discounts and before any voucher.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from loyalty.rules.basket import Line
from loyalty.rules.condition_words import Manner
from loyalty.rules.conditions import Condition
from loyalty.rules.definition import Basis, GroupName, Minor
from loyalty.rules.holding import Test, tests_of
from loyalty.rules.scope import Scope, fits

Percent = Annotated[int, Meta(ge=1, le=100)]
Uses = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class AmountOff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="amount"):
    """`minor` off the lines in scope, and never more than they cost."""

    minor: Minor
    scope: Scope = Scope()


class PercentOff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="percent"):
    """`percent` off the lines in scope, rounded half up, at most `most_minor`."""

    percent: Percent
    most_minor: Minor | None = None
    scope: Scope = Scope()


class ProductFor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="product"):
    """`pieces` of the lines in scope for `price_minor` each, 0 for free; of several the dearest."""

    pieces: Annotated[int, Meta(ge=1, le=1_000)] = 1
    price_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    scope: Scope = Scope()


class FreeShipping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="shipping"):
    """Shipping for nothing, or `most_minor` less."""

    most_minor: Minor | None = None


class GiftCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="gift_card"):
    """Pays like money until its balance is used up; `minor` is in it when it is issued, unless said otherwise."""

    minor: Minor


Gives = AmountOff | PercentOff | ProductFor | FreeShipping | GiftCard


class Stacking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a voucher meets others, the till's discounts, and points.

    :ivar order: the lowest is taken off first.
    :ivar of_price: a percentage counts on the price, not on what vouchers before it left.
    :ivar group: of a group only one is used.
    :ivar is_alone: no other is used beside it.
    :ivar most_minor: all that are used together take off at most so much.
    :ivar most_percent: and at most so many percent of the basket's price, rounded down.
    :ivar not_on_discounted: lines that the till has discounted do not count.
    :ivar earns_nothing: the lines it is taken off earn no points.
    :ivar not_with_points: no points pay in the same purchase.
    """

    order: Annotated[int, Meta(ge=0, le=1_000)] = 100
    of_price: bool = False
    group: GroupName | None = None
    is_alone: bool = False
    most_minor: Minor | None = None
    most_percent: Percent | None = None
    not_on_discounted: bool = False
    earns_nothing: bool = False
    not_with_points: bool = False


class VoucherDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every voucher of a series gives, when, how often, and beside which others.

    :ivar uses: how often each voucher can be used; None: as often as anybody likes. A gift card needs no number.
    :ivar uses_per_member: how often one member uses vouchers of the series, whichever they are.
    :ivar uses_in_all: how often all vouchers of the series are used together.
    :ivar budget_minor: what they take off together.
    :ivar starts_at, ends_at: no voucher of the series is good before or from then on.
    :ivar valid_days: each is good to the end of so many days after the day it was issued on.
    :ivar is_kept_on_return: a use does not come back, even where the whole purchase does.
    """

    gives: Gives
    conditions: Annotated[list[Condition], Meta(max_length=20)] = []
    stacking: Stacking = Stacking()
    uses: Uses | None = 1
    uses_per_member: Uses | None = None
    uses_in_all: Uses | None = None
    budget_minor: Minor | None = None
    starts_at: Annotated[datetime, Meta(tz=True)] | None = None
    ends_at: Annotated[datetime, Meta(tz=True)] | None = None
    valid_days: Annotated[int, Meta(ge=0, le=36_500)] | None = None
    is_kept_on_return: bool = False

    def __post_init__(self) -> None:
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError("It must end after it starts.")
        if isinstance(self.gives, ProductFor) and not _names_something(self.gives.scope):
            raise ValueError("Say which product.")


def _names_something(scope: Scope) -> bool:
    return bool(scope.skus or scope.brands or scope.categories or scope.departments)


def worth_of(definition: VoucherDefinition) -> int | None:
    """The most that one use is worth, in minor units; None where it hangs on the basket."""
    match definition.gives:
        case AmountOff(minor=minor) | GiftCard(minor=minor):
            return minor
        case PercentOff(most_minor=most) | FreeShipping(most_minor=most):
            return most
    return None


@dataclass(frozen=True, slots=True)
class Series:
    """A series, compiled. Long lists of products are asked in no time."""

    id: int
    code: str
    name: str
    definition: VoucherDefinition
    scope: Scope
    skus: frozenset[str]
    tests: tuple[Test, ...]
    manner: Manner

    @property
    def is_gift_card(self) -> bool:
        return isinstance(self.definition.gives, GiftCard)

    def covers(self, line: Line) -> bool:
        """Whether it may be taken off this line: goods in scope, or shipping where it is about that."""
        if isinstance(self.definition.gives, FreeShipping):
            return line.kind == "shipping"
        if line.kind in ("shipping", "gift_card") or (self.skus and line.sku not in self.skus):
            return False
        if self.definition.stacking.not_on_discounted and line.discount_minor:
            return False
        return fits(self.scope, line)


def compile_series(id_: int, code: str, name: str, definition: VoucherDefinition, manner: Manner) -> Series:
    """Make a series ready to be asked of one purchase after the other."""
    gives = definition.gives
    scope = Scope() if isinstance(gives, FreeShipping | GiftCard) else gives.scope
    return Series(
        id=id_,
        code=code,
        name=name,
        definition=definition,
        scope=msgspec.structs.replace(scope, skus=[]),
        skus=frozenset(scope.skus),
        tests=tests_of(definition.conditions, Basis(), manner),
        manner=manner,
    )
