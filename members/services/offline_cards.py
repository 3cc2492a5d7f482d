"""Certifying the device of an app, so that tills verify its card without a network."""

from datetime import UTC, datetime, timedelta

import msgspec
from django.conf import settings
from django.db import transaction

from members.errors import OfflineCardsNotIssued, TokenNotKnown
from members.models import SignIn
from members.queries.house_keys import list_house_keys
from members.rules.offline_cards import DAY_S, certificate_of


class Certificate(msgspec.Struct, frozen=True):
    """:ivar good_until: codes of later moments are not taken; the app asks for the next one well before."""

    text: str
    key_id: str
    good_until: datetime


@transaction.atomic
def certify_card(sign_in_id: int, device_key: bytes, *, now: datetime) -> Certificate:
    """Take the public key of the device that is signed in, and certify it. Safe to repeat; another key replaces it.

    It names who signed in there, also where they were merged since: the device goes with them when that is undone.

    :raises OfflineCardsNotIssued: the house has no key to sign with.
    :raises TokenNotKnown: the sign-in has ended.
    """
    keys = list_house_keys()
    if not keys:
        raise OfflineCardsNotIssued(
            "No device is certified here: CARD_KEYS is not set. Show the code of /me/card."
        )
    begun = SignIn.objects.select_related("member").select_for_update(of=("self",)).get(pk=sign_in_id)
    if begun.ended_at is not None:
        raise TokenNotKnown
    begun.card_key = device_key
    begun.save(update_fields=["card_key"])
    runs_out_at = min(now + timedelta(days=settings.CARD_CERTIFICATE_DAYS), begun.expires_at)
    last_day = int(runs_out_at.timestamp()) // DAY_S
    text = certificate_of(begun.member.ref, device_key, last_day=last_day, house_key=keys[0].private_key)
    return Certificate(text, keys[0].id, datetime.fromtimestamp((last_day + 1) * DAY_S, tz=UTC))
