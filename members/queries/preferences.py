"""What a member likes."""

from datetime import time

import msgspec

from members.models import Preference


class PreferenceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All defaults: what holds for a member who never said anything."""

    interests: list[str] = msgspec.field(default_factory=list)
    preferred_channel: str = ""
    frequency: str = "any"
    quiet_from: time | None = None
    quiet_until: time | None = None
    timezone: str = ""
    packaging: str = ""
    invoice: str = ""


def get_preferences(member_id: int) -> PreferenceFacts:
    """What this member wishes, as far as they said."""
    said = Preference.objects.filter(member_id=member_id).values(*PreferenceFacts.__struct_fields__).first()
    return PreferenceFacts(**said) if said else PreferenceFacts()
