"""What this floor refuses, and in which words."""

from typing import ClassVar

from config.ground.refusals import InvalidInput, NotFound, Refusal


class SegmentNotFound(NotFound):
    code = "segment_not_found"
    title = "There is no such segment"


class SegmentCodeTaken(Refusal):
    code = "segment_code_taken"
    title = "The programme has a segment with this code already"


class SegmentTooLarge(InvalidInput):
    code = "segment_too_large"
    title = "The segment asks too many questions; split it or leave some out"


class SegmentTooSlow(Refusal):
    """The statement was stopped by the database's clock; nothing was written."""

    status: ClassVar[int] = 422
    code = "segment_too_slow"
    title = "The segment takes too long to find; use shorter windows or fewer conditions"


class MemberNotInProgramme(NotFound):
    code = "member_not_in_programme"
    title = "This member is not known in the segment's programme"


class CampaignNotFound(NotFound):
    code = "campaign_not_found"
    title = "There is no such campaign"


class RunNotFound(NotFound):
    code = "run_not_found"
    title = "The campaign has no run with this number"


class CampaignCodeTaken(Refusal):
    code = "campaign_code_taken"
    title = "The programme has a campaign with this code already"


class SegmentOfAnotherProgramme(InvalidInput):
    code = "segment_of_another_programme"
    title = "The segment belongs to another programme than the campaign"


class ContentNotValid(InvalidInput):
    code = "content_not_valid"
    title = "The template cannot be written"


class CampaignNotADraft(Refusal):
    code = "campaign_not_a_draft"
    title = "The campaign is scheduled; pause it before changing it"


class CampaignNotScheduled(Refusal):
    code = "campaign_not_scheduled"
    title = "Only a scheduled campaign can be paused"


class CampaignAlreadyScheduled(Refusal):
    code = "campaign_already_scheduled"
    title = "The campaign is scheduled already"


class SurveyNotUsable(InvalidInput):
    """A campaign asks an open survey of its own programme, for the purpose to which members agreed."""

    code = "survey_not_usable"
    title = "The campaign cannot ask this survey"


class ScheduleHasPassed(Refusal):
    status: ClassVar[int] = 422
    code = "schedule_has_passed"
    title = "The moment of this campaign has passed; choose a later one"


class ChangedMeanwhile(Refusal):
    """The `If-Match` of the caller names an older version."""

    status: ClassVar[int] = 412
    code = "changed_meanwhile"
    title = "Somebody changed this in the meantime; read it again"
