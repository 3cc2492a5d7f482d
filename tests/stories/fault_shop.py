"""Run beside a stack, in its own process: `open` makes a shop, `tell` says what the books hold. Prints JSON."""

import json
import sys
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from django.db.models import Sum  # noqa: E402 - models come after the set-up

from campaigns.models import MemberFeature  # noqa: E402
from config.outbox.models import Delivery  # noqa: E402
from loyalty.models import ProgrammeTerms, Tier  # noqa: E402
from loyalty.rules.definition import PerStep, RuleDefinition  # noqa: E402
from loyalty.services.rules import publish_rule  # noqa: E402
from loyalty.services.verification import verify_ledger  # noqa: E402
from members.rules.identities import claim  # noqa: E402
from members.services.enrolment import enrol  # noqa: E402
from omnichannel.models import Order, Place, Programme, Till  # noqa: E402
from omnichannel.services.keys import make_key  # noqa: E402

MEMBERS = 20


def open_shop() -> dict[str, Any]:
    """A till's key, and the refs of the members who will shop."""
    now = datetime.now(UTC)
    programme = Programme.objects.create(code="faults", name="Faults", currency="USD", region="US")
    ProgrammeTerms.objects.create(programme=programme)
    Tier.objects.create(programme=programme, code="member", name="Member", rank=0)
    publish_rule(
        programme_id=programme.pk,
        code="base",
        name="Base",
        definition=RuleDefinition(effect=PerStep(points=10, step_minor=100)),
        live_from=now,
        made_by="test",
        now=now,
    )
    place = Place.objects.create(programme=programme, code="S1", name="Main street", kind="store")
    till = Till.objects.create(place=place, code="T1", name="Till 1")
    refs = [
        enrol(identities=[claim("phone", f"+1212555{n:04d}")], via="till", actor="test", now=now).ref
        for n in range(1, MEMBERS + 1)
    ]
    key = make_key(name="T1", scopes=["till"], till_id=till.pk, made_by="test", now=now)
    return {"key": key.text, "members": refs}


def tell() -> dict[str, Any]:
    """What is booked, whether it adds up, and what the subscribers know of it."""
    now = datetime.now(UTC)
    return {
        "numbers": sorted(Order.objects.values_list("number", flat=True)),
        "differences": len(verify_ledger(now=now)),
        "waiting": Delivery.objects.count(),
        "known_to_campaigns": MemberFeature.objects.aggregate(purchases=Sum("purchases"))["purchases"] or 0,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"open": open_shop, "tell": tell}[sys.argv[1]]()))
