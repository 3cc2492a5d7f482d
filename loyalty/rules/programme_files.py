"""A programme as one file, to be carried from one installation to another; and in words, how two such files differ.

Stores, products and people are not in it: they are each installation's own.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, structs

from config.ground.moments import moment
from loyalty.errors import ProgrammeFileNotFitting
from loyalty.rules.back_tests import Changes, TriedRule, TriedTerms, TriedTier, definition_of
from loyalty.rules.definition import ForAct, RuleDefinition
from loyalty.rules.for_acts import fault_in_act
from loyalty.rules.ladder_words import ladder_changes
from loyalty.rules.ladders import LadderDefinition, LadderTerms, fault_in as ladder_fault
from loyalty.rules.lots import Expiry, ExpiryKind, KeptAliveBy, fault_in
from loyalty.rules.words import changes_between, sentence_of, sentence_of_terms
from omnichannel.rules.behaviour import LONGEST_CLAIM_DAYS, EventType, Property
from omnichannel.rules.built_in_events import BUILT_IN, find_fault_of_type

Code = Annotated[str, Meta(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]
RuleCode = Annotated[str, Meta(pattern=r"^[-a-zA-Z0-9_]{1,60}$")]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file; a field that nobody knows is refused."""


class TermsPart(_Part, frozen=True, kw_only=True):
    """What `loyalty.models.ProgrammeTerms` declares, field by field."""

    burn_points: Annotated[int, Meta(ge=1, le=1_000_000)]
    burn_minor: Annotated[int, Meta(ge=1, le=10**9)]
    maturity_days: Annotated[int, Meta(ge=0, le=365)]
    expiry_days: Annotated[int, Meta(ge=0, le=36_500)] | None
    expiry_kind: ExpiryKind = "rolling"
    expiry_on: date | None = None
    kept_alive_by: KeptAliveBy = "purchase"
    welcome_points: Count
    when_spent: Literal["clamp", "debt", "refuse"]
    rules_need_approval: bool
    proof_above: Annotated[int, Meta(ge=0, le=2_147_483_647)] | None = None
    transfer_points_a_day: Annotated[int, Meta(ge=0, le=2_147_483_647)] | None = 0
    households_share: bool = True
    households_share_tier: bool = False


class ComingTerms(_Part, frozen=True, kw_only=True):
    """Terms that wait for their time, and when it comes."""

    live_from: Annotated[datetime, Meta(tz=True)]
    terms: TermsPart


class BenefitPart(_Part, frozen=True, kw_only=True):
    """What a tier brings beside points."""

    code: Code
    kind: Literal[
        "event",
        "free_shipping",
        "birthday_gift",
        "discount",
        "multiplier",
        "training",
        "concierge",
        "health_check",
    ]
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    description: str = ""
    valid_days: Annotated[int, Meta(ge=1, le=32_767)] = 365
    uses: Annotated[int, Meta(ge=1, le=32_767)] | None = 1
    is_each_year: bool = False
    days_before: Annotated[int, Meta(ge=0, le=180)] = 7
    days_after: Annotated[int, Meta(ge=0, le=180)] = 14
    is_active: bool = True


