"""What an act is worth: the rules about its type, asked one after the other, as purchases are by `settle`."""

import hmac
from collections.abc import Mapping, Set
from datetime import datetime
from hashlib import sha256

import msgspec

from loyalty.rules.amounts import Amounts
from loyalty.rules.awards import Award, Given, NotApplied, award_of_rule, not_applied
from loyalty.rules.basket import Basket, Shopper
from loyalty.rules.compile import LiveRule, Programme, Terms
from loyalty.rules.definition import ForAct, PropertyFrom, PropertyIs
from loyalty.rules.holding import Occasion, Unmet
from loyalty.rules.meeting import Won, settle_groups, within_caps
from loyalty.rules.words import given_by, words_of_act, words_of_property
from omnichannel.rules.behaviour import Value, said


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a member did. `place_code` is empty where it happened nowhere in particular."""

    ref: str
    type: str
    title: str
    happened_at: datetime
    place_code: str = ""
    properties: Mapping[str, Value] = {}


class ActSettlement(msgspec.Struct, frozen=True, kw_only=True):
    """The worth of an act.

    :ivar counts_once: what the awards by rules that do not count each act use up: (rule code, key).
    """

    awards: list[Award]
    not_applied: list[NotApplied]
    counts_once: list[tuple[str, str]]

    @property
    def points_earned(self) -> int:
        return sum(award.points for award in self.awards)


def rules_of(act_type: str, at: datetime, programme: Programme) -> list[LiveRule]:
    """The versions about acts of this type that are live at a moment."""
    return [rule for rule in programme.of_acts.get(act_type, ()) if rule.is_live(at)]


def settle_act(
    act: Act, shopper: Shopper, counted: Set[tuple[str, str]], programme: Programme, *, secret: bytes
) -> ActSettlement:
    """Settle an act at the moment it happened.

    :param counted: (rule code, key) of what counted before for this member, as far as rules count once.
    :param secret: the member's, as of `secret_of`.
    """
    terms = programme.terms_at(act.happened_at)
    occasion = _occasion(act, shopper, programme)
    won: list[Won] = []
    left_out: list[NotApplied] = []
    keys: dict[int, str] = {}
    for rule in rules_of(act.type, act.happened_at, programme):
        keys[rule.order] = key = key_of(_for(rule), act, terms, secret=secret)
        unmet = _unmet_property(rule, act) or rule.unmet(occasion) or _unmet_count(rule, key, counted)
        given: Given | None = None
        if unmet is None:
            given, unmet = _given(rule, act, shopper, occasion, terms)
        if given is not None:
            won.append((rule, award_of_rule(rule, given)))
        if unmet is not None:
            left_out.append(not_applied(rule, unmet))
    won, lost = settle_groups(won)
    if not (won or lost or left_out):
        because = f"No rule gives points for {act.title}."
        left_out.append(NotApplied(what=f"act {act.type}", code="no_rule", because=because))
    return ActSettlement(
        awards=[award for _, award in won],
        not_applied=[*left_out, *lost.values()],
        counts_once=[(rule.code, keys[rule.order]) for rule, _ in won if keys[rule.order]],
    )


def nothing_for_strangers(act: Act) -> ActSettlement:
    """The worth of an act of somebody who is not an active member."""
    because = "Only active members earn, and this member was not active any more when it was looked at."
    left_out = NotApplied(what=f"act {act.type}", code="member_not_active", because=because)
    return ActSettlement(awards=[], not_applied=[left_out], counts_once=[])


def secret_of(installation: str, member_id: int) -> bytes:
    """What a member's values are digested with: nobody can guess them, nor find two members with the same.

    :param installation: the secret of the installation.
    """
    return hmac.digest(installation.encode(), f"acts:{member_id}".encode(), "sha256")


def key_of(asked: ForAct, act: Act, terms: Terms, *, secret: bytes) -> str:
    """What counts once for a member; empty where each act counts, or the property is not told.

    Values are digested with the member's secret: what people tell may be long, and personal.
    """
    match asked.once_per:
        case "member":
            return "member"
        case "member_day":
            return act.happened_at.astimezone(terms.zone).date().isoformat()
        case "value" if asked.of is not None and asked.of in act.properties:
            digest = sha256(said(act.properties[asked.of]).encode()).hexdigest()
            return hmac.digest(secret, digest.encode(), "sha256").hex()
    return ""


def _for(rule: LiveRule) -> ForAct:
    act = rule.definition.act
    assert isinstance(act, ForAct)  # noqa: S101 - only rules about acts are found by `of_acts`
    return act


def _occasion(act: Act, shopper: Shopper, programme: Programme) -> Occasion:
    """The act as conditions see it: a moment and a place at which nothing is bought."""
    return Occasion(
        basket=Basket(lines=[], place_code=act.place_code, placed_at=act.happened_at),
        shopper=shopper,
        tier_code=shopper.tier_code or programme.ladder_at(act.happened_at).lowest,
        local=act.happened_at.astimezone(programme.terms.zone),
        amounts=Amounts([], [], []),
    )


def _given(
    rule: LiveRule, act: Act, shopper: Shopper, occasion: Occasion, terms: Terms
) -> tuple[Given | None, Unmet | None]:
    effect = rule.definition.effect
    given = Given(effect.points, [], f"{given_by(effect, terms.currency)} for {act.title}")  # type: ignore[union-attr]  # fixed points, as `RuleDefinition` insists
    if not rule.definition.caps:
        return given, None
    return within_caps(rule, given, shopper.used, occasion.local.date(), terms)


def _unmet_property(rule: LiveRule, act: Act) -> Unmet | None:
    """The first property that does not say what the rule asks for, or that it needs and that is not told."""
    asked = _for(rule)
    for one in asked.where:
        words = f"It holds only where {words_of_property(one)}"
        if one.property not in act.properties:
            return Unmet("property", f"{words}; that was not told.")
        value = act.properties[one.property]
        if not _says(value, one):
            is_now = "it says something else" if isinstance(value, str) else f"it is {said(value)}"
            return Unmet("property", f"{words}; {is_now}.")
    if asked.of is not None and asked.of not in act.properties:
        return Unmet("property", f"It counts once for each {asked.of}, and that was not told.")
    return None


def _says(value: Value, asked: PropertyIs | PropertyFrom) -> bool:
    if isinstance(asked, PropertyIs):
        return said(value) in asked.values
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= asked.at_least


def _unmet_count(rule: LiveRule, key: str, counted: Set[tuple[str, str]]) -> Unmet | None:
    if not key or (rule.code, key) not in counted:
        return None
    return Unmet("counted_already", f"It gives points {words_of_act(_for(rule))}, and it did.")
