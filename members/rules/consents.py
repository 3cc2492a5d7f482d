"""By which channel and for which purpose a member may be asked for leave to write."""

from enum import StrEnum

import msgspec


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    CHAT = "chat"
    INBOX = "inbox"
    MAIL = "mail"
    PHONE = "phone"


class Purpose(StrEnum):
    """What a message is for. Transactional ones (codes, receipts) need no consent, so they are not here."""

    MARKETING = "marketing"
    POINTS = "points"
    SERVICE = "service"
    SURVEYS = "surveys"
    PROFILING = "profiling"


class ConsentWord(msgspec.Struct, frozen=True, kw_only=True):
    """A member's yes or no for one channel and purpose.

    :ivar text_version: which wording they saw, "" if none is known.
    """

    channel: Channel
    purpose: Purpose
    is_given: bool
    text_version: str = ""
