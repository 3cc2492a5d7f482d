"""Bringing a programme to what a file says: all of it or nothing."""

from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import Max

from loyalty.errors import ProgrammeFileNotFitting
from loyalty.models import Benefit, DraftState, ProgrammeTerms, Tier
from loyalty.models.programme_drafts import DraftKind
from loyalty.queries.drafts import list_waiting, needs_approval
from loyalty.queries.ladders import find_open_ladder_draft
from loyalty.queries.programme_drafts import find_coming_terms, find_open_programme_draft
from loyalty.queries.programme_files import find_programme_file
from loyalty.queries.rule_drafts import find_draft_of
from loyalty.rules.ladders import LadderDefinition
from loyalty.rules.programme_files import (
    ProgrammeFile,
    RulePart,
    TermsPart,
    differences,
    ensure_whole,
    is_changed,
    ladder_of,
    without_ended,
)
from loyalty.services.coming_terms import schedule_terms
from loyalty.services.ladder_drafts import approve_ladder_draft, submit_ladder_draft, write_ladder_draft
from loyalty.services.ladders import publish_ladder
from loyalty.services.rule_drafts import approve_draft, submit_draft, write_draft
from omnichannel.rules.behaviour import EventType
from omnichannel.services.event_types import declare_event_type
from omnichannel.services.places import open_programme


class Brought(msgspec.Struct, frozen=True):
    """What changed, in words, and what waits for another person's approval, e.g. `The rule Tea`."""

    changes: list[str]
    waiting: list[str]


@transaction.atomic
def bring_file(file: ProgrammeFile, *, by: str, now: datetime, approved_by: str = "") -> Brought:
    """Make the programme what the file says: opened if there is none by its code, else changed. What the file does not
    name stays. Where nobody approved it, its rules wait if the terms ask for a second person: those that held until
    now, or those of the file.

    :param approved_by: who approved the file as a whole, and so each thing in it.
    :raises ProgrammeFileNotFitting: it cannot be brought in here.
    :raises ProgrammeNotValid: its timezone, currency or region is none.
    :raises TermsNotValid: it names coming terms, and others wait for their time.
    :raises RuleNotValid: a rule would begin before another version of it that waits for its time.
    """
    ensure_whole(file)
    file, over = without_ended(file, now)
    today = find_programme_file(file.programme.code, now=now)
    if today is not None:
        _ensure_fits(today, file)
    told = differences(today, file) + [f"Left out, for it has ended: the rule {rule.name}" for rule in over]
    programme = open_programme(**msgspec.structs.asdict(file.programme))
    asks_another = today is not None and needs_approval(programme.pk)
    assert file.terms is not None  # noqa: S101 - ensure_whole saw to it
    if today is None or today.terms != file.terms:
        is_kept = today is None or today.terms is None or bool(approved_by)
        _bring_terms(programme.pk, file.terms, is_kept=is_kept, by=by, now=now)
    coming = file.next_terms
    if coming is not None and (today is None or today.next_terms != coming):
        schedule_terms(
            programme.pk, coming.terms, live_from=coming.live_from, by=by, approved_by=approved_by, now=now
        )
    _bring_tiers(programme.pk, file)
    ladder = ladder_of(file)
    if ladder is not None and (today is None or ladder_of(today) != ladder):
        _bring_ladder(programme.pk, ladder, by=by, approved_by=approved_by, now=now)
    for kind in file.event_types:
        declare_event_type(programme.pk, EventType(**msgspec.structs.asdict(kind)))
    known = {rule.code: rule for rule in today.rules} if today else {}
    waiting = [
        f"The rule {rule.name}"
        for rule in file.rules
        if is_changed(known.get(rule.code), rule)
        and _bring_rule(
            programme.pk, rule, asks_another=asks_another, by=by, approved_by=approved_by, now=now
        )
    ]
    return Brought(told, waiting)


