"""The versions of a rule on the staff's pages: which one counts now, and what each changed, in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet

from config.staff.actors import name_actors
from loyalty.models import Rule, RuleVersion
from loyalty.queries.vocabulary import Home, Names, list_names
from loyalty.rules.definition import RuleDefinition
from loyalty.rules.stored_rules import Unreadable, changes, says

LIVE, SCHEDULED, ENDED, DRAFT = "live", "scheduled", "ended", "draft"
STATES = {LIVE: "success", SCHEDULED: "info", ENDED: "default", DRAFT: "warning"}
"""State -> the colour of its label."""


def state_of(version: RuleVersion, now: datetime) -> str:
    """Whether a version is live, scheduled or ended at a moment."""
    if version.live_until is not None and version.live_until <= max(now, version.live_from):
        return ENDED
    return SCHEDULED if version.live_from > now else LIVE


def state_of_rule(rule: Rule, now: datetime) -> str:
    """Live if one of its versions is, else scheduled if one will be; a draft if it has none yet."""
    states = {state_of(version, now) for version in rule.versions.all()}
    if not states:
        return DRAFT
    return next((state for state in (LIVE, SCHEDULED) if state in states), ENDED)


def rules_in_state(rules: QuerySet[Rule], state: str, now: datetime) -> QuerySet[Rule]:
    """Those of the rules that `state_of_rule` would say this of, asked of the database."""
    lasting = RuleVersion.objects.filter(Q(live_until=None) | Q(live_until__gt=F("live_from")))
    live = lasting.filter(Q(live_until=None) | Q(live_until__gt=now), live_from__lte=now).values("rule")
    scheduled = lasting.filter(live_from__gt=now).values("rule")
    if state == LIVE:
        return rules.filter(pk__in=live)
    if state == DRAFT:
        return rules.filter(versions=None)
    if state == SCHEDULED:
        return rules.filter(pk__in=scheduled).exclude(pk__in=live)
    return rules.exclude(versions=None).exclude(pk__in=live).exclude(pk__in=scheduled)


def version_shown(rule: Rule, now: datetime) -> RuleVersion | None:
    """The version that speaks for the rule: the live one, else the latest."""
    versions = sorted(rule.versions.all(), key=lambda version: version.version, reverse=True)
    live = (version for version in versions if state_of(version, now) == LIVE)
    return next(live, versions[0] if versions else None)


def definition_said(version: RuleVersion, names: Names) -> RuleDefinition | Unreadable:
    """What the version says, with the names of tiers and places that its codes stand for."""
    return names.said_stored(version.definition)


def versions_told(rule: Rule, home: Home, now: datetime) -> list[dict[str, Any]]:
    """For each version, the newest first: what it says, when, by whom, and what it changed of the one before."""
    zone = ZoneInfo(home.timezone)
    versions: Sequence[RuleVersion] = sorted(rule.versions.all(), key=lambda version: version.version)
    makers = name_actors(actor for version in versions for actor in (version.made_by, version.approved_by))
    names = list_names([home.id])[home.id]
    told = []
    before: RuleDefinition | Unreadable | None = None
    for version in versions:
        definition = definition_said(version, names)
        told.append(
            {
                "version": version,
                "state": state_of(version, now),
                "colour": STATES[state_of(version, now)],
                "says": says(definition, home.currency, zone=zone),
                "changes": changes(before, definition, home.currency, zone=zone) if before else [],
                "made_by": makers.get(version.made_by, version.made_by),
                "approved_by": makers.get(version.approved_by, version.approved_by),
            }
        )
        before = definition
    return told[::-1]
