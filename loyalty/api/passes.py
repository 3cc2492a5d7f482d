"""The member's card for the wallets of phones."""

from django.http import HttpResponse
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import member_of
from config.ground.api.door import Answer, Door
from loyalty.adapters.passes import MIME_TYPE, apple_issuer, google_account, pkpass, save_link
from loyalty.api.wallets import WhichProgramme
from loyalty.queries.passes import get_card_facts
from loyalty.rules.passes import apple_pass, google_claims


class GooglePassBody(Body, frozen=True, kw_only=True):
    """`save_url`: open it, and the card is in the wallet."""

    save_url: str


class MyApplePass(Door):
    """The card as a pass for Apple Wallet, signed: name, tier, points and the card number to scan.

    404 `passes_not_issued` where the house has no certificate for it.
    """

    scope = "member"
    params = {"get": WhichProgramme}
    answers = {"get": {200: MIME_TYPE}}

    def get(self, request: Request) -> HttpResponse:
        issuer = apple_issuer()
        card = get_card_facts(member_of(request), self.query(request).programme, now=clock.now())
        headers = {"Content-Disposition": 'attachment; filename="card.pkpass"', "Cache-Control": "no-store"}
        return HttpResponse(pkpass(apple_pass(card, issuer)), content_type=MIME_TYPE, headers=headers)


class MyGooglePass(Door):
    """The address that saves the card to Google Wallet; 404 `passes_not_issued` where the house has no account."""

    scope = "member"
    params = {"get": WhichProgramme}
    answers = {"get": {200: GooglePassBody}}

    def get(self, request: Request) -> HttpResponse:
        account, now = google_account(), clock.now()
        card = get_card_facts(member_of(request), self.query(request).programme, now=now)
        claims = google_claims(card, account, now=now)
        return Answer(GooglePassBody(save_url=save_link(claims, private_key=account.private_key)))
