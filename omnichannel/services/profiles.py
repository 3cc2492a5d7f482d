"""A completed profile, as an act for which rules may give points."""

from datetime import datetime

from members.queries.members import REF, get_member_by_id
from members.queries.merges import list_those_of
from omnichannel.queries.behaviour import list_programmes_told
from omnichannel.queries.places import list_programmes
from omnichannel.services.behaviour import Teller, Told, record_events

TYPE, SOURCE = "profile_completed", "members"


def record_completed_profile(member_id: int, *, happened_at: datetime, now: datetime) -> None:
    """Record that a member completed their profile, in each programme, unless it was recorded before: of them or of
    somebody who is this member by now. Nothing for who is no active member any more.
    """
    member = get_member_by_id(member_id)
    told_before = list_programmes_told(list_those_of(member_id), type_code=TYPE, source=SOURCE)
    for programme in list_programmes():
        if programme.pk not in told_before:
            teller = Teller(programme_id=programme.pk, programme_code=programme.code, source=SOURCE)
            told = Told(id=member.ref, type=TYPE, happened_at=happened_at, member=(REF, member.ref))
            record_events([told], teller=teller, now=now)
