"""A programme as it stands, as a file."""

from datetime import datetime
from typing import TypeVar

import msgspec

from config.ground.typed import load
from loyalty.models import Benefit, ProgrammeTerms, RuleVersion, Tier
from loyalty.queries.ladders import find_last_ladder
from loyalty.queries.programme_drafts import find_coming_terms
from loyalty.rules.ladders import LadderDefinition, LadderTerms
from loyalty.rules.programme_files import (
    BenefitPart,
    ComingTerms,
    EventTypePart,
    ProgrammeFile,
    ProgrammePart,
    RulePart,
    TermsPart,
    TierPart,
)
from loyalty.rules.stored_rules import Unreadable, read_stored
from omnichannel.models import Programme
from omnichannel.queries.behaviour import list_declared_types

Part = TypeVar("Part", bound=msgspec.Struct)


def find_programme_file(code: str, *, now: datetime) -> ProgrammeFile | None:
    """The programme with this code as it holds at a moment; None if there is none."""
    programme = Programme.objects.filter(code=code).first()
    if programme is None:
        return None
    terms = ProgrammeTerms.objects.filter(programme=programme).first()
    ladder = find_last_ladder(programme.pk)
    return ProgrammeFile(
        programme=_part(ProgrammePart, programme),
        terms=_part(TermsPart, terms) if terms else None,
        next_terms=_next_terms(programme.pk),
        tiers=_tiers(programme.pk, ladder),
        ladder=ladder.terms if ladder else LadderTerms(),
        rules=_rules(programme.pk, now),
        event_types=[
            EventTypePart(**msgspec.structs.asdict(kind)) for kind in list_declared_types(programme.pk)
        ],
    )


def _next_terms(programme_id: int) -> ComingTerms | None:
    draft = find_coming_terms(programme_id)
    if draft is None or draft.live_from is None:
        return None
    return ComingTerms(live_from=draft.live_from, terms=load(TermsPart, draft.definition))


def _tiers(programme_id: int, ladder: LadderDefinition | None) -> list[TierPart]:
    """The tiers of the ladder; one that stands on none has no place in the file."""
    asked = {step.tier: step for step in ladder.steps} if ladder else {}
    benefits: dict[int, list[BenefitPart]] = {}
    for one in Benefit.objects.filter(tier__programme_id=programme_id).order_by("pk"):
        benefits.setdefault(one.tier_id, []).append(_part(BenefitPart, one))
    return [
        TierPart(
            code=tier.code,
            name=tier.name,
            threshold_minor=asked[tier.code].threshold_minor or 0,
            points=asked[tier.code].points,
            visits=asked[tier.code].visits,
            needs=asked[tier.code].needs,
            benefits=benefits.get(tier.pk, []),
        )
        for tier in Tier.objects.filter(programme_id=programme_id, code__in=asked).order_by("rank")
    ]


def _rules(programme_id: int, now: datetime) -> list[RulePart]:
    """What holds of each rule, else what will; of a rule that ended or cannot be read, nothing."""
    return [each for each in _rules_found(programme_id, now) if isinstance(each, RulePart)]


def list_unreadable_rules(code: str, *, now: datetime) -> list[tuple[str, str]]:
    """Code and reason of the rules that no file of the programme can hold, for they cannot be read any more."""
    programme = Programme.objects.filter(code=code).first()
    found = _rules_found(programme.pk, now) if programme else []
    return [each for each in found if not isinstance(each, RulePart)]


def _rules_found(programme_id: int, now: datetime) -> list[RulePart | tuple[str, str]]:
    """What holds of each rule, else what will; code and reason of one that cannot be read."""
    versions = RuleVersion.objects.select_related("rule").filter(rule__programme_id=programme_id)
    found: dict[str, RulePart | tuple[str, str]] = {}
    for version in versions.order_by("rule__code", "version"):
        until = version.live_until
        if until is not None and until <= max(now, version.live_from):
            continue
        rule, definition = version.rule, read_stored(version.definition)
        if isinstance(definition, Unreadable):
            found.setdefault(rule.code, (rule.code, definition.reason))
            continue
        found.setdefault(
            rule.code,
            RulePart(
                code=rule.code,
                name=rule.name,
                definition=definition,
                live_from=version.live_from,
                live_until=until,
            ),
        )
    return list(found.values())


def _part(kind: type[Part], row: object) -> Part:
    """The fields of a part, as a row has them."""
    return kind(**{name: getattr(row, name) for name in kind.__struct_fields__})
