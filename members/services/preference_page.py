"""What a member says on the page of their preferences: saved as a whole, or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from members.queries.consents import list_consents
from members.rules.attributes import Eyes, Value
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.attributes import set_attributes
from members.services.consents import record_consents
from members.services.preferences import change_preferences
from members.services.profiles import change_member, lock_active

SOURCE = "preference_page"


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed on the page, and nothing else.

    :ivar wishes: fields of `PreferenceFacts` by name.
    :ivar language: None where it stays.
    :ivar attributes: by code; None takes one away.
    """

    wishes: Mapping[str, Any] = {}
    language: str | None = None
    consents: Sequence[ConsentWord] = ()
    attributes: Mapping[str, Value | None] = {}


@transaction.atomic
def save_choices(member_id: int, choices: Choices, *, now: datetime) -> None:
    """Let hold what a member chose.

    :raises MemberNotFound: if there is no such member.
    :raises MemberNotActive: if the member was merged or erased meanwhile.
    :raises PreferenceNotValid: wishes do not fit together.
    :raises AttributeNotValid: as `set_attributes`, which see.
    """
    lock_active(member_id)
    if choices.language is not None:
        change_member(member_id, changes={"language": choices.language}, source="page", now=now)
    if choices.wishes:
        change_preferences(member_id, choices.wishes, now=now)
    if choices.attributes:
        set_attributes(member_id, choices.attributes, eyes=Eyes.MEMBER, source="page", now=now)
    if choices.consents:
        _record(member_id, choices.consents, now=now)


@transaction.atomic
def withdraw_everything(member_id: int, *, text_version: str, now: datetime) -> None:
    """Take back whatever was ever allowed, for all channels and purposes. What was a no already is said again: so no
    import that is undone gives it back.

    :raises MemberNotFound: if there is no such member; so MemberNotActive.
    """
    lock_active(member_id)
    _record(
        member_id,
        [
            ConsentWord(
                channel=Channel(held.channel),
                purpose=Purpose(held.purpose),
                is_given=False,
                text_version=text_version,
            )
            for held in list_consents(member_id)
        ],
        now=now,
    )


def _record(member_id: int, words: Sequence[ConsentWord], *, now: datetime) -> None:
    actor = f"member:{member_id}"
    record_consents(member_id, words, source=SOURCE, actor=actor, happened_at=now, now=now)
