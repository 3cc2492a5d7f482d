"""Which programme a key may work on: its own, or any if it belongs to none."""

from campaigns.errors import CampaignNotFound, SegmentNotFound
from campaigns.models import Campaign, Segment
from campaigns.queries import campaigns, programmes, segments
from campaigns.queries.programmes import ProgrammeFacts
from config.ground.api.caller import Caller
from config.ground.refusals import InvalidInput
from omnichannel.errors import ProgrammeNotFound


def programme_for(caller: Caller, code: str) -> ProgrammeFacts:
    """The programme the caller means; without a code the key's own.

    :raises ProgrammeNotFound: if there is none by this code, or it is not the key's.
    :raises InvalidInput: if neither the key nor the body says which.
    """
    wanted = code or caller.programme_code
    if not wanted:
        raise InvalidInput("Name the programme: this key belongs to none.", pointer="/programme")
    programme = programmes.get_programme(wanted)
    if not _reaches(caller, programme.id):
        raise ProgrammeNotFound
    return programme


def segment_for(caller: Caller, ref: str) -> Segment:
    """A segment the caller may see. One of another programme is not found, as if it were not there.

    :raises SegmentNotFound: if there is none.
    """
    segment = segments.get_segment(ref)
    if not _reaches(caller, segment.programme_id):
        raise SegmentNotFound
    return segment


def campaign_for(caller: Caller, ref: str) -> Campaign:
    """A campaign the caller may see.

    :raises CampaignNotFound: if there is none.
    """
    campaign = campaigns.get_campaign(ref)
    if not _reaches(caller, campaign.programme_id):
        raise CampaignNotFound
    return campaign


def _reaches(caller: Caller, programme_id: int) -> bool:
    return caller.programme_id is None or caller.programme_id == programme_id
