"""What a member likes."""

from collections.abc import Collection
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


def lock_wishes(member_ids: Collection[int]) -> dict[int, PreferenceFacts]:
    """What those of these members wish who said how often or when they want to hear from us, locked until commit in the
    order of their ids. One statement."""
    rows = Preference.objects.filter(member_id__in=member_ids)
    said = rows.exclude(frequency="any", quiet_from__isnull=True).order_by("member_id")
    told = said.select_for_update(of=("self",), no_key=True).values(
        "member_id", *PreferenceFacts.__struct_fields__
    )
    return {row.pop("member_id"): PreferenceFacts(**row) for row in told}
