"""The catalogue: as shops show it, and what a member has in reach."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

from django.http import HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.pages import PageOf, PageParams, open_cursor, page_of
from loyalty.api.access import programme_of
from loyalty.queries.history import find_home_programme
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.rewards import list_rewards
from loyalty.queries.wallets import get_wallet
from loyalty.rules.reward_answers import MyRewardAnswer, RewardAnswer, my_reward_answer, reward_answer
from loyalty.rules.rewards import Asker, obstacle_of

Language = Annotated[str, Meta(min_length=2, max_length=16)]
Row = TypeVar("Row")
REACHES = ("now", "near", "not")


class CatalogueParams(PageParams, frozen=True, kw_only=True):
    """`language`: what is not told in it is told in the programme's own."""

    language: Language | None = None


class InReachParams(CatalogueParams, frozen=True, kw_only=True):
    """`programme`: as for `/me/wallet`. `reach`: only what can be had `now`, or what is `near`."""

    programme: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    reach: Literal["now", "near", "not"] | None = None


class InReach(Body, frozen=True, kw_only=True):
    """What can be had now comes first, then what is near, by the points that are missing. `spendable`: the member's."""

    spendable: int
    results: list[MyRewardAnswer]
    next: str | None = None


class Rewards(Door):
    """The catalogue of the key's programme: what is shown now, by its points."""

    scope = ("till", "orders", "catalogue")
    params = {"get": CatalogueParams}
    answers = {"get": {200: PageOf[RewardAnswer]}}

    def get(self, request: Request) -> HttpResponse:
        asked, programme_id = self.query(request), programme_of(caller_of(request))
        currency = get_current_programme(programme_id).terms.currency
        found = list_rewards(programme_id, language=asked.language or "", now=clock.now())
        keyed = sorted(((one.points, one.code), one) for one in found if one.has_label)
        page = _page(keyed, asked, listing=f"rewards:{programme_id}")
        return Answer(PageOf(results=[reward_answer(one, currency) for one in page.results], next=page.next))


class MyRewards(Door):
    """In reach for you: what the member can have now, what is near and how many points are missing, and what is not."""

    scope = "member"
    params = {"get": InReachParams}
    answers = {"get": {200: InReach}}

    def get(self, request: Request) -> HttpResponse:
        asked, member_id, now = self.query(request), member_of(request), clock.now()
        programme_id, currency = find_home_programme(member_id, asked.programme)
        wallet = get_wallet(member_id, programme_id, now=now)
        asker = Asker(wallet.spendable, wallet.debt, wallet.tier)
        zone = get_current_programme(programme_id).terms.zone
        found = list_rewards(
            programme_id,
            member_id=member_id,
            tier=wallet.tier.code if wallet.tier else "",
            language=asked.language,
            now=now,
        )
        answers = [
            my_reward_answer(one, currency, obstacle_of(one, asker, zone=zone, place=None, now=now))
            for one in found
            if one.has_label
        ]
        keyed = sorted(
            ((REACHES.index(one.reach), one.missing_points, one.points, one.code), one)
            for one in answers
            if asked.reach in (None, one.reach)
        )
        page = _page(keyed, asked, listing=f"my-rewards:{member_id}:{programme_id}:{asked.reach}")
        return Answer(InReach(spendable=wallet.spendable, results=page.results, next=page.next))


def _page(keyed: Sequence[tuple[tuple[Any, ...], Row]], asked: PageParams, *, listing: str) -> PageOf[Row]:
    """A page of rows that are all at hand, in the order of their keys, which no two of them share."""
    seen = open_cursor(listing, asked.cursor)
    left = [row for row in keyed if seen is None or row[0] > seen]
    return page_of(
        left[: asked.limit + 1],
        limit=asked.limit,
        listing=listing,
        key=lambda row: row[0],
        body=lambda row: row[1],
    )
