"""What members itself shows on the member's page of the admin."""

from datetime import datetime

from members.member_data import Panel


def panels(member_id: int, *, now: datetime) -> list[Panel]:
    return []
