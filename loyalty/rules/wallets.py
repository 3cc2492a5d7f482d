"""What a wallet shows, from what is known of it: figures, the tier, and in words what is missing to the next one."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from config.ground.amounts import money
from config.ground.words import counted, day_words
from loyalty.rules.answers import KeptTier, NextExpiry, NextTier, TierAnswer, WalletAnswer
from loyalty.rules.compile import Terms
from loyalty.rules.ladders import FOR_EVER, LadderTerms
from loyalty.rules.tiers import Ladder, Step


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A tier that is held now. `is_given`: it was not reached; `is_by_household`: nor did a colleague give it."""

    tier_id: int
    until_at: datetime
    is_given: bool
    is_by_household: bool = False


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """What counts in the ladder's window: spend in minor units, points, purchases, and days with one; null: none."""

    minor: int | None = None
    points: int | None = None
    purchases: int | None = None
    days: int | None = None


class WalletFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the database tells of a wallet at a moment. `stamp`: of the programme, null without terms.

    :ivar programme_id: 0 in an answer of before facts were kept, which says everything in its words.
    """

    programme_id: int = 0
    stamp: int | None = None
    at: datetime | None = None
    spendable: int = 0
    held: int = 0
    pending: int = 0
    debt: int = 0
    next_expiry: NextExpiry | None = None
    standings: list[Held] | None = None
    counted: Counted = Counted()


class _Missing(msgspec.Struct, frozen=True):
    """What is missing to a step; null where it does not ask for it. `words`: `320.00 USD or 4 visits`; "": nothing."""

    minor: int | None
    points: int | None
    visits: int | None
    words: str


def wallet_answer(facts: WalletFacts, ladder: Ladder, terms: Terms | None) -> WalletAnswer:
    """What the wallet shows at the moment of the facts.

    :param ladder: of that moment.
    :param terms: of the programme; None where nobody declared any: then there is no tier.
    """
    return WalletAnswer(
        balance=facts.spendable + facts.held + facts.pending,
        spendable=facts.spendable,
        held=facts.held,
        pending=facts.pending,
        debt=facts.debt,
        next_expiry=facts.next_expiry,
        tier=tier_answer(facts, ladder, terms) if terms and ladder.steps else None,
    )


def tier_answer(facts: WalletFacts, ladder: Ladder, terms: Terms) -> TierAnswer:
    """Where the member stands on a ladder with steps, what is missing to the next one, and until when it is kept."""
    ends = {each.tier_id: each for each in sorted(facts.standings or (), key=lambda each: each.until_at)}
    rank = max((at for at, step in enumerate(ladder.steps) if at and step.id in ends), default=0)
    step, above = ladder.steps[rank], ladder.steps[rank + 1 : rank + 2]
    held = ends.get(step.id)
    until = held.until_at if held and held.until_at < FOR_EVER else None

    def missing_to(step: Step) -> _Missing:
        return _missing(step, facts.counted, ladder.terms, terms.currency)

    return TierAnswer(
        code=step.code,
        name=step.name,
        until=until,
        next=_next(above[0], missing_to(above[0])) if above else None,
        keep=_kept(step, held, until, missing_to(step), terms.zone) if rank and held else None,
    )


def _next(step: Step, missing: _Missing) -> NextTier:
    return NextTier(
        code=step.code,
        name=step.name,
        missing_minor=missing.minor,
        missing_points=missing.points,
        missing_visits=missing.visits,
        needs="all" if step.needs_all else "any",
        words=f"{missing.words} more to {step.name}" if missing.words else None,
    )


def _kept(step: Step, held: Held, until: datetime | None, missing: _Missing, zone: ZoneInfo) -> KeptTier:
    words = f"You keep {step.name} for good"
    if until is not None:
        last = until.astimezone(zone) - timedelta(microseconds=1)
        words = f"Until {day_words(last.date())} you keep {step.name}"
    if held.is_by_household:
        words += " by your household"
    if missing.words and (held.is_by_household or until is not None):
        words += (
            f"; {missing.words} more to {'reach it yourself' if held.is_by_household else 'keep it longer'}"
        )
    return KeptTier(
        until=until,
        is_given=held.is_given and not held.is_by_household,
        is_by_household=held.is_by_household,
        missing_minor=missing.minor,
        missing_points=missing.points,
        missing_visits=missing.visits,
        words=words,
    )


def _missing(step: Step, has: Counted, terms: LadderTerms, currency: str) -> _Missing:
    visits_made, visit = (has.purchases, "purchase") if terms.visits == "purchases" else (has.days, "visit")
    minor = _left(step.threshold_minor, has.minor)
    points = _left(step.points, has.points)
    visits = _left(step.visits, visits_made)
    parts = [
        money(minor, currency) if minor else "",
        counted(points, "point") if points else "",
        counted(visits, visit) if visits else "",
    ]
    words = (" and " if step.needs_all else " or ").join(part for part in parts if part)
    if not step.needs_all and 0 in (minor, points, visits):
        words = ""
    return _Missing(minor, points, visits, words)


def _left(asked: int | None, has: int | None) -> int | None:
    return None if asked is None else max(asked - (has or 0), 0)
