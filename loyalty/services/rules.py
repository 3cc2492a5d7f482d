"""Rules change by new versions; what was live stays written down."""

from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import F, Max

from loyalty.errors import RuleNotValid
from loyalty.models import Rule, RuleDraft, RuleVersion
from loyalty.queries.drafts import lock_terms
from loyalty.rules.definition import RuleDefinition


def publish_rule(
    *,
    programme_id: int,
    code: str,
    name: str,
    definition: RuleDefinition,
    live_from: datetime,
    live_until: datetime | None = None,
    made_by: str,
    approved_by: str = "",
    now: datetime,
) -> RuleVersion:
    """Make a version of a rule live from a moment on; the version before it ends there.

    :param made_by: who says so, e.g. `staff:3`.
    :param approved_by: the second person, "" where none is asked for.
    :raises RuleNotValid: it would end before it starts, or start before the version that is live did; or as
        `ensure_times_hold`.
    """
    if live_until is not None and live_until <= live_from:
        raise RuleNotValid("A rule must end after it starts.", pointer="/live_until")
    with transaction.atomic():
        lock_terms(programme_id)
        rule, _ = Rule.objects.update_or_create(programme_id=programme_id, code=code, defaults={"name": name})
        ensure_times_hold(rule, definition)
        end_rule(rule, at=live_from)
        last = rule.versions.aggregate(last=Max("version"))["last"] or 0
        return RuleVersion.objects.create(
            rule=rule,
            version=last + 1,
            definition=msgspec.to_builtins(definition),
            live_from=live_from,
            live_until=live_until,
            made_by=made_by,
            approved_by=approved_by,
            made_at=now,
        )


def lock_rule(rule: Rule) -> None:
    """Until commit; the terms first, whose stamp moves with what is written of a rule."""
    lock_terms(rule.programme_id)
    Rule.objects.select_for_update().get(pk=rule.pk)


def ensure_times_hold(rule: Rule, definition: RuleDefinition) -> None:
    """Refuse other points for a rule that gives them so many times at most: counters hold the points of all versions.

    :raises RuleNotValid: a version with caps gave other points.
    """
    if not any(isinstance(cap.times, int) for cap in definition.caps):
        return
    points = msgspec.to_builtins(definition.effect).get("points")
    for before in rule.versions.values_list("definition", flat=True):
        if before.get("caps") and before["effect"].get("points") != points:
            raise RuleNotValid(
                f"{rule.name} gave other points before, and how many times it gave is counted by them. "
                "End it, and write a new rule with the new points."
            )


@transaction.atomic
def end_rule(rule: Rule, *, at: datetime) -> int:
    """End whatever version of the rule would still be live at a moment.

    :return: how many versions ended.
    :raises RuleNotValid: a version starts only after that moment.
    """
    lock_rule(rule)
    running = rule.versions.exclude(live_until__lte=at).exclude(live_until=F("live_from"))
    if running.filter(live_from__gt=at).exists():
        raise RuleNotValid(
            f"{rule.name} has a version that starts later: withdraw that, or choose a later moment."
        )
    return running.update(live_until=at)


@transaction.atomic
def withdraw_version(version: RuleVersion, *, now: datetime) -> None:
    """Let a scheduled version never begin; the one that it would have taken the place of goes on to its own end.

    :raises RuleNotValid: it has begun, or was withdrawn before.
    """
    lock_rule(version.rule)
    version.refresh_from_db()
    starts = version.live_from
    if starts <= now or version.live_until == starts:
        raise RuleNotValid("Only what has not begun can be withdrawn; end the rule instead.")
    version.live_until = starts
    version.save(update_fields=["live_until"])
    before = version.rule.versions.filter(
        version__lt=version.version, live_from__lt=starts, live_until=starts
    )
    if (last := before.order_by("version").last()) is not None:
        last.live_until = declared_end(last)
        last.save(update_fields=["live_until"])


def declared_end(version: RuleVersion) -> datetime | None:
    """When a version was to end by itself, whatever ended it; None for one that was published without a draft."""
    return RuleDraft.objects.filter(version=version).values_list("live_until", flat=True).first()