def _ensure_fits(today: ProgrammeFile, file: ProgrammeFile) -> None:
    if today.programme.currency != file.programme.currency:
        raise ProgrammeFileNotFitting(
            f"The programme here runs in {today.programme.currency}, the file in {file.programme.currency}."
        )
    if today.programme.timezone != file.programme.timezone:
        raise ProgrammeFileNotFitting(
            f"Days here begin and end in {today.programme.timezone}, in the file in {file.programme.timezone}."
        )
    if missing := [tier.name for tier in today.tiers if tier.code not in {one.code for one in file.tiers}]:
        raise ProgrammeFileNotFitting(
            f"Members may stand on the tier {missing[0]}, and the file does not name it."
        )
    loosens = file.terms is not None and not file.terms.rules_need_approval
    needed = today.terms is None or today.terms.rules_need_approval
    if loosens and needed and (waiting := list_waiting(file.programme.code, with_file=False)):
        raise ProgrammeFileNotFitting(
            f"The file lets one person publish rules, and {waiting[0]} waits for a second one: decide it first."
        )


def _bring_terms(programme_id: int, terms: TermsPart, *, is_kept: bool, by: str, now: datetime) -> None:
    """
    :param is_kept: they take the place of none, or the draft of the file says of which.
    """
    if find_open_programme_draft(programme_id, DraftKind.TERMS) is not None:
        raise ProgrammeFileNotFitting("Somebody has a draft of the terms open: decide it first.")
    if find_coming_terms(programme_id) is not None:
        raise ProgrammeFileNotFitting("Other terms wait for their time here: withdraw them first.")
    if is_kept:
        told = msgspec.structs.asdict(terms)
        ProgrammeTerms.objects.update_or_create(programme_id=programme_id, defaults=told)
    else:
        schedule_terms(programme_id, terms, live_from=now, by=by, approved_by="", now=now)


def _bring_ladder(
    programme_id: int, ladder: LadderDefinition, *, by: str, approved_by: str, now: datetime
) -> None:
    """Publish the ladder, by a draft that was approved where the file was."""
    if not approved_by:
        publish_ladder(programme_id=programme_id, definition=ladder, made_by=by, now=now)
        return
    if find_open_ladder_draft(programme_id) is not None:
        raise ProgrammeFileNotFitting("Somebody has a draft of the ladder open: decide it first.")
    draft = write_ladder_draft(programme_id=programme_id, definition=ladder, live_from=None, by=by, now=now)
    submit_ladder_draft(draft.pk, by=by, now=now, asks_another=True)
    approve_ladder_draft(draft.pk, read=draft.digest(), by=approved_by, now=now)


def _bring_tiers(programme_id: int, file: ProgrammeFile) -> None:
    """Tiers and what they bring."""
    ranks = Tier.objects.filter(programme_id=programme_id).aggregate(top=Max("rank"))["top"]
    top = -1 if ranks is None else int(ranks)
    for part in file.tiers:
        tier, is_new = Tier.objects.get_or_create(
            programme_id=programme_id, code=part.code, defaults={"name": part.name, "rank": top + 1}
        )
        top += is_new
        if tier.name != part.name:
            tier.name = part.name
            tier.save(update_fields=["name"])
        for benefit in part.benefits:
            told = msgspec.structs.asdict(benefit)
            Benefit.objects.update_or_create(tier=tier, code=told.pop("code"), defaults=told)


def _bring_rule(
    programme_id: int, rule: RulePart, *, asks_another: bool, by: str, approved_by: str, now: datetime
) -> bool:
    """Draft and submit what the file says of a rule, and approve it where the file was.

    :return: whether it waits for approval.
    """
    if find_draft_of(programme_id, rule.code) is not None:
        raise ProgrammeFileNotFitting(f"Somebody has a draft of the rule {rule.name} open: decide it first.")
    draft = write_draft(
        programme_id=programme_id,
        code=rule.code,
        name=rule.name,
        definition=rule.definition,
        live_from=rule.live_from if rule.live_from > now else None,
        live_until=rule.live_until,
        by=by,
        now=now,
    )
    submitted = submit_draft(draft.pk, by=by, now=now, asks_another=asks_another or bool(approved_by))
    if approved_by:
        approve_draft(draft.pk, read=submitted.digest(), by=approved_by, now=now)
        return False
    return submitted.state == DraftState.SUBMITTED
