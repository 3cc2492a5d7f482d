"""What a campaign can offer: typed templates that become one grant for each member.

A template says how the value is found (`your favourite category, three times the points`); for one member it
becomes an `Offer`: a definite category, a definite factor. The till never sees templates, only what was
granted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from campaigns.rules.conditions import Code
from config.ground.amounts import money
from config.ground.words import times

Percent = Annotated[int, msgspec.Meta(ge=101, le=1000)]


class OfferTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the worth of an offer is found for a member; the base of all templates."""


class FavouriteCategoryPoints(OfferTemplate, frozen=True, kw_only=True, tag="favourite_category_points"):
    """More points (300 percent is triple) on the category this member likes most, other than these."""

    percent: Percent
    except_categories: Annotated[list[Code], msgspec.Meta(max_length=100)] = []


class CategoryPoints(OfferTemplate, frozen=True, kw_only=True, tag="category_points"):
    """More points on one category, the same for everyone."""

    percent: Percent
    category: Code


class ExtraPoints(OfferTemplate, frozen=True, kw_only=True, tag="extra_points"):
    """A fixed number of points on a purchase of at least this many minor units."""

    points: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    minimum_minor: Annotated[int, msgspec.Meta(ge=0, le=10**12)] = 0


class NoOffer(OfferTemplate, frozen=True, kw_only=True, tag="nothing"):
    """Nothing to redeem: the letter alone, such as one that asks a survey."""


Template = FavouriteCategoryPoints | CategoryPoints | ExtraPoints | NoOffer


@dataclass(frozen=True, slots=True)
class Offer:
    """What one member is offered. Either `percent` on `category`, or `points` from `minimum_minor` up, or nothing."""

    words: str
    category: str = ""
    category_name: str = ""
    percent: int = 0
    points: int = 0
    minimum_minor: int = 0

    @property
    def is_worth(self) -> bool:
        """Whether a till gives anything for it."""
        return bool(self.percent or self.points)


def offer_for(
    template: Template, liked: Sequence[str], names: Mapping[str, str], currency: str
) -> Offer | None:
    """The offer this template makes to one member, or None when his favourite is not known.

    :param liked: category codes, the most liked first.
    :param names: category code -> name to show; a code without one is shown as it is.
    """
    if isinstance(template, NoOffer):
        return Offer(words="")
    if isinstance(template, ExtraPoints):
        return _extra_points(template, currency)
    if isinstance(template, CategoryPoints):
        return _category_points(template.percent, template.category, names)
    category = next((code for code in liked if code not in template.except_categories), None)
    return None if category is None else _category_points(template.percent, category, names)


def _category_points(percent: int, category: str, names: Mapping[str, str]) -> Offer:
    name = names.get(category) or category
    words = f"{times(percent)} points on {name}"
    return Offer(words=words, category=category, category_name=name, percent=percent)


def _extra_points(template: ExtraPoints, currency: str) -> Offer:
    words = f"{template.points} extra points"
    if template.minimum_minor:
        words += f" on a purchase of {money(template.minimum_minor, currency)} or more"
    return Offer(words=words, points=template.points, minimum_minor=template.minimum_minor)
