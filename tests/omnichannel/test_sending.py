from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from members.models import Identity, Member
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.consents import record_consents
from omnichannel.adapters.carriers import NotDelivered
from omnichannel.models import Message
from omnichannel.rules.messages import MOST_ATTEMPTS
from omnichannel.services.messages import queue_messages
from omnichannel.services.sending import LARGEST_BATCH, LEASE, PAUSE, Sent, send_due
from omnichannel.tasks import send_due_messages
from tests.members.factories import NOW, MemberFactory
from tests.omnichannel.carriers import AWAY, NO_ANSWER, NO_SUCH_ADDRESS, TRY_LATER, ToldCarrier
from tests.omnichannel.test_messages import draft

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(settings: Settings) -> Iterator[type[ToldCarrier]]:
    settings.MESSAGE_CARRIERS = dict.fromkeys(("email", "sms"), "tests.omnichannel.carriers.ToldCarrier") | {
        "inbox": "omnichannel.adapters.inbox.InboxCarrier"
    }
    ToldCarrier.forget()
    yield ToldCarrier
    ToldCarrier.forget()


def a_message(email: str = "ada@example.com", *, consent: bool = True, **changes: object) -> Message:
    """A queued e-mail to a new member, who allows marketing unless said otherwise."""
    member: Member = MemberFactory(email=email)
    if consent:
        allow(member, is_given=True)
    queue_messages([draft(member.pk, **changes)], now=NOW)
    return Message.objects.get(member_id=member.pk)


def allow(member: Member, *, is_given: bool) -> None:
    word = ConsentWord(channel=Channel.EMAIL, purpose=Purpose.MARKETING, is_given=is_given)
    said_at = NOW if is_given else NOW + timedelta(seconds=1)
    record_consents(
        member.pk, [word], source="app", actor=f"member:{member.pk}", happened_at=said_at, now=said_at
    )


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def test_what_is_due_goes_out_once(world: type[ToldCarrier]) -> None:
    message = a_message(facts={"unsubscribe_url": "https://shop.example/u/1"})

    assert send_due(now=NOW) == Sent(claimed=1, sent=1)
    assert send_due(now=NOW + timedelta(days=1)) == Sent()

    assert world.addresses() == ["ada@example.com"]
    assert world.sent[0].unsubscribe_url == "https://shop.example/u/1"
    sent = fresh(message)
    assert (sent.state, sent.attempts, sent.sent_at) == ("sent", 1, NOW)
    assert (sent.carrier_id, sent.lease_until) == ("carrier-1", None)


def test_a_message_waits_for_its_hour(world: type[ToldCarrier]) -> None:
    a_message(not_before=NOW + timedelta(hours=2))

    assert send_due(now=NOW + timedelta(hours=2, seconds=-1)).claimed == 0
    assert send_due(now=NOW + timedelta(hours=2)).sent == 1


def test_a_message_whose_time_is_over_is_withdrawn(world: type[ToldCarrier]) -> None:
    message = a_message(expires_at=NOW + timedelta(hours=1))

    assert send_due(now=NOW + timedelta(hours=1)) == Sent(claimed=1, withdrawn=1)

    assert (fresh(message).state, world.sent) == ("withdrawn", [])


def test_consent_is_asked_again_at_release(world: type[ToldCarrier]) -> None:
    marketing = {"message_class": "marketing", "purpose": "marketing"}
    kept = a_message("kept@example.com", **marketing)
    withdrawn = a_message("withdrawn@example.com", **marketing)
    never = a_message("never@example.com", consent=False, **marketing)
    receipt = a_message("receipt@example.com", consent=False)
    allow(Member.objects.get(pk=withdrawn.member_id), is_given=False)

    assert send_due(now=NOW) == Sent(claimed=4, sent=2, withdrawn=2)

    assert world.addresses() == ["receipt@example.com", "kept@example.com"]
    assert [fresh(m).state for m in (kept, withdrawn, never, receipt)] == [
        "sent",
        "withdrawn",
        "withdrawn",
        "sent",
    ]
    assert "allow" in fresh(withdrawn).last_error


def test_the_address_is_looked_up_when_the_message_goes_out(world: type[ToldCarrier]) -> None:
    message = a_message("old@example.com")
    Identity.objects.filter(member_id=message.member_id, kind="email").update(value="new@example.com")

    send_due(now=NOW)

    assert world.addresses() == ["new@example.com"]


def test_who_has_no_address_gets_nothing_and_it_is_said_why(world: type[ToldCarrier]) -> None:
    member = MemberFactory()
    queue_messages([draft(member.pk)], now=NOW)

    send_due(now=NOW)

    message = Message.objects.get()
    assert (message.state, message.last_error) == ("withdrawn", "the member has no address for this channel")


def test_an_sms_goes_to_the_phone(world: type[ToldCarrier]) -> None:
    member = MemberFactory(phone="+12125550123")
    queue_messages([draft(member.pk, channel="sms")], now=NOW)

    send_due(now=NOW)

    assert world.addresses() == ["+12125550123"]


def test_what_a_carrier_says_is_kept_without_the_address(world: type[ToldCarrier]) -> None:
    """Never 17: no address outside of the directory, which is where an erasure looks."""
    message = a_message("ada@example.com")
    world.fails["ada@example.com"] = NotDelivered("550 <Ada@Example.com> unknown", is_permanent=True)

    send_due(now=NOW)

    assert fresh(message).last_error == "550 <***> unknown"


