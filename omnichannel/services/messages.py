"""Queueing messages and reading them. Sending is `services.sending`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from msgspec import json

from config.ground.ids import new_ref
from omnichannel.models import Message
from omnichannel.queries import messages
from omnichannel.rules.messages import Draft

NOT_ALLOWED = "the member does not allow it any more"

_QUEUE = """
    INSERT INTO omnichannel_message
           (ref, member_id, channel, class, purpose, dedupe_key, subject, body_text, body_html, facts,
            due_at, expires_at, state, attempts, sent_at, queued_at, carrier_id, last_error)
    SELECT ref, member_id, channel, class, purpose, dedupe_key, subject, body_text, body_html, facts::jsonb,
           due_at, expires_at,
           CASE WHEN channel = 'inbox' AND due_at <= %(now)s THEN 'delivered' ELSE 'queued' END, 0,
           CASE WHEN channel = 'inbox' AND due_at <= %(now)s THEN %(now)s END, %(now)s, '', ''
      FROM unnest(%(refs)s::text[], %(member_ids)s::bigint[], %(channels)s::text[], %(classes)s::text[],
                  %(purposes)s::text[], %(dedupe_keys)s::text[], %(subjects)s::text[], %(texts)s::text[],
                  %(htmls)s::text[], %(facts)s::text[], %(due_ats)s::timestamptz[],
                  %(expires_ats)s::timestamptz[])
        AS draft (ref, member_id, channel, class, purpose, dedupe_key, subject, body_text, body_html, facts,
                  due_at, expires_at)
     ORDER BY member_id
        ON CONFLICT (member_id, dedupe_key) DO NOTHING
"""


def queue_messages(drafts: Sequence[Draft], *, now: datetime) -> int:
    """Queue messages in the caller's transaction, in one statement; known dedupe keys are passed over.

    Inbox messages that are due have arrived with that: the row is the message. Whoever queues a message
    that needs consent for the inbox has asked for it; on every other channel it is asked again at release.

    :return: how many were new.
    """
    if not drafts:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, _columns(drafts, now))
        return int(cursor.rowcount)


@transaction.atomic
def withdraw_unallowed(member_ids: Collection[int], *, now: datetime) -> int:
    """Withdraw what waits for these members and needs a consent that does not hold. Safe to repeat.

    :return: how many.
    """
    refused = messages.find_without_consent(messages.lock_waiting_messages(member_ids, now=now))
    rows = Message.objects.filter(pk__in=refused, member_id__in=member_ids)
    return rows.update(state=Message.State.WITHDRAWN, lease_until=None, last_error=NOT_ALLOWED)


def mark_read(*, member_id: int, ref: str, now: datetime) -> Message:
    """Remember when the member first opened a message of their inbox.

    :raises MessageNotFound: if this member has no such message.
    """
    message = messages.get_inbox_message(member_id=member_id, ref=ref)
    Message.objects.filter(pk=message.pk, member_id=member_id, read_at__isnull=True).update(read_at=now)
    return messages.get_inbox_message(member_id=member_id, ref=ref)


def _columns(drafts: Sequence[Draft], now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "refs": [new_ref("msg") for _ in drafts],
        "member_ids": [draft.member_id for draft in drafts],
        "channels": [draft.channel for draft in drafts],
        "classes": [draft.message_class for draft in drafts],
        "purposes": [draft.purpose for draft in drafts],
        "dedupe_keys": [draft.dedupe_key for draft in drafts],
        "subjects": [draft.subject for draft in drafts],
        "texts": [draft.body_text for draft in drafts],
        "htmls": [draft.body_html for draft in drafts],
        "facts": [json.encode(draft.facts).decode() for draft in drafts],
        "due_ats": [draft.not_before or now for draft in drafts],
        "expires_ats": [draft.expires_at for draft in drafts],
    }
