"""Wallets: the member's own, and any member's for integrations."""

from typing import Annotated

from django.http import HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.pages import PageOf, PageParams, open_cursor, page_of
from config.ground.refusals import NotFound
from loyalty.queries.history import (
    BenefitAnswer,
    EntryAnswer,
    OfferAnswer,
    StepAnswer,
    find_home_programme,
    find_member_id,
    list_benefits,
    list_entries,
    list_offers,
    list_steps,
)
from loyalty.queries.wallets import get_shared_wallet, get_wallet, get_wallet_of_token
from loyalty.rules.answers import TierAnswer
from loyalty.rules.households import SharedWalletAnswer

Code = Annotated[str, Meta(min_length=1, max_length=40)]


class WhichProgramme(Body, frozen=True, kw_only=True):
    """Without `programme`, the one the member has had a wallet in the longest."""

    programme: Code | None = None


class EntryParams(PageParams, frozen=True, kw_only=True):
    programme: Code | None = None


class TierBody(Body, frozen=True, kw_only=True):
    """Where the member stands, the whole ladder, and the benefits in hand. Amounts in minor units of `currency`."""

    currency: str
    tier: TierAnswer | None
    ladder: list[StepAnswer]
    benefits: list[BenefitAnswer]


class OffersBody(Body, frozen=True, kw_only=True):
    """Personal offers that can be used now; the till's quote honours them by itself."""

    results: list[OfferAnswer]
    next: str | None = None


class MyWallet(Door):
    """The member's points: balance, spendable, pending, what expires next, tier; and what the household adds."""

    scope = "member"
    params = {"get": WhichProgramme}
    answers = {"get": {200: SharedWalletAnswer}}
    checks_key_itself = True

    def get(self, request: Request) -> HttpResponse:
        asked: WhichProgramme = self.query(request)
        token_hash = caller_of(request).token_hash
        return Answer(get_wallet_of_token(token_hash, asked.programme, now=clock.now()))


class MyEntries(Door):
    """The member's movements of points, newest first."""

    scope = "member"
    params = {"get": EntryParams}
    answers = {"get": {200: PageOf[EntryAnswer]}}

    def get(self, request: Request) -> HttpResponse:
        return _entries(request, member_of(request), self.query(request))


class MyTier(Door):
    """The member's tier, what is missing to the next, and the benefits in hand."""

    scope = "member"
    params = {"get": WhichProgramme}
    answers = {"get": {200: TierBody}}

    def get(self, request: Request) -> HttpResponse:
        member_id, now = member_of(request), clock.now()
        programme_id, currency = find_home_programme(member_id, self.query(request).programme)
        return Answer(
            TierBody(
                currency=currency,
                tier=get_wallet(member_id, programme_id, now=now).tier,
                ladder=list_steps(member_id, programme_id, now=now),
                benefits=list_benefits(member_id, programme_id, now=now),
            )
        )


class MyOffers(Door):
    """The member's personal offers."""

    scope = "member"
    answers = {"get": {200: OffersBody}}

    def get(self, request: Request) -> HttpResponse:
        return Answer(OffersBody(results=list_offers(member_of(request), now=clock.now())))


class MemberWallet(Door):
    """A member's wallet, for integrations."""

    scope = "members"
    params = {"get": WhichProgramme}
    answers = {"get": {200: SharedWalletAnswer}}

    def get(self, request: Request, ref: str) -> HttpResponse:
        member_id = find_member_id(ref)
        programme_id = programme_for(request, member_id, self.query(request).programme)
        return Answer(get_shared_wallet(member_id, programme_id, now=clock.now()))


class MemberEntries(Door):
    """A member's movements of points, newest first, for integrations."""

    scope = "members"
    params = {"get": EntryParams}
    answers = {"get": {200: PageOf[EntryAnswer]}}

    def get(self, request: Request, ref: str) -> HttpResponse:
        return _entries(request, find_member_id(ref), self.query(request))


def programme_for(request: Request, member_id: int, asked: str | None) -> int:
    """The programme asked for; the key of one programme reaches no other.

    :raises NotFound: there is no such programme for this caller.
    """
    caller = caller_of(request)
    if caller.programme_id is None:
        return find_home_programme(member_id, asked)[0]
    if asked not in (None, caller.programme_code):
        raise NotFound(f"There is no programme {asked} for this key.")
    return caller.programme_id


def _entries(request: Request, member_id: int, asked: EntryParams) -> HttpResponse:
    programme_id = programme_for(request, member_id, asked.programme)
    listing = f"entries:{member_id}:{programme_id}"
    key = open_cursor(listing, asked.cursor)
    rows = list_entries(member_id, programme_id, before=key[0] if key else None, limit=asked.limit)
    return Answer(
        page_of(rows, limit=asked.limit, listing=listing, key=lambda row: [row.seq], body=lambda row: row)
    )
