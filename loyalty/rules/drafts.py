"""A rule that is not published yet: what it would change, and why it gives nothing where it gives nothing."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from loyalty.rules.basket import Basket
from loyalty.rules.compile import Occasion, Terms, fits, test_of
from loyalty.rules.definition import Period, PerStep, RuleDefinition, Scope
from loyalty.rules.words import words_of_condition, words_of_scope

Version = tuple[int, str, str, int, RuleDefinition, datetime, datetime | None]
"""`(id, code, name, version, definition, live_from, live_until)`, as `compile_programme` takes it."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is about to publish. The version before it ends where it starts."""

    code: str
    name: str
    definition: RuleDefinition
    live_from: datetime
    live_until: datetime | None = None


def has_bare_moment(definition: RuleDefinition) -> bool:
    """Whether a moment of it says no offset from UTC, and so could be any."""
    periods = (one for one in definition.conditions if isinstance(one, Period))
    return any(None in (one.starts_at.tzinfo, one.ends_at.tzinfo) for one in periods)


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


def obstacles(draft: Draft, basket: Basket, tier_code: str, terms: Terms) -> list[str]:
    """Why the draft awards nothing for this basket, as far as its dates, conditions and scope say it."""
    local = basket.placed_at.astimezone(terms.zone)
    occasion = Occasion(tier_code=tier_code, place_code=basket.place_code, at=basket.placed_at, local=local)
    found = []
    if basket.placed_at < draft.live_from:
        found.append("It is not live yet at that moment.")
    elif draft.live_until is not None and basket.placed_at >= draft.live_until:
        found.append("It has ended at that moment.")
    found += [
        f"It holds only {words_of_condition(condition, terms.zone)}."
        for condition in draft.definition.conditions
        if not test_of(condition, terms.zone)(occasion)
    ]
    scope = _scope(draft.definition)
    if not any(fits(scope, line) for line in basket.lines):
        found.append(f"Nothing in this basket is {words_of_scope(scope)}.")
    return found


def _scope(definition: RuleDefinition) -> Scope:
    return Scope() if isinstance(definition.effect, PerStep) else definition.effect.scope
