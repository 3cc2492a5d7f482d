"""Trying a rule before it is published: the same basket settled with and without it. Nothing is written."""

import msgspec

from loyalty.queries.batches import find_products
from loyalty.queries.programmes import compile_with, get_current_programme
from loyalty.queries.vocabulary import list_names_asked
from loyalty.rules.basket import Basket, Shopper
from loyalty.rules.drafts import Draft, obstacles
from loyalty.rules.settle import Settlement, settle
from loyalty.services.purchase_checks import known_lines


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A basket's worth today and with the draft; `obstacles` say why the draft gives nothing, if it does not."""

    basket: Basket
    before: Settlement
    after: Settlement
    obstacles: list[str]


def preview_rule(*, programme_id: int, draft: Draft, basket: Basket, shopper: Shopper) -> Preview:
    """Settle a basket with and without a draft, by the rule that tills settle by.

    :raises ProgrammeWithoutTerms: if nobody has declared the programme's terms yet.
    :raises LinesDoNotAddUp: a line's discount exceeds its price.
    """
    lines = known_lines(basket.lines, find_products(programme_id, (line.sku for line in basket.lines)))
    basket = msgspec.structs.replace(basket, lines=lines)
    programme = get_current_programme(programme_id)
    after = settle(basket, shopper, compile_with(programme_id, draft))
    return Preview(
        basket=basket,
        before=settle(basket, shopper, programme),
        after=after,
        obstacles=obstacles(
            draft,
            basket,
            shopper,
            after,
            programme.terms,
            names=list_names_asked(programme_id, draft.definition.conditions),
        ),
    )
