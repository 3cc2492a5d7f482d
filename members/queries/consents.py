"""Who allows what."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from members.models import Consent


class ConsentFacts(msgspec.Struct, frozen=True):
    """What a member said last about one channel and purpose."""

    channel: str
    purpose: str
    is_given: bool
    changed_at: datetime


def consenting(member_ids: Iterable[int], channel: str, purpose: str) -> set[int]:
    """Those of these members who allow it now. One statement."""
    given = Consent.objects.filter(channel=channel, purpose=purpose, is_given=True)
    return set(given.filter(member_id__in=list(member_ids)).values_list("member_id", flat=True))


def list_consents(member_id: int) -> list[ConsentFacts]:
    """All that a member ever said yes or no to, as it holds now."""
    rows = Consent.objects.filter(member_id=member_id).order_by("channel", "purpose")
    return [ConsentFacts(*row) for row in rows.values_list("channel", "purpose", "is_given", "changed_at")]


def get_consent(member_id: int, channel: str, purpose: str) -> ConsentFacts:
    """What holds for one channel and purpose of which the member has spoken."""
    said = Consent.objects.filter(member_id=member_id, channel=channel, purpose=purpose)
    return ConsentFacts(*said.values_list("channel", "purpose", "is_given", "changed_at").get())
