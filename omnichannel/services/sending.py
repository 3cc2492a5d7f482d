"""Sending what waits: claim, release, hand over, write down what became of it.

A batch is claimed by a lease; its messages stay `queued` meanwhile, so a sender that dies leaves them for the
next one. Only the one message being handed over is `sending`: if the sender dies there, nobody knows whether
it arrived, and `rules.messages.after_doubt` decides by its class. Every step is a compare-and-set on the
lease, so a sender that was too slow and lost its lease never sends.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet

from omnichannel.adapters.carriers import Carrier, CarrierAway, NotDelivered, Parcel, carrier_for
from omnichannel.models import Message
from omnichannel.queries import messages
from omnichannel.rules.messages import NextStep, after_doubt, after_refusal
from omnichannel.services.messages import NOT_ALLOWED
from omnichannel.services.wishes import keep_to_wishes

TIMEOUT_S = 10.0
LARGEST_BATCH = 20
LEASE = timedelta(minutes=5)
"""Longer than a batch can take in the worst case: 20 messages of 10 s each."""
PAUSE = timedelta(minutes=1)
"""How long a channel rests when its carrier cannot be reached."""

State = Message.State
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one batch."""

    claimed: int = 0
    sent: int = 0
    withdrawn: int = 0


def send_due(limit: int = LARGEST_BATCH, *, now: datetime) -> Sent:
    """Send one batch of what is due, at most `LARGEST_BATCH`; any number may run at once.

    :return: how many were claimed, sent and withdrawn; `claimed == 0` says that nothing waits.
    """
    settle_abandoned(now=now)
    claimed, held_back = _claim(min(limit, LARGEST_BATCH), now)
    released = _release(claimed, now)
    sent = _hand_over(released, now)
    withdrawn = sum(message.state == State.WITHDRAWN for message in held_back)
    return Sent(len(claimed) + len(held_back), sent, withdrawn + len(claimed) - len(released))


@transaction.atomic
def settle_abandoned(*, now: datetime, limit: int = 500) -> int:
    """Decide about messages whose sender never came back: sent again, or left as uncertain."""
    abandoned = messages.lock_abandoned_messages(limit=limit, now=now)
    for message in abandoned:
        step = after_doubt(message.attempts, message.message_class, now=now)
        _write(message, step, "the sender stopped before an answer came")
    return len(abandoned)


@transaction.atomic
def _claim(limit: int, now: datetime) -> tuple[list[Message], list[Message]]:
    """Take a lease on what is due and what members wish now, so that no other sender takes the same messages; answers
    also what was held back."""
    found = messages.lock_due_messages(limit=limit, now=now)
    due = keep_to_wishes(found, now=now)
    lease_until = now + LEASE
    Message.objects.filter(pk__in=[m.pk for m in due], member_id__in=[m.member_id for m in due]).update(
        lease_until=lease_until
    )
    for message in due:
        message.lease_until = lease_until
    return due, [message for message in found if message not in due]


def _release(claimed: Sequence[Message], now: datetime) -> list[Message]:
    """Withdraw what may not go out any more; the rest goes on."""
    without_consent = messages.find_without_consent(claimed)
    released = []
    for message in claimed:
        if message.expires_at is not None and message.expires_at <= now:
            _withdraw(message, "its time was over before it could be sent")
        elif message.pk in without_consent:
            _withdraw(message, NOT_ALLOWED)
        else:
            released.append(message)
    return released


def _hand_over(released: Sequence[Message], now: datetime) -> int:
    addresses = messages.find_addresses(released)
    carriers = {channel: carrier_for(channel) for channel in {m.channel for m in released}}
    away: set[str] = set()
    sent = 0
    try:
        for message in released:
            address = addresses.get((message.member_id, message.channel), "")
            if message.channel in away:
                _postpone(message, "the carrier cannot be reached", now)
            elif not address and message.channel in messages.KIND_OF_ADDRESS:
                _withdraw(message, "the member has no address for this channel")
            elif _begin(message):
                try:
                    sent += _send_one(message, address, carriers[message.channel], now)
                except CarrierAway as reason:
                    away.add(message.channel)
                    _postpone(message, str(reason), now)
    finally:
        for carrier in carriers.values():
            carrier.close()
    return sent


def _send_one(message: Message, address: str, carrier: Carrier, now: datetime) -> bool:
    """Hand one message over and write down what became of it.

    Whatever goes wrong here stays with this one message: its attempts are counted and bounded, and the
    others of the batch go on.

    :raises CarrierAway: the carrier cannot be reached; nothing was sent or written.
    """
    try:
        carrier_id = carrier.send(_parcel(message, address), timeout_s=TIMEOUT_S)
    except CarrierAway:
        raise
    except NotDelivered as refusal:
        step = after_refusal(message.attempts, is_permanent=refusal.is_permanent, now=now)
        _write(message, step, _said(refusal, address))
        return False
    except Exception as doubt:
        # Not only `Uncertain`: a fault nobody foresaw may have struck after bytes were sent.
        log.warning("message_in_doubt", message=message.ref, reason=type(doubt).__name__)
        _write(message, after_doubt(message.attempts, message.message_class, now=now), _said(doubt, address))
        return False
    # True whoever holds the lease by now, so it is written even by a sender that was too slow.
    Message.objects.filter(pk=message.pk, member_id=message.member_id).update(
        state=State.DELIVERED if message.channel == Message.Channel.INBOX else State.SENT,
        carrier_id=carrier_id,
        sent_at=now,
        lease_until=None,
        last_error="",
    )
    return True


def _said(fault: Exception, address: str) -> str:
    """What a carrier said, without the address that carriers like to repeat: it is kept with the message, and read by
    people who may not see addresses.
    """
    return re.sub(re.escape(address), "***", str(fault), flags=re.IGNORECASE) if address else str(fault)


def _parcel(message: Message, address: str) -> Parcel:
    return Parcel(
        ref=message.ref,
        address=address,
        subject=message.subject,
        body_text=message.body_text,
        body_html=message.body_html,
        unsubscribe_url=str(message.facts.get("unsubscribe_url", "")),
    )


def _begin(message: Message) -> bool:
    """Say that bytes may leave the house from now on. False: the lease was lost, somebody else has it."""
    attempts = message.attempts + 1
    if not _held(message).update(state=State.SENDING, attempts=attempts):
        return False
    message.state, message.attempts = State.SENDING, attempts
    return True


def _postpone(message: Message, reason: str, now: datetime) -> None:
    """Back into the queue without counting an attempt: the message is not to blame."""
    attempts = message.attempts - (message.state == State.SENDING)
    _held(message).update(
        state=State.QUEUED, attempts=attempts, due_at=now + PAUSE, lease_until=None, last_error=reason[:300]
    )


def _withdraw(message: Message, reason: str) -> None:
    _held(message).update(state=State.WITHDRAWN, lease_until=None, last_error=reason)


def _write(message: Message, step: NextStep, reason: str) -> None:
    due_at = step.due_at or message.due_at
    _held(message).update(state=step.state, due_at=due_at, lease_until=None, last_error=reason[:300])


def _held(message: Message) -> QuerySet[Message]:
    """The row, if it still is as this sender left it: in the same state, under the same lease."""
    return Message.objects.filter(
        pk=message.pk, member_id=message.member_id, state=message.state, lease_until=message.lease_until
    )
