"""Steps of the ledger's state machine that are no purchases: what members do beside buying earns, once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule

from config.outbox.events import Delivered
from config.outbox.models import Delivery
from loyalty.rules.definition import Cap
from loyalty.subscribers import give_points_for_acts
from omnichannel.events import ActRecorded
from tests.loyalty.acting import event, hand_in, rule_about

REVIEW_POINTS = 30
REVIEWS_A_MONTH = 3


class ActSteps:
    """Each product's review counts once for a member, and so many of them in a month."""

    shop: Any
    members: list[Any]
    plain: list[Any]

    @rule(
        who=st.integers(0, 1),
        product=st.sampled_from("ABCDEFGH"),
        ago=st.integers(0, 40),
        again=st.booleans(),
    )
    def review(self, who: int, product: str, ago: int, again: bool) -> None:
        if not hasattr(self, "reviewed"):
            cap = Cap(per="member_month", times=REVIEWS_A_MONTH)
            rule_about(self.shop, points=REVIEW_POINTS, once_per="value", of="product", caps=[cap])
            self.reviewed: list[dict[str, str]] = [{}, {}]
        at = datetime.now(UTC) - timedelta(days=ago)
        told = event(self.members[who], at=at, properties={"product": product})
        hand_in(self.shop, *[told] * (1 + again))
        learn_of_acts(times=1 + again)
        month = at.astimezone(ZoneInfo(self.shop.programme.timezone)).strftime("%Y-%m")
        counted = self.reviewed[who]
        if product not in counted and Counter(counted.values())[month] < REVIEWS_A_MONTH:
            counted[product] = month
            self.plain[who].earn(REVIEW_POINTS, at, is_act=True)


def learn_of_acts(*, times: int) -> None:
    """Hand the news of acts that wait to loyalty, as often as the relay may have to."""
    waiting = Delivery.objects.filter(subscriber="loyalty.acts").select_related("event").order_by("pk")
    news = [
        Delivered(
            one.event_id,
            msgspec.convert(one.event.payload, ActRecorded),
            one.member_id,
            one.event.happened_at,
            one.event.recorded_at,
        )
        for one in waiting
    ]
    for _ in range(times):
        give_points_for_acts(news, now=datetime.now(UTC))
    waiting.delete()
