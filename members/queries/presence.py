"""Whether a member has proven to be there."""

from datetime import datetime

from members.models import Presence


def is_present(member_id: int, *, caller: str, now: datetime) -> bool:
    """Whether the member has told their code to this till within the last minutes."""
    return Presence.objects.filter(member_id=member_id, caller=caller, expires_at__gt=now).exists()
