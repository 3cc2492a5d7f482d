"""Questions about messages: what waits, what may go out, what a member may read."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Coalesce

from members.models import Identity
from members.queries.consents import consenting
from omnichannel.errors import MessageNotFound
from omnichannel.models import Message
from omnichannel.rules.messages import PRIORITY, needs_consent

KIND_OF_ADDRESS = {"email": "email", "sms": "phone"}
"""Channel -> the kind of identity that it writes to. The inbox needs none."""


def lock_due_messages(*, limit: int, now: datetime) -> list[Message]:
    """Up to `limit` messages that are due and that nobody else is sending, most important class first.

    Locked until commit; rows which another sender has locked are passed over, so senders never wait.
    """
    due = Message.objects.filter(state=Message.State.QUEUED, due_at__lte=now)
    free = due.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now)).order_by("due_at", "id")
    found: list[Message] = []
    for message_class in PRIORITY:
        if len(found) < limit:
            of_class = free.filter(message_class=message_class)
            found += of_class.select_for_update(skip_locked=True, of=("self",))[: limit - len(found)]
    return found


def lock_waiting_messages(member_ids: Collection[int], *, now: datetime) -> list[Message]:
    """What waits for these members, due or not, and is not in a sender's hands; he asks for consent himself."""
    waiting = Message.objects.filter(member_id__in=member_ids, state=Message.State.QUEUED)
    free = waiting.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now))
    return list(free.order_by("pk").select_for_update(skip_locked=True, of=("self",)))


def lock_abandoned_messages(*, limit: int, now: datetime) -> list[Message]:
    """Messages whose sender has not come back within its lease: it died, or still waits for an answer."""
    abandoned = Message.objects.filter(state=Message.State.SENDING, lease_until__lte=now)
    return list(abandoned.order_by("lease_until").select_for_update(skip_locked=True, of=("self",))[:limit])


def find_addresses(messages: Iterable[Message]) -> dict[tuple[int, str], str]:
    """Where to write now: (member id, channel) -> address. Who has several gets the oldest verified one."""
    addresses: dict[tuple[int, str], str] = {}
    for channel, kind in KIND_OF_ADDRESS.items():
        member_ids = {message.member_id for message in messages if message.channel == channel}
        if member_ids:
            identities = Identity.objects.filter(kind=kind, member_id__in=member_ids)
            newest_first = identities.order_by("-verified_at", "-id")
            verified_last = sorted(
                newest_first.values_list("member_id", "value", "verified_at"),
                key=lambda row: row[2] is not None,
            )
            addresses.update({(member_id, channel): value for member_id, value, _ in verified_last})
    return addresses


def find_without_consent(messages: Iterable[Message]) -> set[int]:
    """The ids of those messages whose member does not, or no longer, allow them."""
    needing = [m for m in messages if needs_consent(m.message_class, m.purpose)]
    refused: set[int] = set()
    for channel, purpose in {(m.channel, m.purpose) for m in needing}:
        asked = [m for m in needing if (m.channel, m.purpose) == (channel, purpose)]
        allowed = consenting({m.member_id for m in asked}, channel, purpose)
        refused |= {m.pk for m in asked if m.member_id not in allowed}
    return refused


def find_last_marketing(
    member_ids: Collection[int], *, apart_from: Collection[int], now: datetime
) -> dict[int, datetime]:
    """When news or an offer went out to each of these members last, or is going out at this moment; the inbox does not
    count, for nothing comes to anybody by it.

    :param apart_from: ids of messages that are asked about, and do not count.
    """
    state = Message.State
    out = Q(state__in=[state.SENT, state.DELIVERED, state.UNCERTAIN, state.SENDING])
    on_the_way = Q(state=state.QUEUED, lease_until__gt=now)
    marketing = Message.objects.filter(
        out | on_the_way, member_id__in=member_ids, message_class=Message.MessageClass.MARKETING
    )
    others = marketing.exclude(channel=Message.Channel.INBOX).exclude(pk__in=apart_from).order_by()
    last = others.values("member_id").annotate(last_at=Max(Coalesce("sent_at", "due_at")))
    return dict(last.values_list("member_id", "last_at"))


def inbox_of(member_id: int) -> QuerySet[Message]:
    """The messages that a member may read in the app."""
    return Message.objects.filter(
        member_id=member_id, channel=Message.Channel.INBOX, state=Message.State.DELIVERED
    )


def get_inbox_message(*, member_id: int, ref: str) -> Message:
    """One message of the member's own inbox.

    :raises MessageNotFound: if this member has no such message.
    """
    message = inbox_of(member_id).filter(ref=ref).first()
    if message is None:
        raise MessageNotFound
    return message


def list_newest_messages(member_id: int, *, limit: int) -> list[Message]:
    """A member's newest messages of every channel, without their bodies."""
    newest = Message.objects.filter(member_id=member_id).order_by("-id")
    return list(newest.defer("body_text", "body_html", "facts")[:limit])


def count_messages(member_ids: Collection[int]) -> int:
    """Messages to any of these members."""
    return Message.objects.filter(member_id__in=member_ids).count()
