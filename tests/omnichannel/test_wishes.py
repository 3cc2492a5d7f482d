"""What members wish of messages is kept to when they are sent: how often, and not in their quiet hours."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from members.models import Member
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.consents import record_consents
from members.services.preferences import change_preferences
from omnichannel.models import Message
from omnichannel.rules.wishes import Wish, quiet_ends
from omnichannel.services.messages import queue_messages
from omnichannel.services.sending import Sent, _claim, send_due
from tests.members.factories import NOW, MemberFactory
from tests.omnichannel.carriers import ToldCarrier
from tests.omnichannel.test_messages import draft
from tests.omnichannel.test_sending import world

__all__ = ["world"]

EVENING = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
"""22:30 in Taipei."""


def test_quiet_hours_are_wall_time_over_midnight_and_over_the_changes_of_the_clock() -> None:
    night = Wish(quiet_from=time(22), quiet_until=time(8), zone="Asia/Taipei")
    noon = Wish(quiet_from=time(12), quiet_until=time(13), zone="Asia/Taipei")
    assert quiet_ends(night, now=EVENING) == datetime(2026, 11, 22, 0, tzinfo=UTC)
    assert quiet_ends(night, now=EVENING + timedelta(hours=5)) == datetime(2026, 11, 22, 0, tzinfo=UTC)
    assert quiet_ends(night, now=datetime(2026, 11, 22, 0, tzinfo=UTC)) is None
    assert quiet_ends(noon, now=EVENING) is None
    assert quiet_ends(noon, now=datetime(2026, 11, 21, 4, tzinfo=UTC)) == datetime(
        2026, 11, 21, 5, tzinfo=UTC
    )
    berlin = Wish(quiet_from=time(0), quiet_until=time(2, 30), zone="Europe/Berlin")
    # On 29 March 02:30 is left out; on 25 October it comes twice.
    assert quiet_ends(berlin, now=datetime(2026, 3, 29, 0, 30, tzinfo=UTC)) == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )
    assert quiet_ends(berlin, now=datetime(2026, 10, 25, 0, tzinfo=UTC)) == datetime(
        2026, 10, 25, 1, 30, tzinfo=UTC
    )


@pytest.fixture
def ada(db: None) -> Member:
    member = MemberFactory(email="ada@example.com")
    words = [ConsentWord(channel=channel, purpose=Purpose.MARKETING, is_given=True) for channel in Channel]
    record_consents(member.pk, words, source="app", actor="test:1", happened_at=NOW, now=NOW)
    return member


def wish(member: Member, **wishes: Any) -> None:
    change_preferences(member.pk, wishes, now=NOW)


def plan(member: Member, *keys: str, **changes: object) -> None:
    told = {"message_class": "marketing", "purpose": "marketing"}
    queue_messages([draft(member.pk, dedupe_key=key, **(told | changes)) for key in keys], now=NOW)


def becoming() -> dict[str, tuple[str, str]]:
    return {one.dedupe_key: (one.state, one.last_error) for one in Message.objects.all()}


def test_who_wants_one_a_week_gets_one_and_the_others_say_why(ada: Member, world: type[ToldCarrier]) -> None:
    wish(ada, frequency="weekly")
    plan(ada, "first", "second")
    plan(ada, "points", message_class="points_critical")
    plan(ada, "inbox", channel="inbox")

    assert send_due(now=NOW) == Sent(claimed=3, sent=2, withdrawn=1)
    plan(ada, "third")
    send_due(now=NOW + timedelta(days=7, seconds=-1))
    plan(ada, "fourth")
    send_due(now=NOW + timedelta(days=7))

    held = ("withdrawn", "the member wishes one in 7 days, and had one on 2026-11-21")
    sent = ("sent", "")
    assert becoming() == {
        "first": sent,
        "second": held,
        "points": sent,
        "inbox": ("delivered", ""),
        "third": held,
        "fourth": sent,
    }


def test_two_senders_with_one_message_each_send_one(ada: Member, world: type[ToldCarrier]) -> None:
    """Never 26: what another sender has taken counts already."""
    wish(ada, frequency="monthly")
    plan(ada, "first", "second")
    taken, _ = _claim(1, NOW)

    assert send_due(now=NOW) == Sent(claimed=1, withdrawn=1)
    assert [message.dedupe_key for message in taken] == ["first"]


def test_who_wishes_none_gets_none_but_what_they_ordered(ada: Member, world: type[ToldCarrier]) -> None:
    wish(ada, frequency="never")
    plan(ada, "offer")
    plan(ada, "receipt", message_class="transactional")

    assert send_due(now=NOW) == Sent(claimed=2, sent=1, withdrawn=1)
    assert becoming()["offer"] == ("withdrawn", "the member wishes no news and offers")


def test_what_is_not_urgent_waits_until_the_quiet_hours_are_over(
    ada: Member, world: type[ToldCarrier]
) -> None:
    wish(ada, quiet_from=time(22), quiet_until=time(8), timezone="Asia/Taipei")
    plan(ada, "offer")
    plan(ada, "code", message_class="transactional")

    assert send_due(now=EVENING) == Sent(claimed=2, sent=1)
    assert becoming()["offer"] == ("queued", "it waits until the member's quiet hours are over")
    morning = datetime(2026, 11, 22, 0, tzinfo=UTC)
    assert send_due(now=morning - timedelta(seconds=1)) == Sent()
    assert send_due(now=morning) == Sent(claimed=1, sent=1)
