"""Run beside a stack, in its own process: makes a shop, and prints as JSON who may call it and what exists in it."""

import json
import sys
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from members.rules.identities import claim  # noqa: E402 - models come after the set-up
from members.services.sign_in import sign_in  # noqa: E402
from omnichannel.models import Message, Order, Till  # noqa: E402
from omnichannel.rules.messages import Draft  # noqa: E402
from omnichannel.rules.scopes import SCOPES  # noqa: E402
from omnichannel.services.keys import make_key  # noqa: E402
from omnichannel.services.messages import queue_messages  # noqa: E402
from tests.campaigns.factories import Shop, buy, define, draft_campaign, join, open_shop, ref_of  # noqa: E402


def shop_and_all() -> dict[str, Any]:
    """Bearers by who holds them, and what exists: parts of paths by collection, fields of bodies, parameters."""
    now = datetime.now(UTC)
    shop = open_shop()
    member_id = join(shop)
    buy(shop, member_id)
    segment = define(shop)
    greeting = Draft(
        member_id=member_id,
        channel="inbox",
        message_class="transactional",
        purpose="service",
        dedupe_key="greeting",
        subject="Welcome",
        body_text="Good to see you.",
    )
    queue_messages([greeting], now=now)
    ref = ref_of(member_id)
    return {
        "bearers": _bearers(shop, member_id, now),
        "paths": {
            "members": {"ref": ref},
            "orders": {"ref": Order.objects.get().ref},
            "segments": {"ref": segment.ref},
            "campaigns": {"ref": draft_campaign(shop, segment=segment).ref},
            "stores": {"code": shop.place.code},
            "me": {"ref": Message.objects.get().ref, "channel": "email", "purpose": "marketing"},
        },
        "body": {
            "member": {"ref": ref},
            "segment": segment.ref,
            "programme": shop.programme.code,
            "place": shop.place.code,
            "currency": shop.programme.currency,
            "placed_at": now.isoformat(),
            "payments": [],
            "spend_points": 0,
            "phone": "+12125550001",
            "email": "somebody@example.com",
        },
        "query": {"member": ref, "programme": shop.programme.code},
    }


def _bearers(shop: Shop, member_id: int, now: datetime) -> dict[str, str]:
    """Of a till, a web shop, an integration that may do the rest, a member, and the same on a device that signs out."""
    till = Till.objects.create(place=shop.place, code="T1", name="Till 1")
    rest = [scope for scope in SCOPES if scope != "till"]
    integration = make_key(name="Integration", scopes=rest, programme_id=shop.programme.pk, now=now)
    proven = claim("email", "member1@example.com")
    stays, leaves = (sign_in(member_id, proven=proven, device="test", now=now) for _ in range(2))
    return {
        "till": make_key(name="Till", scopes=["till"], till_id=till.pk, now=now).text,
        "web_shop": make_key(name="Web shop", scopes=["orders"], place_id=shop.place.pk, now=now).text,
        "integration": integration.text,
        "member": stays.access_token,
        "leaving": leaves.access_token,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(shop_and_all()))