def test_one_bad_recipient_holds_nobody_up(world: type[ToldCarrier]) -> None:
    bad = a_message("bad@example.com")
    poison = a_message("poison@example.com")
    good = a_message("good@example.com")
    Message.objects.filter(pk=poison.pk).update(facts=["not", "an", "object"])
    world.fails["bad@example.com"] = NO_SUCH_ADDRESS

    sent = send_due(now=NOW)

    assert sent == Sent(claimed=3, sent=1)
    assert world.addresses() == ["good@example.com"]
    assert [fresh(m).state for m in (bad, poison, good)] == ["failed", "queued", "sent"]
    assert fresh(bad).last_error == "550 no such mailbox"


def test_a_poisoned_message_is_given_up_after_bounded_attempts(world: type[ToldCarrier]) -> None:
    poison = a_message()
    Message.objects.filter(pk=poison.pk).update(facts=["not", "an", "object"])

    claimed = sum(send_due(now=NOW + timedelta(hours=7 * n)).claimed for n in range(20))

    assert claimed == MOST_ATTEMPTS
    assert (fresh(poison).state, fresh(poison).attempts) == ("uncertain", MOST_ATTEMPTS)


def test_a_temporary_refusal_is_tried_again_later(world: type[ToldCarrier]) -> None:
    message = a_message()
    world.fails["ada@example.com"] = TRY_LATER

    send_due(now=NOW)
    assert (fresh(message).state, fresh(message).due_at) == ("queued", NOW + timedelta(seconds=30))
    assert send_due(now=NOW + timedelta(seconds=29)).claimed == 0
    world.fails.clear()

    assert send_due(now=NOW + timedelta(seconds=30)).sent == 1
    assert (fresh(message).attempts, fresh(message).last_error) == (2, "")


def test_a_carrier_that_is_away_costs_no_attempt(world: type[ToldCarrier]) -> None:
    messages = [a_message(f"{n}@example.com") for n in range(3)]
    world.fails["0@example.com"] = AWAY

    assert send_due(now=NOW) == Sent(claimed=3)

    assert world.sent == []
    assert {(fresh(m).state, fresh(m).attempts, fresh(m).due_at) for m in messages} == {
        ("queued", 0, NOW + PAUSE)
    }
    world.fails.clear()
    assert send_due(now=NOW + PAUSE).sent == 3


@pytest.mark.parametrize(
    ("message_class", "state"), [("marketing", "uncertain"), ("transactional", "queued")]
)
def test_after_silence_marketing_is_not_sent_again_but_a_receipt_is(
    world: type[ToldCarrier], message_class: str, state: str
) -> None:
    message = a_message(message_class=message_class, purpose="marketing")
    world.fails["ada@example.com"] = NO_ANSWER

    send_due(now=NOW)

    assert fresh(message).state == state
    world.fails.clear()
    assert send_due(now=NOW + timedelta(days=1)).sent == (state == "queued")


@pytest.mark.parametrize(
    ("message_class", "state"), [("marketing", "uncertain"), ("transactional", "queued")]
)
def test_a_sender_that_died_while_sending_leaves_a_doubt(message_class: str, state: str) -> None:
    message = a_message(message_class=message_class, purpose="marketing")
    Message.objects.filter(pk=message.pk).update(state="sending", attempts=1, lease_until=NOW + LEASE)

    assert send_due(now=NOW + LEASE - timedelta(seconds=1)).claimed == 0
    assert fresh(message).state == "sending"
    send_due(now=NOW + LEASE)

    assert (fresh(message).state, fresh(message).lease_until) == (state, None)
    assert fresh(message).last_error != ""


def test_a_lapsed_lease_of_a_message_not_begun_is_simply_taken_over(world: type[ToldCarrier]) -> None:
    message = a_message()
    Message.objects.filter(pk=message.pk).update(lease_until=NOW + LEASE)

    assert send_due(now=NOW).claimed == 0
    assert send_due(now=NOW + LEASE).sent == 1
    assert fresh(message).attempts == 1


def test_a_receipt_never_stands_behind_a_campaign(world: type[ToldCarrier]) -> None:
    for n in range(LARGEST_BATCH + 5):
        a_message(f"{n}@example.com", message_class="marketing", purpose="marketing")
    a_message("receipt@example.com", message_class="transactional", not_before=NOW + timedelta(minutes=1))

    send_due(now=NOW + timedelta(minutes=1))

    assert world.addresses()[0] == "receipt@example.com"
    assert len(world.sent) == LARGEST_BATCH


def test_the_task_goes_on_until_nothing_waits(world: type[ToldCarrier]) -> None:
    for n in range(LARGEST_BATCH * 2 + 1):
        a_message(f"{n}@example.com")

    assert send_due_messages() == LARGEST_BATCH * 2 + 1
    assert send_due_messages() == 0


def test_who_has_two_addresses_is_written_to_at_the_verified_one(world: type[ToldCarrier]) -> None:
    message = a_message("unproven@example.com")
    later: datetime = NOW + timedelta(days=1)
    for value, verified_at in (("proven@example.com", NOW), ("newer@example.com", None)):
        Identity.objects.create(
            kind="email",
            value=value,
            member_id=message.member_id,
            verified_at=verified_at,
            source="app",
            recorded_at=later,
        )

    send_due(now=NOW)

    assert world.addresses() == ["proven@example.com"]
