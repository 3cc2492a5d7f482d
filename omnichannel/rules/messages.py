"""What a message is before it is queued, and what becomes of it after each attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Channel = Literal["email", "sms", "inbox"]
MessageClass = Literal["transactional", "service", "points_critical", "marketing"]

PRIORITY: tuple[MessageClass, ...] = ("transactional", "service", "points_critical", "marketing")
"""Which class goes first when many wait: a receipt never stands behind a campaign."""

MOST_ATTEMPTS = 6
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message to queue. Texts are final: what stands here is what the member reads.

    `dedupe_key` says why the message exists, unique for its member, channel included, for example
    `offer:cmp_...:email`; queued again under the same key, it is not queued at all. `purpose` is the consent
    that the message needs (`needs_consent`). `facts` may name `unsubscribe_url`, the signed address by which the member
    leaves with one POST. `not_before` and `expires_at` bound when it may go out.
    """

    member_id: int
    channel: Channel
    message_class: MessageClass
    purpose: str
    dedupe_key: str
    subject: str = ""
    body_text: str
    body_html: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NextStep:
    """The state a message falls into, and when it may be tried again (None: never)."""

    state: Literal["queued", "failed", "uncertain"]
    due_at: datetime | None = None


def needs_consent(message_class: str, purpose: str) -> bool:
    """Whether the member must allow it. Receipts and codes go to everybody; marketing never does without a word,
    and what names a purpose, points news for example, needs that one.
    """
    return message_class == "marketing" or (message_class != "transactional" and bool(purpose))


def after_refusal(attempts: int, *, is_permanent: bool, now: datetime) -> NextStep:
    """The carrier did not take it: tried again with growing delay, unless that cannot help.

    Delays are 30 s, 2 min, 8 min, 32 min, then about 2 hours; after `MOST_ATTEMPTS` it has failed.

    :param attempts: attempts made so far, this one included: 1 or more.
    """
    if is_permanent or attempts >= MOST_ATTEMPTS:
        return NextStep("failed")
    return NextStep("queued", now + min(FIRST_DELAY * 4 ** (attempts - 1), LONGEST_DELAY))


def after_doubt(attempts: int, message_class: str, *, now: datetime) -> NextStep:
    """Bytes were sent and no answer came, or the sender died meanwhile: nobody knows whether it arrived.

    Marketing is left alone, for twice is worse than never. Everything else is sent again, for never is worse
    than twice.
    """
    if message_class == "marketing" or attempts >= MOST_ATTEMPTS:
        return NextStep("uncertain")
    return after_refusal(attempts, is_permanent=False, now=now)
