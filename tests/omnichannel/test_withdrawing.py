"""Who takes consent back is not written to from that moment on: also what was planned already goes nowhere."""

from datetime import timedelta

import pytest
from django.test import Client

from config.ground import clock
from config.outbox.delivery import deliver_due
from members.models import Member
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.consents import record_consents
from members.services.preference_links import preferences_token
from omnichannel.models import Message
from omnichannel.services.messages import queue_messages
from tests.members.factories import NOW, MemberFactory
from tests.omnichannel.test_messages import draft

pytestmark = pytest.mark.django_db


def plan(member: Member, key: str, **changes: object) -> None:
    """A message that is to go out in a week."""
    told = {"message_class": "marketing", "purpose": "marketing", "not_before": NOW + timedelta(days=7)}
    queue_messages([draft(member.pk, dedupe_key=key, **(told | changes))], now=NOW)


def states() -> dict[str, tuple[str, str]]:
    return {
        key: (state, why)
        for key, state, why in Message.objects.values_list("dedupe_key", "state", "last_error")
    }


def test_what_is_planned_is_withdrawn_with_its_reason_when_the_page_says_no() -> None:
    ada, bob = MemberFactory(email="ada@example.com"), MemberFactory(email="bob@example.com")
    for member in (ada, bob):
        words = [
            ConsentWord(channel=Channel.EMAIL, purpose=purpose, is_given=True)
            for purpose in (Purpose.MARKETING, Purpose.POINTS)
        ]
        record_consents(member.pk, words, source="app", actor="test:1", happened_at=NOW, now=NOW)
    plan(ada, "offer")
    plan(ada, "receipt", message_class="transactional")
    plan(ada, "expiry", message_class="points_critical", purpose="points")
    plan(ada, "going_out")
    Message.objects.filter(dedupe_key="going_out").update(lease_until=NOW + timedelta(days=9_999))
    plan(bob, "offer_of_bob")
    page = f"/preferences/{preferences_token(ada.ref, now=clock.now())}"

    shown = '{"allow_marketing": ["email"], "allow_points": ["email"], "frequency": "any"}'
    said = {"shown": shown, "allow_points": "email", "frequency": "any"}
    assert Client().post(page, said).status_code == 303
    while deliver_due(now=clock.now()):
        pass

    waits = ("queued", "")
    assert states() == {
        "offer": ("withdrawn", "the member does not allow it any more"),
        "receipt": waits,
        "expiry": waits,
        "going_out": waits,
        "offer_of_bob": waits,
    }
