"""Looking for fraud: rules go live after a dry run, and are looked by in the background, never in the hot path."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from config.ground.ids import new_ref
from config.ground.typed import dump
from loyalty.errors import AlreadyDecided, NeedsAnotherPerson
from loyalty.models import FlagState, FraudFlag, FraudRule, ProgrammeTerms, Wallet
from loyalty.queries.batches import lock_wallets
from loyalty.queries.fraud import OVERLAP, list_findings, lock_live_rules, look_from
from loyalty.rules.fraud import Finding
from loyalty.services.holds import HoldDraft, hold_points

HELD_FOR = timedelta(days=30)
"""Nobody's points stay set aside for longer because nobody has looked."""

EXAMPLES = 20


class RuleDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule watches: `what`, `per` and `within` as `loyalty.rules.fraud` names them."""

    name: str
    what: str
    per: str
    within: str
    more_than: int
    is_holding: bool = False


class DryRun(msgspec.Struct, frozen=True):
    """What a rule would have flagged: how many times, how many members among them, and what was most above it."""

    flags: int
    members: int
    examples: list[Finding]


def try_rule(rule: FraudRule, *, since: datetime, until: datetime) -> DryRun:
    """What a rule would have flagged of what happened between two moments. Nothing is written."""
    findings = list_findings(rule, since=since, until=until, most=100_000)
    members = {member_id for finding in findings for member_id in finding.member_ids}
    return DryRun(len(findings), len(members), findings[:EXAMPLES])


def open_with_rules(
    programme_id: int, drafts: Sequence[RuleDraft], *, made_by: str, approved_by: str, now: datetime
) -> None:
    """Let rules look from now on, in a programme that is being set up. Rules of these names are left as they are."""
    for draft in drafts:
        rule, is_new = FraudRule.objects.get_or_create(
            programme_id=programme_id,
            name=draft.name,
            defaults=msgspec.structs.asdict(draft) | {"written_by": made_by},
        )
        if is_new:
            go_live(rule.pk, by=approved_by, now=now)


@transaction.atomic
def go_live(rule_id: int, *, by: str, now: datetime) -> FraudRule:
    """Let a rule look at what happens from now on.

    :raises AlreadyDecided: it does already, or did.
    :raises NeedsAnotherPerson: the programme's terms ask for somebody who did not write it.
    """
    rule = FraudRule.objects.select_for_update().get(pk=rule_id)
    if rule.live_from is not None:
        raise AlreadyDecided("This rule is live, or was.")
    needs_two = ProgrammeTerms.objects.filter(programme_id=rule.programme_id, rules_need_approval=True)
    if rule.written_by == by and needs_two.exists():
        raise NeedsAnotherPerson
    rule.live_from = rule.looked_at = now
    rule.approved_by = by
    rule.save()
    return rule


@transaction.atomic
def end_rule(rule_id: int, *, now: datetime) -> FraudRule:
    """Let a rule look no more; its flags stay. One that never looked is left as it is."""
    rule = FraudRule.objects.select_for_update().get(pk=rule_id)
    if rule.live_from is not None and rule.ended_at is None:
        rule.ended_at = now
        rule.save()
    return rule


def watch_for_fraud(*, now: datetime) -> int:
    """Look by every live rule at what was recorded since its last look. Safe to repeat, any number at once.

    :return: how many flags are new.
    """
    live = FraudRule.objects.filter(live_from__isnull=False, ended_at=None)
    return sum(_look(rule_id, now) for rule_id in live.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _look(rule_id: int, now: datetime) -> int:
    for rule in lock_live_rules([rule_id]):
        looked = rule.looked_at or now
        found = list_findings(
            rule, since=look_from(rule, now), until=now, recorded_since=max(looked - OVERLAP, _live(rule))
        )
        known = {
            flag.cause: flag
            for flag in FraudFlag.objects.filter(rule=rule, cause__in=[one.cause for one in found])
        }
        new = [_flag(rule, one, now) for one in found if one.cause not in known]
        for one in found:
            flag = known.get(one.cause)
            if flag is not None and flag.state == FlagState.OPEN and flag.evidence != dump(one):
                flag.evidence = dump(one)
                flag.save(update_fields=["evidence"])
        rule.looked_at = now
        rule.save(update_fields=["looked_at"])
        return len(new)
    return 0


def _live(rule: FraudRule) -> datetime:
    """Since when it is live: what was recorded before is not its business."""
    if rule.live_from is None:
        raise ValueError("A rule that is not live looks at nothing.")
    return rule.live_from


def _flag(rule: FraudRule, finding: Finding, now: datetime) -> FraudFlag:
    flag = FraudFlag(
        ref=new_ref("flg"),
        programme_id=rule.programme_id,
        rule=rule,
        cause=finding.cause,
        member_id=finding.member_id,
        evidence=dump(finding),
        found_at=now,
    )
    if rule.is_holding and finding.member_id is not None:
        _hold(flag, finding.member_id, now)
    flag.save()
    return flag


def _hold(flag: FraudFlag, member_id: int, now: datetime) -> None:
    """Set aside what the member can spend, under the wallet's lock; nothing where there is nothing."""
    lock_wallets([member_id], flag.programme_id, now=now)
    wallet = Wallet.objects.filter(member_id=member_id, programme_id=flag.programme_id).first()
    if wallet is None or wallet.spendable <= 0:
        return
    draft = HoldDraft(
        member_id=member_id,
        programme_id=flag.programme_id,
        points=wallet.spendable,
        lasts=HELD_FOR,
        reference=flag.ref,
        actor="fraud",
        is_proven=True,
    )
    held = hold_points(draft, now=now).answer.hold
    flag.hold_ref, flag.held_points = held.ref, held.points
