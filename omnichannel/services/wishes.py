"""Keeping to what members wish: how often, and not in their quiet hours. Said where messages are taken to be sent."""

from collections.abc import Sequence
from datetime import datetime

from members.queries.preferences import lock_wishes
from omnichannel.models import Message
from omnichannel.queries.messages import find_last_marketing
from omnichannel.queries.places import find_common_timezone
from omnichannel.rules.wishes import ONCE_IN, Wish, quiet_ends, why_not

QUIET = "it waits until the member's quiet hours are over"


def keep_to_wishes(due: Sequence[Message], *, now: datetime) -> list[Message]:
    """Those of these messages that may go out now. The others are withdrawn with the reason, or wait for the end of the
    quiet hours. What the member did themselves (receipts, codes) always goes out, and the inbox never rings.

    In the transaction that takes the messages, which are locked. The wishes are locked too: of two senders who have one
    message each for a member who wants one a week, the second sees the first.
    """
    asked = [one for one in due if one.message_class != "transactional" and one.channel != "inbox"]
    wishes = lock_wishes({one.member_id for one in asked}) if asked else {}
    if not wishes:
        return list(due)
    home = find_common_timezone() or "UTC"
    capped = {member_id for member_id, said in wishes.items() if said.frequency in ONCE_IN}
    last = find_last_marketing(capped, apart_from=[one.pk for one in due], now=now) if capped else {}
    free = []
    for message in due:
        said = wishes.get(message.member_id) if message in asked else None
        wish = (
            Wish(
                frequency=said.frequency,
                quiet_from=said.quiet_from,
                quiet_until=said.quiet_until,
                zone=said.timezone or home,
            )
            if said
            else Wish()
        )
        if not _is_held_back(message, wish, last_at=last.get(message.member_id), now=now):
            free.append(message)
            if message.message_class == "marketing" and message in asked:
                last[message.member_id] = now
    return free


def _is_held_back(message: Message, wish: Wish, *, last_at: datetime | None, now: datetime) -> bool:
    row = Message.objects.filter(pk=message.pk, member_id=message.member_id)
    if reason := why_not(message.message_class, wish, last_at=last_at, now=now):
        message.state = Message.State.WITHDRAWN
        row.update(state=message.state, lease_until=None, last_error=reason)
        return True
    if ends := quiet_ends(wish, now=now):
        row.update(due_at=ends, lease_until=None, last_error=QUIET)
        return True
    return False
