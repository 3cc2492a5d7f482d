"""A rule that is not published yet: what it would change, and why it gives nothing where it gives nothing."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from loyalty.rules.amounts import Amounts
from loyalty.rules.basket import Basket, Shopper
from loyalty.rules.compile import Terms
from loyalty.rules.condition_words import Manner, Names, words_of_scope
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.holding import tests_of
from loyalty.rules.settle import Settlement, occasion_of

Version = tuple[int, str, str, int, RuleDefinition, datetime, datetime | None]
"""`(id, code, name, version, definition, live_from, live_until)`, as `compile_programme` takes it."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is about to publish. The version before it ends where it starts."""

    code: str
    name: str
    definition: RuleDefinition
    live_from: datetime
    live_until: datetime | None = None


def versions_with(versions: Iterable[Version], draft: Draft) -> list[Version]:
    """The versions as they would stand once the draft was published."""
    kept: list[Version] = []
    last = 0
    for version in versions:
        id_, code, name, number, definition, live_from, live_until = version
        if code != draft.code:
            kept.append(version)
            continue
        last = max(last, number)
        if live_from < draft.live_from:
            ends = min(live_until or draft.live_from, draft.live_from)
            kept.append((id_, code, name, number, definition, live_from, ends))
    new = (0, draft.code, draft.name, last + 1, draft.definition, draft.live_from, draft.live_until)
    return sorted([*kept, new], key=lambda one: (one[1], one[3]))


def obstacles(
    draft: Draft, basket: Basket, shopper: Shopper, settlement: Settlement, terms: Terms, *, names: Names
) -> list[str]:
    """Why the draft awards nothing for a basket, as far as its dates, conditions and scope say it.

    :param settlement: of the basket, with the draft.
    :param names: as `Manner.with_names` takes them.
    """
    if basket.placed_at < draft.live_from:
        return ["It is not live yet at that moment."]
    if draft.live_until is not None and basket.placed_at >= draft.live_until:
        return ["It has ended at that moment."]
    amounts = Amounts(basket.lines, settlement.line_paid_minor, settlement.line_paid_minor)
    occasion = occasion_of(basket, shopper, shopper.tier_code, terms, amounts)
    manner = Manner(currency=terms.currency, zone=terms.zone).with_names(names)
    tests = tests_of(draft.definition.conditions, draft.definition.basis, manner)
    found = [unmet.because for test in tests if (unmet := test(occasion)) is not None]
    if not amounts.positions(draft.definition.effect.scope, draft.definition.basis):
        found.append(f"Nothing in this basket is {words_of_scope(draft.definition.effect.scope)}.")
    if not found:
        found = [one.because for one in settlement.not_applied if one.what == f"rule {draft.code}"]
    return found
