"""What the doors of campaigns take and answer."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from campaigns.models import Campaign, CampaignRun, Recipient, Segment, SegmentMember, SegmentVersion
from campaigns.queries import campaigns, segments
from campaigns.queries.campaigns import Overview, Tally
from campaigns.rules.plans import Plan
from campaigns.rules.schedules import schedule_words
from campaigns.rules.segments import Condition, Judgement
from config.ground.api.bodies import Body
from config.ground.api.pages import PageParams

Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
ProgrammeCode = Annotated[str, msgspec.Meta(max_length=40)]
Ref = Annotated[str, msgspec.Meta(max_length=30)]


class NewSegment(Body, frozen=True, kw_only=True):
    """`programme` may be left out by a key that belongs to one."""

    code: Slug
    name: Name
    tree: Condition
    programme: ProgrammeCode = ""


class ChangedSegment(Body, frozen=True, kw_only=True):
    name: Name
    tree: Condition


class CountAsked(Body, frozen=True, kw_only=True):
    tree: Condition
    programme: ProgrammeCode = ""


class CountBody(Body, frozen=True, kw_only=True):
    """How many members the tree means now, and the tree in words."""

    count: int
    sentence: str


class SegmentBody(Body, frozen=True, kw_only=True):
    """`size` is the membership at `refreshed_at`; members who bought since have moved already."""

    ref: str
    programme: str
    code: str
    name: str
    version: int
    tree: Condition
    sentence: str
    size: int
    refreshed_at: datetime | None
    made_at: datetime


class SegmentMemberBody(Body, frozen=True, kw_only=True):
    member: str
    entered_at: datetime


class WhyParams(Body, frozen=True, kw_only=True):
    member: Annotated[str, msgspec.Meta(pattern=r"^mem_[0-9a-z]{26}$", description="The member's ref.")]


class ReasonBody(Body, frozen=True, kw_only=True):
    """One condition of the tree, answered for one member; a group has its parts in `of`."""

    words: str
    is_true: bool
    seen: str
    of: list["ReasonBody"]


class MoveBody(Body, frozen=True, kw_only=True):
    kind: str
    version: int
    moved_at: datetime


class WhyBody(Body, frozen=True, kw_only=True):
    """Whether a member fits now and is in as of the last refresh, why, and when they moved."""

    member: str
    fits_now: bool
    is_in: bool
    because: ReasonBody
    moves: list[MoveBody]


class NewCampaign(Body, frozen=True, kw_only=True):
    code: Slug
    name: Name
    segment: Ref
    plan: Plan
    programme: ProgrammeCode = ""


class ChangedCampaign(Body, frozen=True, kw_only=True):
    name: Name
    segment: Ref
    plan: Plan


class CampaignBody(Body, frozen=True, kw_only=True):
    """`state` is draft, scheduled, running, paused or finished; the last two of a run are counted, not set."""

    ref: str
    programme: str
    code: str
    name: str
    segment: str
    state: str
    version: int
    plan: Plan
    schedule: str
    next_due_at: datetime | None
    made_at: datetime


class RunBody(Body, frozen=True, kw_only=True):
    """One time a campaign went or will go out. `candidates` is always the sum of the four counts after it."""

    number: int
    due_at: datetime
    state: str
    version: int | None
    segment_version: int | None
    valid_until: datetime | None
    candidates: int
    sent: int
    withheld: int
    failed: int
    waiting: int
    used: int
    reasons: dict[str, int]


class RecipientBody(Body, frozen=True, kw_only=True):
    """What became of one candidate; `because` says the reason in words."""

    member: str
    run: int
    verdict: str
    reason: str
    because: str
    channels: dict[str, str]
    offer: str
    decided_at: datetime | None


class RecipientParams(PageParams, frozen=True, kw_only=True):
    run: Annotated[int, msgspec.Meta(ge=1, le=2_000_000_000)] | None = None
    verdict: Literal["waiting", "sent", "withheld", "failed"] | None = None


def segment_bodies(found: list[Segment]) -> list[SegmentBody]:
    """Segments with their definitions in force."""
    versions = segments.versions_of(found)
    return [_segment_body(segment, versions[segment.pk]) for segment in found]


def _segment_body(segment: Segment, version: SegmentVersion) -> SegmentBody:
    return SegmentBody(
        ref=segment.ref,
        programme=segment.programme.code,
        code=segment.code,
        name=segment.name,
        version=version.number,
        tree=segments.tree_of(version),
        sentence=version.sentence,
        size=segment.size,
        refreshed_at=segment.refreshed_at,
        made_at=segment.made_at,
    )


def segment_member_bodies(found: list[SegmentMember]) -> list[SegmentMemberBody]:
    return [SegmentMemberBody(member=row.member.ref, entered_at=row.entered_at) for row in found]


def reason_body(judgement: Judgement) -> ReasonBody:
    return ReasonBody(
        words=judgement.words,
        is_true=judgement.is_true,
        seen=judgement.seen,
        of=[reason_body(part) for part in judgement.of],
    )


def campaign_bodies(found: list[Campaign]) -> list[CampaignBody]:
    """Campaigns with their plans in force and where they stand."""
    stands = campaigns.overviews_of(found)
    return [_campaign_body(campaign, stands[campaign.pk]) for campaign in found]


def _campaign_body(campaign: Campaign, stands: Overview) -> CampaignBody:
    return CampaignBody(
        ref=campaign.ref,
        programme=campaign.programme.code,
        code=campaign.code,
        name=campaign.name,
        segment=campaign.segment.ref,
        state=stands.standing,
        version=stands.version.number,
        plan=stands.plan,
        schedule=schedule_words(stands.plan.schedule, stands.version.zone),
        next_due_at=stands.next_due_at,
        made_at=campaign.made_at,
    )


def run_bodies(found: list[CampaignRun]) -> list[RunBody]:
    """Runs with their counts, which are taken from the recipients each time."""
    tallies = campaigns.tallies_of(found)
    return [_run_body(run, tallies[run.pk]) for run in found]


def _run_body(run: CampaignRun, tally: Tally) -> RunBody:
    return RunBody(
        number=run.number,
        due_at=run.due_at,
        state="scheduled" if run.frozen_at is None else "running" if tally.waiting else "finished",
        version=run.version.number if run.version else None,
        segment_version=run.segment_version,
        valid_until=run.valid_until,
        candidates=tally.candidates,
        sent=tally.sent,
        withheld=tally.withheld,
        failed=tally.failed,
        waiting=tally.waiting,
        used=tally.used,
        reasons=tally.reasons,
    )


def recipient_bodies(found: list[Recipient]) -> list[RecipientBody]:
    return [
        RecipientBody(
            member=told.member.ref,
            run=told.run.number,
            verdict=told.verdict,
            reason=told.reason,
            because=told.reason_words,
            channels=told.channels,
            offer=told.offer.get("title", ""),
            decided_at=told.decided_at,
        )
        for told in found
    ]
