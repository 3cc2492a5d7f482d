"""A rule's way: draft, submitted, approved by another person, and only then a version."""

from datetime import datetime

from django.db import transaction

from config.ground.typed import dump, load
from loyalty.errors import RuleDraftOfAnother, RuleNotValid
from loyalty.models import Rule, RuleDraft, RuleVersion
from loyalty.queries.drafts import lock_terms
from loyalty.queries.rule_drafts import find_open_draft
from loyalty.rules.definition import RuleDefinition
from loyalty.services.drafts import DraftRoad, begin
from loyalty.services.rules import declared_end, ensure_times_hold, lock_rule, publish_rule


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
    lock_terms(programme_id)
    rule, _ = Rule.objects.get_or_create(programme_id=programme_id, code=code, defaults={"name": name})
    lock_rule(rule)
    ensure_times_hold(rule, definition)
    draft = find_open_draft(rule.pk) or RuleDraft(rule=rule, made_by=by)
    if only_own and draft.made_by != by:
        raise RuleDraftOfAnother
    draft.name, draft.definition = name, dump(definition)
    draft.live_from, draft.live_until = live_from, live_until
    begin(draft, by=by, now=now)
    draft.save()
    return draft


def _publish(draft: RuleDraft, by: str, now: datetime) -> None:
    """Make the draft a version, live from the moment it names, or from now if that has passed.

    :raises RuleNotValid: it would end before it starts, or another version is to start later.
    """
    draft.version = publish_rule(
        programme_id=draft.programme_id,
        code=draft.rule.code,
        name=draft.name,
        definition=load(RuleDefinition, draft.definition),
        live_from=max(draft.live_from or now, now),
        live_until=draft.live_until,
        made_by=draft.made_by,
        approved_by=by if draft.needs_approval else "",
        now=now,
    )


RULE_DRAFTS = DraftRoad(RuleDraft, lambda draft: lock_rule(draft.rule), _publish)
submit_draft, approve_draft = RULE_DRAFTS.submit, RULE_DRAFTS.approve
send_back_draft, discard_draft = RULE_DRAFTS.send_back, RULE_DRAFTS.discard


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
def draft_roll_back(version: RuleVersion, *, by: str, now: datetime) -> RuleDraft:
    """Draft a new version that says what an older one said, until the same end, and submit it in the same step.

    :raises RuleNotValid: its end has passed; or as `publish_rule`, where the terms ask for no second person.
    """
    rule, ends = version.rule, declared_end(version)
    if ends is not None and ends <= now:
        raise RuleNotValid(
            f"Version {version.version} was to end by {ends:%Y-%m-%d}: write what it said with another end."
        )
    draft = write_draft(
        programme_id=rule.programme_id,
        code=rule.code,
        name=rule.name,
        definition=load(RuleDefinition, version.definition),
        live_until=ends,
        by=by,
        now=now,
    )
    return submit_draft(draft.pk, by=by, now=now)
