"""The member's inbox in the app: `/me/inbox`."""

from datetime import datetime
from typing import Any, cast

from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import member_of
from config.ground.api.door import Answer, Door
from config.ground.api.pages import PageOf, PageParams, page_by
from omnichannel.models import Message
from omnichannel.queries import messages
from omnichannel.rules.messages import MessageClass
from omnichannel.services.messages import mark_read


class InboxMessageBody(Body, frozen=True, kw_only=True):
    """A message as the member reads it. `kind` says how important it is, `read_at` when they first opened it."""

    ref: str
    kind: MessageClass
    subject: str
    text: str
    facts: dict[str, Any]
    sent_at: datetime
    read_at: datetime | None


class Inbox(Door):
    """The member's own messages, newest first."""

    scope = "member"
    params = {"get": PageParams}
    answers = {"get": {200: PageOf[InboxMessageBody]}}

    def get(self, request: Request) -> Answer:
        member_id = member_of(request)
        rows = messages.inbox_of(member_id)
        listing = f"inbox:{member_id}"
        return Answer(page_by("-pk", rows, self.query(request), listing=listing, bodies=inbox_bodies))


class ReadInboxMessage(Door):
    """The member opened a message. The first time counts; again changes nothing."""

    scope = "member"
    answers = {"post": {200: InboxMessageBody}}

    def post(self, request: Request, ref: str) -> Answer:
        message = mark_read(member_id=member_of(request), ref=ref, now=clock.now())
        return Answer(inbox_body(message))


def inbox_bodies(found: list[Message]) -> list[InboxMessageBody]:
    return [inbox_body(message) for message in found]


def inbox_body(message: Message) -> InboxMessageBody:
    return InboxMessageBody(
        ref=message.ref,
        kind=cast(MessageClass, message.message_class),
        subject=message.subject,
        text=message.body_text,
        facts=message.facts,
        sent_at=message.sent_at or message.queued_at,
        read_at=message.read_at,
    )
