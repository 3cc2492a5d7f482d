"""What is told of an act and its points, as it was settled."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from config.ground.moments import day
from config.ground.words import counted
from loyalty.rules.acts import ActSettlement
from loyalty.rules.awards import NotApplied


class ActPoints(msgspec.Struct, frozen=True, kw_only=True):
    """Points for an act and the rule behind them."""

    rule: str
    rule_version: int
    points: int
    because: str


class ActAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What gave points, and of the rules about acts of this type those that did not, with the reason."""

    earned: list[ActPoints]
    not_applied: list[NotApplied]


class ActWhy(ActAnswer, frozen=True, kw_only=True):
    """Why an act got the points it got."""

    act_ref: str
    member_ref: str
    type: str
    title: str
    happened_at: datetime
    timezone: str
    points_earned: int


def told_of_act(why: ActWhy) -> list[str]:
    """All of it in sentences, for who asks: cashier and member alike."""
    on = day(why.happened_at, ZoneInfo(why.timezone))
    told = [f"{why.title} of {on}: {counted(why.points_earned, 'point')}."]
    told += [f"{counted(one.points, 'point')}: {one.because}." for one in why.earned]
    return told + [one.because for one in why.not_applied]


def answer_of(settlement: ActSettlement) -> ActAnswer:
    """What is kept of a settlement."""
    return ActAnswer(
        earned=[
            ActPoints(rule=one.rule, rule_version=one.rule_version, points=one.points, because=one.because)
            for one in settlement.awards
        ],
        not_applied=settlement.not_applied,
    )
