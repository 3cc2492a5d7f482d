"""Doors of the card that a till verifies without a network: a device is certified, and tills learn the house's keys."""

import base64
from datetime import datetime
from typing import Annotated

from msgspec import Meta
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.door import Answer, Door
from members.api.tokens import holder_of
from members.queries.house_keys import list_house_keys
from members.services.offline_cards import certify_card

KeyText = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", description="Ed25519, 32 bytes in base64url."),
]


class CardKeyBody(Body, frozen=True, kw_only=True):
    """The public half of a key pair that was made on the device; the private half never leaves it."""

    public_key: KeyText


class CardCertificateBody(Body, frozen=True, kw_only=True):
    """`certificate` begins each code of this device; codes of `good_until` and later are not taken any more."""

    certificate: str
    key_id: str
    good_until: datetime


class HouseKeyBody(Body, frozen=True, kw_only=True):
    """`id` is the second piece of the codes that this key vouches for."""

    id: str
    public_key: KeyText


class HouseKeysBody(Body, frozen=True, kw_only=True):
    """All that are in use; the first certifies devices now."""

    keys: list[HouseKeyBody]


class MyCardKey(Door):
    """Certify this device, so that tills verify its rotating code without a network. Sent again, it is renewed.

    404 `offline_cards_not_issued` where the house has no key to sign with.
    """

    scope = "member"
    idempotency = "none"
    takes = {"put": CardKeyBody}
    answers = {"put": {200: CardCertificateBody}}

    def put(self, request: Request) -> Answer:
        body: CardKeyBody = self.body(request)
        now = clock.now()
        device_key = base64.urlsafe_b64decode(f"{body.public_key}=")
        certified = certify_card(holder_of(request, now=now).sign_in_id, device_key, now=now)
        return Answer(
            CardCertificateBody(
                certificate=certified.text, key_id=certified.key_id, good_until=certified.good_until
            )
        )


class CardKeys(Door):
    """The public keys by which a till verifies rotating codes without a network; fetch them once a day."""

    scope = ("till", "orders")
    answers = {"get": {200: HouseKeysBody}}

    def get(self, request: Request) -> Answer:
        return Answer(HouseKeysBody(keys=[_told(key.id, key.public_key) for key in list_house_keys()]))


def _told(key_id: str, public_key: bytes) -> HouseKeyBody:
    return HouseKeyBody(id=key_id, public_key=base64.urlsafe_b64encode(public_key).decode().rstrip("="))
