"""By which channel and for which purpose a member may be asked for leave to write."""

from enum import StrEnum


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
