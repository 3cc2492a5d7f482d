"""A rule's way: draft, submitted, approved by another person, and only then a version."""

from datetime import datetime

from django.db import transaction

from config.ground.typed import dump, load
from loyalty.errors import RuleDraftNotOpen, RuleDraftOfAnother, RuleNotValid
from loyalty.models import Rule, RuleDraft, RuleDraftState, RuleVersion
from loyalty.queries.rule_drafts import OPEN, find_open_draft, lock_draft, needs_approval
from loyalty.rules.definition import RuleDefinition
from loyalty.services.drafts import decide, ensure_may_approve, submit
from loyalty.services.rules import ensure_times_hold, publish_rule


@transaction.atomic
def write_draft(
    *,
    programme_id: int,
    code: str,
    name: str,
    definition: RuleDefinition,
    live_from: datetime | None = None,
    live_until: datetime | None = None,
    by: str,
    now: datetime,
    only_own: bool = False,
) -> RuleDraft:
    """Write down what a rule shall say. A draft of the rule that is open is written over, and is to be submitted again.

    :param live_from: None for the moment of approval.
    :param by: who writes, e.g. `staff:3`.
    :param only_own: what somebody else is writing is left alone.
    :raises RuleNotValid: it would end before it starts, or as `ensure_times_hold`.
    :raises RuleDraftOfAnother: somebody else wrote the open draft, and it is to be left alone.
    """
    if live_until is not None and live_until <= (live_from or now):
        raise RuleNotValid("A rule must end after it starts.", pointer="/live_until")
    rule, _ = Rule.objects.get_or_create(programme_id=programme_id, code=code, defaults={"name": name})
    Rule.objects.select_for_update().get(pk=rule.pk)
    ensure_times_hold(rule, definition)
    draft = find_open_draft(rule.pk) or RuleDraft(rule=rule, made_by=by)
    if only_own and draft.made_by != by:
        raise RuleDraftOfAnother
    draft.name, draft.definition = name, dump(definition)
    draft.live_from, draft.live_until = live_from, live_until
    draft.state, draft.made_by, draft.made_at = RuleDraftState.DRAFT, by, now
    draft.submitted_by, draft.submitted_at, draft.note = "", None, ""
    draft.save()
    return draft


@transaction.atomic
def submit_draft(draft_id: int, *, by: str, now: datetime, asks_another: bool = False) -> RuleDraft:
    """Ask for approval. Where the terms ask for no second person it is approved at once; what waits keeps asking for
    one, whatever becomes of the terms.

    :param asks_another: a second person is needed though the terms as they stand ask for none.
    :raises RuleDraftNotOpen: it is not being written any more.
    :raises RuleNotValid: as `approve_draft`.
    """
    draft = _lock(draft_id, RuleDraftState.DRAFT)
    needs = asks_another or needs_approval(draft.rule.programme_id)
    submit(draft, needs_approval=needs, by=by, now=now)
    if draft.needs_approval:
        return draft
    return approve_draft(draft_id, read=draft.digest(), by=by, now=now)


@transaction.atomic
def hand_in_draft(
    *,
    programme_id: int,
    code: str,
    name: str,
    definition: RuleDefinition,
    live_from: datetime | None,
    live_until: datetime | None,
    by: str,
    now: datetime,
) -> RuleDraft:
    """Write a draft and submit it in one step, for a person to approve whatever the terms say.

    :raises RuleNotValid: it would end before it starts.
    :raises RuleDraftOfAnother: somebody else wrote the open draft.
    """
    written = write_draft(
        programme_id=programme_id,
        code=code,
        name=name,
        definition=definition,
        live_from=live_from,
        live_until=live_until,
        by=by,
        now=now,
        only_own=True,
    )
    return submit_draft(written.pk, by=by, now=now, asks_another=True)


@transaction.atomic
def approve_draft(draft_id: int, *, read: str, by: str, now: datetime) -> RuleDraft:
    """Make the draft a version, live from the moment it names, or from now if that has passed.

    :param read: the digest of the draft as whoever approves it read it.
    :raises RuleDraftNotOpen: it does not wait for approval.
    :raises NeedsAnotherPerson: who approves wrote or submitted it, and it asks for a second person.
    :raises RuleDraftChanged: it was written over since, and says something else.
    :raises RuleNotValid: it would end before it starts, or another version is to start later.
    """
    draft = _lock(draft_id, RuleDraftState.SUBMITTED)
    ensure_may_approve(draft, read=read, by=by)
    draft.version = publish_rule(
        programme_id=draft.rule.programme_id,
        code=draft.rule.code,
        name=draft.name,
        definition=load(RuleDefinition, draft.definition),
        live_from=max(draft.live_from or now, now),
        live_until=draft.live_until,
        made_by=draft.made_by,
        approved_by=by if draft.needs_approval else "",
        now=now,
    )
    return decide(draft, RuleDraftState.APPROVED, by=by, now=now)


@transaction.atomic
def send_back_draft(draft_id: int, *, note: str, by: str, now: datetime) -> RuleDraft:
    """Let it be written on, with a word on why.

    :raises RuleDraftNotOpen: it does not wait for approval.
    """
    draft = _lock(draft_id, RuleDraftState.SUBMITTED)
    return decide(draft, RuleDraftState.DRAFT, by=by, now=now, note=note)


@transaction.atomic
def discard_draft(draft_id: int, *, by: str, now: datetime) -> RuleDraft:
    """Give it up; it stays written down.

    :raises RuleDraftNotOpen: it was approved or discarded before.
    """
    draft = _lock(draft_id, *OPEN)
    return decide(draft, RuleDraftState.DISCARDED, by=by, now=now)


@transaction.atomic
def draft_roll_back(version: RuleVersion, *, by: str, now: datetime) -> RuleDraft:
    """Draft a new version that says what an older one said, and submit it in the same step.

    :raises RuleNotValid: as `approve_draft`, where the terms ask for no second person.
    """
    rule = version.rule
    draft = write_draft(
        programme_id=rule.programme_id,
        code=rule.code,
        name=rule.name,
        definition=load(RuleDefinition, version.definition),
        by=by,
        now=now,
    )
    return submit_draft(draft.pk, by=by, now=now)


def _lock(draft_id: int, *states: RuleDraftState) -> RuleDraft:
    draft = lock_draft(draft_id)
    if draft.state not in states:
        raise RuleDraftNotOpen(f"This draft is {draft.get_state_display()}; open the rule to see what holds.")
    return draft
