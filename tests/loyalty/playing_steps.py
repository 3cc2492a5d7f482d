"""What members collect while the ledger's machine runs: a stamp for each piece, points for each full card."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule

from config.outbox.events import Delivered
from config.outbox.models import Delivery
from config.outbox.registry import list_subscribers
from loyalty.rules.challenges import GivesPoints, StampCard
from loyalty.services.challenge_past import count_again
from tests.loyalty.pencil import PlainAward, PlainMember, PlainOrder
from tests.loyalty.playing import challenge, count_past, rewards, standing

STAMPS, POINTS = 5, 30


@dataclass
class PlainReward:
    """Points that the member has for one full card, out of the lot that was filled last; `lot` is its place among the
    member's, who may be a copy by the next step.
    """

    points: int = 0
    lot: int | None = None
    is_given: bool = False


class PlaySteps:
    """One stamp card without a limit; news of it is told late, and perhaps twice."""

    shop: Any
    members: list[Any]
    plain: list[Any]
    policy: str

    @rule(again=st.booleans())
    def collect_stamps(self, again: bool) -> None:
        if not hasattr(self, "card"):
            self.card = challenge(self.shop, StampCard(stamps=STAMPS), GivesPoints(points=POINTS), most=None)
            self.cards: list[list[PlainReward]] = [[], []]
        learn_of_purchases(times=1 + again)
        count_again(self.shop.programme.code, now=datetime.now(UTC))
        count_past()
        for member, plain, cards in zip(self.members, self.plain, self.cards, strict=True):
            stamps = sum(stamps_on(order) for order in plain.orders)
            settle(plain, cards, stamps // STAMPS, policy=self.policy)
            assert standing(self.card, member) == (stamps % STAMPS, stamps // STAMPS)
            told = [
                (number, "given" if one.is_given else "taken_back", one.points)
                for number, one in enumerate(cards, 1)
            ]
            assert rewards(self.card, member) == told


def stamps_on(order: PlainOrder) -> int:
    """Pieces that cost something and are still with the member."""
    return sum(left for left, (_, price) in zip(order.left(), order.lines, strict=True) if price)


def settle(plain: PlainMember, cards: list[PlainReward], full: int, *, policy: str) -> None:
    """Give for cards that are full, and take back what the highest numbers hold that are full no more."""
    now = datetime.now(UTC)
    cards += [PlainReward() for _ in range(full - len(cards))]
    for card in cards[:full]:
        if not card.is_given:
            if plain.earn(POINTS - card.points, now) is not None:
                card.lot = len(plain.lots) - 1
            card.points, card.is_given = POINTS, True
    for card in reversed(cards[full:]):
        if card.is_given:
            lot = None if card.lot is None else plain.lots[card.lot]
            mine = PlainOrder("", [(1, 1)], [1], now, [""], lot, [PlainAward(card.points, [0])])
            plain.take_back(mine, now, "clamp" if policy == "refuse" else policy)
            card.points, card.is_given = card.points - mine.taken, False


def learn_of_purchases(*, times: int) -> None:
    """Hand the news that waits to challenges, as often as the relay may have to."""
    (mine,) = [one for one in list_subscribers() if one.name == "loyalty.challenges"]
    waiting = Delivery.objects.filter(subscriber=mine.name).select_related("event").order_by("pk")
    news = [
        Delivered(
            one.event_id,
            msgspec.convert(one.event.payload, mine.listens_to[one.event.name]),
            one.member_id,
            one.event.happened_at,
            one.event.recorded_at,
        )
        for one in waiting
    ]
    for _ in range(times):
        mine.learn(news, now=datetime.now(UTC))
    waiting.delete()
