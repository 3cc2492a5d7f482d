"""What campaigns did with one member."""

from campaigns.models import Recipient, SegmentMember

MOST_ROWS = 20


def list_verdicts(member_id: int) -> list[Recipient]:
    """The last verdicts about a member, the latest first, campaign loaded."""
    told = Recipient.objects.filter(member_id=member_id).select_related("run__campaign")
    return list(told.order_by("-pk")[:MOST_ROWS])


def list_memberships(member_id: int) -> list[SegmentMember]:
    """The segments a member is in, the latest first, segment loaded."""
    rows = SegmentMember.objects.filter(member_id=member_id).select_related("segment")
    return list(rows.order_by("-entered_at", "-pk")[:MOST_ROWS])
