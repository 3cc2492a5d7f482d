"""What happened with a member, newest first: `/members/{ref}/timeline`, `/me/timeline`."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.pages import PageOf, PageParams, open_cursor, page_of
from members.queries.members import get_member
from members.queries.merges import list_those_of
from members.queries.timeline import cursor_key, kinds_named, list_timeline, mark_of
from members.rules.identities import MemberKey
from members.rules.timeline import Asked, Happening


class TimelineParams(PageParams, frozen=True, kw_only=True):
    """`kinds`: only these, with commas between them, such as `purchase,return`."""

    kinds: Annotated[str, Meta(max_length=300)] | None = None


class HappeningBody(Body, frozen=True, kw_only=True):
    """One line. `words` says it in English; `facts` holds the same, differently for each `kind`, to word it anew.

    `where`: the store, shop or programme, "" for none; `ref`: by which it is found at other doors, "" for none.
    """

    kind: str
    at: datetime
    words: str
    where: str
    ref: str
    facts: dict[str, Any]


class MyTimeline(Door):
    """What happened with the member: purchases, points, messages, rewards and the like, newest first."""

    scope = "member"
    params = {"get": TimelineParams}
    answers = {"get": {200: PageOf[HappeningBody]}}

    def get(self, request: Request) -> Answer:
        return _page(request, member_of(request), self.query(request), is_own=True)


class MemberTimeline(Door):
    """What happened with a member, newest first, for integrations; a key is told of its own programme and store."""

    scope = "members"
    params = {"get": TimelineParams}
    answers = {"get": {200: PageOf[HappeningBody]}}

    def get(self, request: Request, ref: str) -> Answer:
        member = get_member(MemberKey(ref=ref), region="", now=clock.now())
        caller = caller_of(request)
        own = {"programme_id": caller.programme_id, "place_id": caller.place_id}
        return _page(request, member.id, self.query(request), **own)


def _page(request: Request, member_id: int, asked: TimelineParams, **who: Any) -> Answer:
    listing = f"timeline:{member_id}"
    seen = open_cursor(listing, asked.cursor)
    found = list_timeline(
        Asked(
            people=tuple(list_those_of(member_id)),
            now=clock.now(),
            limit=asked.limit + 1,
            before=mark_of(seen),
            kinds=kinds_named(asked.kinds),
            **who,
        )
    )
    return Answer(page_of(found, limit=asked.limit, listing=listing, key=cursor_key, body=_body))


def _body(one: Happening) -> HappeningBody:
    return HappeningBody(
        kind=one.kind, at=one.at, words=one.words, where=one.where, ref=one.ref, facts=one.facts
    )
