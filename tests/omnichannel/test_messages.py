from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from omnichannel.errors import MessageNotFound
from omnichannel.models import Message
from omnichannel.queries.messages import inbox_of
from omnichannel.rules.messages import LONGEST_DELAY, MOST_ATTEMPTS, Draft, after_doubt, after_refusal
from omnichannel.services.messages import mark_read, queue_messages
from tests.members.factories import NOW, MemberFactory

pytestmark = pytest.mark.django_db


def draft(member_id: int, **changes: object) -> Draft:
    facts: dict[str, object] = {
        "member_id": member_id,
        "channel": "email",
        "message_class": "service",
        "purpose": "",
        "dedupe_key": "receipt:1:email",
        "subject": "Your receipt",
        "body_text": "Thank you.",
    }
    return Draft(**(facts | changes))  # type: ignore[arg-type]


def test_a_message_is_queued_once_however_often_it_is_asked_for() -> None:
    member = MemberFactory()

    assert queue_messages([draft(member.pk), draft(member.pk)], now=NOW) == 1
    assert queue_messages([draft(member.pk, body_text="Other words.")], now=NOW) == 0

    message = Message.objects.get()
    assert (message.state, message.attempts, message.body_text) == ("queued", 0, "Thank you.")
    assert (message.queued_at, message.due_at, message.sent_at) == (NOW, NOW, None)
    assert message.ref.startswith("msg_")


def test_two_members_may_have_the_same_dedupe_key() -> None:
    ada, bob = MemberFactory(), MemberFactory()

    assert queue_messages([draft(ada.pk), draft(bob.pk)], now=NOW) == 2


@pytest.mark.parametrize("how_many", [1, 3])
def test_queueing_is_one_statement_however_many(how_many: int) -> None:
    drafts = [draft(MemberFactory().pk) for _ in range(how_many)]

    with CaptureQueriesContext(connection) as statements:
        queue_messages(drafts, now=NOW)

    assert len(statements) == 1
    assert Message.objects.count() == how_many


def test_nothing_to_queue_asks_nothing() -> None:
    with CaptureQueriesContext(connection) as statements:
        assert queue_messages([], now=NOW) == 0

    assert len(statements) == 0


def test_an_inbox_message_has_arrived_when_it_is_queued() -> None:
    member = MemberFactory()

    queue_messages([draft(member.pk, channel="inbox", facts={"offer": "off_1"})], now=NOW)

    (message,) = inbox_of(member.pk)
    assert (message.state, message.sent_at, message.facts) == ("delivered", NOW, {"offer": "off_1"})


def test_an_inbox_message_for_later_waits() -> None:
    member = MemberFactory()

    queue_messages([draft(member.pk, channel="inbox", not_before=NOW + timedelta(hours=1))], now=NOW)

    assert not inbox_of(member.pk).exists()


def test_the_first_reading_counts() -> None:
    ada, bob = MemberFactory(), MemberFactory()
    queue_messages([draft(ada.pk, channel="inbox")], now=NOW)
    ref = Message.objects.get().ref
    later = NOW + timedelta(minutes=5)

    first = mark_read(member_id=ada.pk, ref=ref, now=NOW)
    again = mark_read(member_id=ada.pk, ref=ref, now=later)

    assert (first.read_at, again.read_at) == (NOW, NOW)
    with pytest.raises(MessageNotFound):
        mark_read(member_id=bob.pk, ref=ref, now=later)


def test_refused_messages_are_tried_again_with_growing_delay_and_then_given_up() -> None:
    steps = [after_refusal(attempt, is_permanent=False, now=NOW) for attempt in range(1, MOST_ATTEMPTS + 1)]

    delays = [step.due_at - NOW for step in steps if step.due_at]
    assert [delay.total_seconds() for delay in delays] == [30, 120, 480, 1920, 7680]
    assert max(delays) <= LONGEST_DELAY
    assert [step.state for step in steps] == ["queued"] * 5 + ["failed"]
    assert after_refusal(1, is_permanent=True, now=NOW).state == "failed"


@pytest.mark.parametrize(
    ("message_class", "state"),
    [
        ("transactional", "queued"),
        ("service", "queued"),
        ("points_critical", "queued"),
        ("marketing", "uncertain"),
    ],
)
def test_in_doubt_marketing_is_left_alone_and_the_rest_is_sent_again(message_class: str, state: str) -> None:
    assert after_doubt(1, message_class, now=NOW).state == state
    assert after_doubt(MOST_ATTEMPTS, message_class, now=NOW).state == "uncertain"
