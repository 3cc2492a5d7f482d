"""The till's first screen."""

from django.http import HttpResponse
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.refusals import NotSignedIn
from loyalty.errors import NoPlace
from loyalty.queries.till import TillScreen, find_till_screen, till_screen
from loyalty.queries.till_vouchers import fitting_vouchers
from loyalty.queries.wallets import shown
from members.errors import MemberNotFound
from members.queries.members import lookup_of
from members.rules.identities import MemberKey


class LookupBody(Body, frozen=True, kw_only=True):
    """Whom the cashier asks for."""

    member: MemberKey


class Lookup(Door):
    """Who stands at the till: name, tier, points, the usual order, wishes, last contact, the offer to mention."""

    scope = "till"
    takes = {"post": LookupBody}
    answers = {"post": {200: TillScreen}}
    idempotency = "none"
    checks_key_itself = True

    def post(self, request: Request) -> HttpResponse:
        body: LookupBody = self.body(request)
        caller, now = caller_of(request), clock.now()
        if caller.programme_id is None:
            raise NoPlace("Use the key of a till or a web shop.")
        found = find_till_screen(
            lookup_of(body.member, region=caller.region, now=now),
            key_id=caller.id,
            programme_id=caller.programme_id,
            timezone=caller.timezone,
            now=now,
        )
        if not found.is_key_live:
            raise NotSignedIn("The key is not known, has ended or was revoked.")
        if found.screen is None or found.wallet is None:
            raise MemberNotFound(pointer="/member")
        wallet = shown(found.wallet)
        fitting = fitting_vouchers(
            found.vouchers,
            tier_code=wallet.tier.code if wallet.tier else "",
            place_code=caller.place_code,
            timezone=caller.timezone,
            now=now,
        )
        return Answer(till_screen(found.screen, wallet=wallet, vouchers=fitting))
