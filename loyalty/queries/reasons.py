"""Why points were given or not, said in the language that is open: from codes, numbers and the versions of rules."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from msgspec import structs

from config.ground.tongues import is_foreign, said
from loyalty.models import Grant, RuleVersion
from loyalty.queries.programmes import read_definition
from loyalty.queries.vocabulary import list_names_asked
from loyalty.rules.answers import EarnedAnswer, SettlementAnswer
from loyalty.rules.awards import NotApplied
from loyalty.rules.condition_words import Manner
from loyalty.rules.definition import Basic, FixedPoints, Multiplier, RuleDefinition
from loyalty.rules.reasons import why_given, why_not
from loyalty.rules.words import cut_by_cap

LOCALES = Path(__file__).parent.parent / "locale"
"""The languages that reasons are told in."""


class _Named(msgspec.Struct, frozen=True):
    """What gives points, as it is called; `name` is empty where a reason does not begin with it."""

    name: str
    definition: RuleDefinition


_Found = dict[tuple[str, int], _Named]
"""By code and version. Version 0: the one of the moment; of offers, which have one alone, too."""


def reworded(settlement: SettlementAnswer, programme_id: int, *, at: datetime) -> SettlementAnswer:
    """The settlement with its reasons in the language that is open. In English it is as it was kept.

    :param at: when it was placed.
    """
    if not is_foreign():
        return settlement
    codes = {one.rule for one in settlement.earned} | {_code_of(one) for one in settlement.not_applied}
    found, manner = _find(codes, programme_id, settlement.currency, at)
    points = {one.rule: one.points for one in settlement.earned}
    cut = {_code_of(one): one.missing or 0 for one in settlement.not_applied if one.code == "cap_reached"}
    return structs.replace(
        settlement,
        earned=[_earned(one, found, manner, cut.get(one.rule, 0)) for one in settlement.earned],
        not_applied=[_left_out(one, found, manner, points) for one in settlement.not_applied],
    )


def _code_of(one: NotApplied) -> str:
    """As `EarnedAnswer.rule` names it: the code of a rule, `offer:` and the ref of an offer."""
    kind, _, ref = one.what.partition(" ")
    return f"offer:{ref}" if kind == "offer" else ref if kind == "rule" else ""


def _find(codes: set[str], programme_id: int, currency: str, at: datetime) -> tuple[_Found, Manner]:
    found: _Found = {}
    zone = ZoneInfo("UTC")
    versions = RuleVersion.objects.filter(rule__programme_id=programme_id, rule__code__in=codes)
    for row in versions.select_related("rule__programme").order_by("version"):
        definition = read_definition(row.definition, row.rule.code)
        zone = ZoneInfo(row.rule.programme.timezone)
        if definition is None:
            continue
        named = _Named("" if isinstance(definition.effect, Basic) else row.rule.name, definition)
        found[row.rule.code, row.version] = named
        if row.live_from <= at and (row.live_until is None or at < row.live_until):
            found[row.rule.code, 0] = named
    refs = [code.removeprefix("offer:") for code in codes if code.startswith("offer:")]
    for ref, title, effect in Grant.objects.filter(ref__in=refs).values_list("ref", "title", "effect"):
        offered = RuleDefinition(effect=msgspec.convert(effect, Multiplier | FixedPoints))
        found[f"offer:{ref}", 0] = found[f"offer:{ref}", 1] = _Named(title, offered)
    conditions = (each for named in found.values() for each in named.definition.conditions)
    names = list_names_asked(programme_id, conditions)
    return found, Manner(currency=currency, zone=zone, names_segments=False).with_names(names)


def _earned(one: EarnedAnswer, found: _Found, manner: Manner, cut: int) -> EarnedAnswer:
    """
    :param cut: so many more points were given, and its cap took them.
    """
    by = found.get((one.rule, one.rule_version))
    if by is None:
        return one
    words = why_given(by.definition, one.points + cut, manner)
    return structs.replace(one, because=_called(by.name, cut_by_cap(words, one.points) if cut else words))


def _left_out(one: NotApplied, found: _Found, manner: Manner, points: dict[str, int]) -> NotApplied:
    code = _code_of(one)
    by = found.get((code, 0))
    words = why_not(by.definition if by else None, one.code, one.missing, manner, given=points.get(code, 0))
    return structs.replace(one, because=_called(by.name if by else "", words)) if words else one


def _called(name: str, words: str) -> str:
    return said("{name}: {words}", name=name, words=words) if name else words
