"""What a programme declares, compiled once per stamp and kept in the process."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from loyalty.errors import ProgrammeWithoutTerms
from loyalty.models import Benefit, ProgrammeTerms, RuleVersion, Tier
from loyalty.models.ledger import EPOCH
from loyalty.queries.ladders import list_ladders
from loyalty.queries.programme_drafts import list_terms_changes, terms_of
from loyalty.queries.vocabulary import list_names_asked
from loyalty.rules import tiers
from loyalty.rules.back_tests import Changes, ladders_tried, terms_tried, versions_tried
from loyalty.rules.compile import Programme, Terms, compile_programme
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.drafts import Draft, Version, versions_with
from loyalty.rules.ladders import Anniversary, LadderDefinition, window_starts_on
from loyalty.rules.programme_files import TermsPart, expiry_of

_log = logging.getLogger("regulars.rules")
_compiled: dict[int, Programme] = {}


def get_programme(programme_id: int, *, stamp: int | None) -> Programme:
    """The programme's rules, tiers and terms at this stamp or a newer one.

    A statement that is made anyway reads the stamp; as long as it is the one at hand, nothing else is read.

    :raises ProgrammeWithoutTerms: if nobody has declared the terms yet (`stamp` is None).
    """
    if stamp is None:
        raise ProgrammeWithoutTerms
    known = _compiled.get(programme_id)
    if known is None or known.stamp != stamp:
        known = _compiled[programme_id] = _compile(programme_id)
    return known


def get_known_programme(programme_id: int, *, stamp: int) -> Programme:
    """The programme at this stamp, or as this process knows it if that is newer: an old answer that is told again is no
    reason to read it anew.
    """
    known = find_compiled(programme_id)
    return known if known is not None and known.stamp >= stamp else get_programme(programme_id, stamp=stamp)


def find_compiled(programme_id: int) -> Programme | None:
    """The programme as this process last knew it, perhaps no longer as it stands."""
    return _compiled.get(programme_id)


class DaysThatCount(NamedTuple):
    """The first and the last day that count towards tiers, and the stamp of the programme by which they do. Nones: who
    asks has to be told.
    """

    stamp: int | None = None
    since: date | None = None
    until: date | None = None


def find_days_that_count(programme_id: int | None, at: datetime) -> DaysThatCount:
    """As this process knows them, for statements that take the database's own word where the stamp has moved on."""
    programme = _compiled.get(programme_id) if programme_id is not None else None
    ladder = programme.ladder_at(at) if programme else None
    if (
        programme is None
        or ladder is None
        or not ladder.steps
        or isinstance(ladder.terms.window, Anniversary)
    ):
        return DaysThatCount()
    today = at.astimezone(programme.terms.zone).date()
    return DaysThatCount(programme.stamp, window_starts_on(ladder.terms.window, today, today), today)


def find_first_compiled() -> int | None:
    """The id of the oldest programme that this process has compiled so far."""
    return min(_compiled, default=None)


def get_current_programme(programme_id: int) -> Programme:
    """The programme as it stands now, for those who have not read a stamp.

    :raises ProgrammeWithoutTerms: if nobody has declared the terms yet.
    """
    stamp = ProgrammeTerms.objects.filter(programme_id=programme_id).values_list("stamp", flat=True).first()
    return get_programme(programme_id, stamp=stamp)


def compile_with(programme_id: int, draft: Draft) -> Programme:
    """The programme as it would be once the draft was published; nothing is kept.

    :raises ProgrammeWithoutTerms: if nobody has declared the terms yet.
    """
    if not ProgrammeTerms.objects.filter(programme_id=programme_id).exists():
        raise ProgrammeWithoutTerms
    return _compile(programme_id, lambda versions: versions_with(versions, draft))


def compile_tried(programme_id: int, changes: Changes, *, since: datetime) -> Programme:
    """The programme as if the changes had held from `since` on; nothing is kept."""
    programme = _compile(programme_id, lambda versions: versions_tried(versions, changes, since))
    return replace(
        programme,
        terms=terms_tried(programme.terms, changes),
        terms_from=() if changes.terms else programme.terms_from,
        ladders=ladders_tried(programme.ladders, changes),
    )


def _compile(programme_id: int, change: Callable[[list[Version]], list[Version]] | None = None) -> Programme:
    row = ProgrammeTerms.objects.select_related("programme").get(programme_id=programme_id)
    versions = _versions(programme_id)
    if change:
        versions = change(versions)
    terms = _terms(row, terms_of(row))
    compiled = compile_programme(
        stamp=row.stamp,
        terms=terms,
        ladders=_ladders(programme_id),
        versions=versions,
        names=list_names_asked(programme_id, (one for version in versions for one in version[4].conditions)),
    )
    return replace(compiled, terms_from=_terms_from(row, terms))


def _terms(row: ProgrammeTerms, part: TermsPart) -> Terms:
    return Terms(
        programme_id=row.programme_id,
        programme_code=row.programme.code,
        currency=row.programme.currency,
        zone=ZoneInfo(row.programme.timezone),
        burn_points=part.burn_points,
        burn_minor=part.burn_minor,
        maturity_days=part.maturity_days,
        expiry=expiry_of(part),
        welcome_points=part.welcome_points,
        proof_above=part.proof_above,
        transfer_points_a_day=part.transfer_points_a_day,
    )


def _terms_from(row: ProgrammeTerms, today: Terms) -> tuple[tuple[datetime, Terms], ...]:
    """As `Programme.terms_from`: what each change took the place of, what holds, and what waits for its time."""
    spans: list[tuple[datetime, Terms]] = []
    since, coming = EPOCH, []
    for change in list_terms_changes(row.programme_id):
        if change.before is None:
            coming.append((change.live_from, _terms(row, change.after)))
            continue
        spans.append((since, _terms(row, change.before)))
        since = change.live_from
    return (*spans, (since, today), *coming) if spans or coming else ()


def _ladders(programme_id: int) -> list[tiers.Ladder]:
    benefits: dict[int, list[tiers.Benefit]] = {}
    for one in Benefit.objects.filter(tier__programme_id=programme_id, is_active=True):
        brought = tiers.Benefit(id=one.pk, valid_days=one.valid_days, is_counted=one.uses is not None)
        benefits.setdefault(one.tier_id, []).append(brought)
    steps = {
        tier.code: tiers.Step(id=tier.pk, code=tier.code, name=tier.name, benefits=benefits.get(tier.pk, []))
        for tier in Tier.objects.filter(programme_id=programme_id)
    }
    return [
        tiers.compile_ladder(msgspec.convert(row.definition, LadderDefinition), steps, row.live_from)
        for row in list_ladders(programme_id)
    ]


def read_definition(stored: dict[str, Any], rule: str) -> RuleDefinition | None:
    """A definition as it is stored; None, and a line in the log, for one that was let in before a stricter check.

    Such a rule gives nothing, and stops nobody from shopping.
    """
    try:
        return msgspec.convert(stored, RuleDefinition)
    except msgspec.ValidationError as fault:
        _log.error("the rule %s is left out: %s", rule, fault)
        return None


def _versions(programme_id: int) -> list[Version]:
    return [
        (
            version.pk,
            version.rule.code,
            version.rule.name,
            version.version,
            definition,
            version.live_from,
            version.live_until,
        )
        for version in RuleVersion.objects.select_related("rule")
        .filter(rule__programme_id=programme_id)
        .order_by("rule__code", "version")
        if (definition := read_definition(version.definition, version.rule.code)) is not None
    ]