class TierPart(TriedTier, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step of the ladder, with what it asks for and what it brings."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    benefits: list[BenefitPart] = []


class RulePart(_Part, frozen=True, kw_only=True):
    """A rule as it holds, or as it will where it does not yet."""

    code: RuleCode
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    definition: RuleDefinition
    live_from: Annotated[datetime, Meta(tz=True)]
    live_until: Annotated[datetime, Meta(tz=True)] | None = None


class EventTypePart(_Part, frozen=True, kw_only=True):
    """A type of events that the programme declares; built-in ones need no line."""

    code: Code
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    properties: list[Property] = []
    is_act: bool = True
    is_told_by_members: bool = False
    is_retired: bool = False
    claimed_within_days: Annotated[int, Meta(ge=0, le=LONGEST_CLAIM_DAYS)] = 0


class ProgrammePart(_Part, frozen=True, kw_only=True):
    """Which programme it is."""

    code: Code
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    timezone: str
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    region: Annotated[str, Meta(pattern="^[A-Z]{2}$")]


class ProgrammeFile(_Part, frozen=True, kw_only=True):
    """The whole file. Tiers stand in order, the lowest first; `ladder` says how they are reached and kept."""

    format: Literal["regulars programme 1"] = "regulars programme 1"
    programme: ProgrammePart
    terms: TermsPart | None
    next_terms: ComingTerms | None = None
    tiers: list[TierPart]
    ladder: LadderTerms = LadderTerms()
    rules: list[RulePart]
    event_types: list[EventTypePart] = []


def ensure_whole(file: ProgrammeFile) -> None:
    """
    :raises ProgrammeFileNotFitting: it has no terms, its ladder is none, a code stands twice, or a rule asks for what
        no act can be.
    """
    if file.terms is None:
        raise ProgrammeFileNotFitting("The file has no terms: they are what a programme begins with.")
    next_terms = file.next_terms.terms if file.next_terms else file.terms
    if next_terms.rules_need_approval != file.terms.rules_need_approval:
        raise ProgrammeFileNotFitting("Whether a second person approves is changed by itself, and at once.")
    faults = [
        *(fault_in(expiry_of(each), maturity_days=each.maturity_days) for each in (file.terms, next_terms)),
        *map(_fault_in_type, file.event_types),
        *_faults_in_acts(file),
    ]
    if fault := next(filter(None, faults), None):
        raise ProgrammeFileNotFitting(fault)
    ladder = ladder_of(file)
    if ladder is not None and (fault := ladder_fault(ladder)):
        raise ProgrammeFileNotFitting(fault)
    for kind, codes in (
        ("tier", [tier.code for tier in file.tiers]),
        ("rule", [rule.code for rule in file.rules]),
        ("event type", [kind.code for kind in file.event_types]),
        *(("benefit", [benefit.code for benefit in tier.benefits]) for tier in file.tiers),
    ):
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ProgrammeFileNotFitting(f"The {kind} {twice[0]!r} stands in the file twice.")


def without_ended(file: ProgrammeFile, now: datetime) -> tuple[ProgrammeFile, list[RulePart]]:
    """The file as it can still hold, and the rules left out of it because they have ended. Coming terms whose time has
    passed are its terms.
    """
    if file.next_terms is not None and file.next_terms.live_from <= now:
        file = structs.replace(file, terms=file.next_terms.terms, next_terms=None)
    over = [rule for rule in file.rules if rule.live_until is not None and rule.live_until <= now]
    return structs.replace(file, rules=[rule for rule in file.rules if rule not in over]), over


def differences(today: ProgrammeFile | None, wanted: ProgrammeFile) -> list[str]:
    """What would change, in words, a line for each change; empty if nothing would.

    :param today: None where there is no such programme yet.
    """
    told = [] if today else [f"New programme {wanted.programme.name} ({wanted.programme.code})"]
    told += _of_terms(today.terms if today else None, wanted)
    told += _of_next_terms(today.next_terms if today else None, wanted)
    told += _of_tiers(today, wanted)
    told += _of_event_types(today.event_types if today else [], wanted.event_types)
    return told + _of_rules(today.rules if today else [], wanted)


def has_changes(today: ProgrammeFile, wanted: ProgrammeFile) -> bool:
    """Whether the file says anything else than what holds of what it names."""
    known = {rule.code: rule for rule in today.rules}
    return (
        today.terms != wanted.terms
        or wanted.next_terms not in (None, today.next_terms)
        or ladder_of(today) != ladder_of(wanted)
        or bool(_of_tiers(today, wanted) + _of_event_types(today.event_types, wanted.event_types))
        or any(is_changed(known.get(rule.code), rule) for rule in wanted.rules)
    )


def _fault_in_type(kind: EventTypePart) -> str | None:
    fault = find_fault_of_type(EventType(**structs.asdict(kind)))
    return f"Event type {kind.title}: {fault.detail}" if fault else None


def _faults_in_acts(file: ProgrammeFile) -> Iterator[str]:
    """Rules about acts that neither the file nor every programme knows as they ask for them."""
    types = BUILT_IN | {one.code: EventType(**structs.asdict(one)) for one in file.event_types}
    for rule in file.rules:
        act = rule.definition.act
        if isinstance(act, ForAct) and (fault := fault_in_act(act, types)):
            yield f"Rule {rule.name}: {fault.detail}"


def _of_event_types(today: Sequence[EventTypePart], wanted: Sequence[EventTypePart]) -> list[str]:
    known = {kind.code: kind for kind in today}
    return [
        f"Event type {kind.title}: {'declared otherwise' if kind.code in known else 'new'}"
        for kind in wanted
        if known.get(kind.code) != kind
    ]


def _of_terms(today: TermsPart | None, wanted: ProgrammeFile) -> list[str]:
    if wanted.terms is None or today == wanted.terms:
        return []
    told = []
    says = _says(wanted.terms, wanted.programme.currency)
    if today is None or _says(today, wanted.programme.currency) != says:
        told.append(f"Terms: {says}")
    if today is None or today.rules_need_approval != wanted.terms.rules_need_approval:
        needs = "needs another person" if wanted.terms.rules_need_approval else "needs nobody else"
        told.append(f"Terms: a rule {needs} to approve it")
    return told


def _of_next_terms(today: ComingTerms | None, wanted: ProgrammeFile) -> list[str]:
    coming = wanted.next_terms
    if coming is None or coming == today:
        return []
    begins = moment(coming.live_from, ZoneInfo(wanted.programme.timezone))
    return [f"Terms from {begins}: {_says(coming.terms, wanted.programme.currency)}"]


def _says(terms: TermsPart, currency: str) -> str:
    told = structs.asdict(terms)
    for part in ("rules_need_approval", "expiry_kind", "expiry_days", "expiry_on", "kept_alive_by"):
        told.pop(part)
    return sentence_of_terms(currency=currency, expiry=expiry_of(terms), **told)


def expiry_of(terms: TermsPart) -> Expiry:
    """How points run out by these terms."""
    return Expiry(
        kind=terms.expiry_kind, days=terms.expiry_days, on=terms.expiry_on, kept_alive_by=terms.kept_alive_by
    )


def ladder_of(file: ProgrammeFile) -> LadderDefinition | None:
    """The ladder of the file; None where it has no tiers."""
    return definition_of(file.tiers, file.ladder) if file.tiers else None


def _of_tiers(today: ProgrammeFile | None, wanted: ProgrammeFile) -> list[str]:
    known = {tier.code: tier for tier in today.tiers} if today else {}
    names = {tier.code: tier.name for tier in wanted.tiers}
    told = []
    if (ladder := ladder_of(wanted)) is not None:
        old = ladder_of(today) if today else None
        changes = ladder_changes(old, ladder, names, wanted.programme.currency)
        told += [f"Ladder: {change}" for change in changes]
    for tier in wanted.tiers:
        before = known.get(tier.code)
        if before is not None and before.name != tier.name:
            told.append(f"Tier {before.name} → {tier.name}")
        benefits = {one.code: one for one in before.benefits} if before else {}
        for benefit in tier.benefits:
            if benefit.code not in benefits:
                told.append(f"Tier {tier.name}: new benefit {benefit.title}")
            elif benefits[benefit.code] != benefit:
                told.append(f"Tier {tier.name}: another {benefit.title}")
    return told


def changes_by(file: ProgrammeFile, today: ProgrammeFile | None) -> Changes:
    """What a back-test of the whole file tries: what its rules, its ladder and its terms say otherwise than today's.

    :raises ProgrammeFileNotFitting: as `ensure_whole`.
    """
    ensure_whole(file)
    known = {rule.code: rule.definition for rule in today.rules} if today else {}
    codes = {rule.code for rule in file.rules}
    ladder = _ladder(file)
    return Changes(
        rules=[
            TriedRule(code=one.code, name=one.name, definition=one.definition)
            for one in file.rules
            if known.get(one.code) != one.definition
        ],
        without=[code for code in known if code not in codes],
        tiers=ladder if ladder and (today is None or _ladder(today) != ladder) else None,
        ladder=file.ladder if today is None or today.ladder != file.ladder else None,
        terms=_burn(file) if today is None or _burn(today) != _burn(file) else None,
    )


def _burn(file: ProgrammeFile) -> TriedTerms | None:
    terms = file.terms
    return TriedTerms(burn_points=terms.burn_points, burn_minor=terms.burn_minor) if terms else None


def _ladder(file: ProgrammeFile) -> list[TriedTier]:
    asked = TriedTier.__struct_fields__
    return [TriedTier(**{name: getattr(one, name) for name in asked}) for one in file.tiers]


def is_changed(before: RulePart | None, rule: RulePart) -> bool:
    """Whether the file says something else of a rule than what holds; when it began does not matter."""
    if before is None:
        return True
    return (before.name, before.definition, before.live_until) != (
        rule.name,
        rule.definition,
        rule.live_until,
    )


def _of_rules(today: Sequence[RulePart], wanted: ProgrammeFile) -> list[str]:
    currency, zone = wanted.programme.currency, ZoneInfo(wanted.programme.timezone)
    known = {rule.code: rule for rule in today}
    told = []
    for rule in wanted.rules:
        before = known.pop(rule.code, None)
        if before is None:
            told.append(f"New rule {rule.name}: {sentence_of(rule.definition, currency, zone=zone)}")
            continue
        changes = changes_between(before.definition, rule.definition, currency, zone=zone)
        if before.name != rule.name:
            changes.insert(0, f"Name: {before.name} → {rule.name}")
        if before.live_until != rule.live_until:
            changes.append(f"Ends: {_end(before, zone)} → {_end(rule, zone)}")
        told += [f"Rule {rule.name}: {change}" for change in changes]
    return told + [f"Rule {rule.name} is not in the file and stays as it is" for rule in known.values()]


def _end(rule: RulePart, zone: ZoneInfo) -> str:
    return moment(rule.live_until, zone) if rule.live_until else "never"
