"""Tables of the campaigns floor."""

from campaigns.models.campaigns import Campaign, CampaignRun, CampaignVersion, Recipient, RunChunk
from campaigns.models.features import MemberCategory, MemberDay, MemberFeature
from campaigns.models.segments import Segment, SegmentMember, SegmentMove, SegmentVersion

__all__ = [
    "Campaign",
    "CampaignRun",
    "CampaignVersion",
    "MemberCategory",
    "MemberDay",
    "MemberFeature",
    "Recipient",
    "RunChunk",
    "Segment",
    "SegmentMember",
    "SegmentMove",
    "SegmentVersion",
]
