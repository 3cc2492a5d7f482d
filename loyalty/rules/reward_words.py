"""What a reward says, in one sentence that a marketer would use."""

from datetime import datetime

import msgspec

from config.ground.amounts import money
from config.ground.moments import moment
from config.ground.words import counted, listed
from loyalty.rules.condition_words import Manner
from loyalty.rules.rewards import PERIODS, StockNow


class RewardSaid(msgspec.Struct, frozen=True, kw_only=True):
    """A reward as it is declared; `series`, `tier` and `label` are names, `stocks` as of `RewardNow`, with all there
    are."""

    title: str
    series: str
    kind: str
    points: int
    cash_minor: int
    tier: str
    label: str
    most_per_member: int | None
    most_per_period: int | None
    period: str
    starts_at: datetime | None
    ends_at: datetime | None
    happens_at: datetime | None
    cancel_hours: int
    is_shown: bool
    stocks: list[StockNow]


def sentence_of(reward: RewardSaid, manner: Manner) -> str:
    """One sentence: what it costs, what it is, for whom, how often, how many, and when.

    500 points for the voucher "0.50 off", for Silver and above, at most 2 times a month for each member, 40 left.
    """
    price = counted(reward.points, "point")
    if reward.cash_minor:
        price += f" and {money(reward.cash_minor, manner.currency)}"
    parts = [f"{price} for {_thing(reward, manner)}", *_whom(reward), *_often(reward), *_stock(reward)]
    if reward.starts_at:
        parts.append(f"from {moment(reward.starts_at, manner.zone)}")
    if reward.ends_at:
        parts.append(f"until {moment(reward.ends_at, manner.zone)}")
    if not reward.is_shown:
        parts.append("for who is told its code, not in the catalogue")
    return f"{', '.join(parts)}. {_back(reward)}"


def _thing(reward: RewardSaid, manner: Manner) -> str:
    if reward.kind == "voucher":
        return f"the voucher “{reward.series}”"
    if reward.happens_at:
        return f"a seat at “{reward.title}” on {moment(reward.happens_at, manner.zone)}"
    return f"the gift “{reward.title}”"


def _whom(reward: RewardSaid) -> list[str]:
    whom = [f"for {reward.tier} and above"] if reward.tier else []
    return [*whom, f"for the segment {reward.label}"] if reward.label else whom


def _often(reward: RewardSaid) -> list[str]:
    often = []
    if reward.most_per_member is not None:
        often.append(counted(reward.most_per_member, "time"))
    if reward.most_per_period is not None:
        often.append(f"{counted(reward.most_per_period, 'time')} {PERIODS[reward.period]}")
    return [f"at most {listed(often)} for each member"] if often else []


def _stock(reward: RewardSaid) -> list[str]:
    in_all = [f"{stock.left:,} left" for stock in reward.stocks if not stock.place and stock.left is not None]
    stores = [
        f"{'any number' if stock.left is None else format(stock.left, ',')} at {stock.place_name}"
        for stock in reward.stocks
        if stock.place
    ]
    return [*in_all, *([listed(stores)] if stores else [])]


def _back(reward: RewardSaid) -> str:
    if not reward.cancel_hours:
        return "Members cannot give it back."
    hours = counted(reward.cancel_hours, "hour")
    if reward.happens_at:
        return f"Members may give the seat back until {hours} before."
    return f"Members may give it back within {hours}."
