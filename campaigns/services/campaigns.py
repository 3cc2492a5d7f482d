"""Planning campaigns: drafting, changing, scheduling, pausing. Sending them is `runs.py`."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from campaigns.errors import (
    CampaignAlreadyScheduled,
    CampaignCodeTaken,
    CampaignNotADraft,
    CampaignNotScheduled,
    ChangedMeanwhile,
    ContentNotValid,
    ScheduleHasPassed,
    SegmentOfAnotherProgramme,
    SurveyNotUsable,
)
from campaigns.models import Campaign, CampaignRun, CampaignVersion, Segment
from campaigns.queries import campaigns
from campaigns.rules.content import (
    Content,
    ContentNotUsable,
    find_name_of_offer,
    letter_for,
    line_for,
    names_for,
)
from campaigns.rules.offers import NoOffer, offer_for
from campaigns.rules.plans import Plan
from campaigns.rules.schedules import next_due
from config.ground import typed
from omnichannel.queries.surveys import is_open_survey


@transaction.atomic
def make_campaign(
    *, programme_id: int, segment: Segment, code: str, name: str, plan: Plan, by: str, now: datetime
) -> Campaign:
    """Draft a campaign. Nothing goes out before it is scheduled.

    :raises ContentNotValid: if a template is broken or asks for what is not there.
    :raises SegmentOfAnotherProgramme: if segment and campaign do not belong together.
    :raises SurveyNotUsable: if it asks a survey that it cannot.
    :raises CampaignCodeTaken: if the programme has this code.
    """
    _insist_on_sound(plan, segment, programme_id)
    try:
        with transaction.atomic():
            campaign = Campaign.objects.create(
                programme_id=programme_id, segment=segment, code=code, name=name, made_at=now, changed_at=now
            )
    except IntegrityError as taken:
        raise CampaignCodeTaken(pointer="/code") from taken
    return _plan_anew(campaign, plan, by=by, now=now)


@transaction.atomic
def redraft_campaign(
    campaign_id: int, *, name: str, segment: Segment, plan: Plan, seen_version: int, by: str, now: datetime
) -> Campaign:
    """Change a campaign that is a draft or paused. Runs that were frozen before finish on their own version.

    :param seen_version: the version the caller looked at.
    :raises CampaignNotADraft: if it is scheduled.
    :raises ChangedMeanwhile: if there is a later version.
    """
    campaign = campaigns.lock_campaign(campaign_id)
    if campaign.intent == Campaign.Intent.SCHEDULED:
        raise CampaignNotADraft
    if campaign.current_version != seen_version:
        raise ChangedMeanwhile
    _insist_on_sound(plan, segment, campaign.programme_id)
    campaign.name, campaign.segment = name, segment
    return _plan_anew(campaign, plan, by=by, now=now)


@transaction.atomic
def schedule_campaign(campaign_id: int, *, now: datetime) -> Campaign:
    """Let a draft go out at its time, or a paused campaign go on.

    Recipients that a pause left waiting are served; of a recurring campaign the next moment from now on is
    taken.

    :raises CampaignAlreadyScheduled: if it is.
    :raises ScheduleHasPassed: if nothing waits and its only moment lies in the past.
    """
    campaign = campaigns.lock_campaign(campaign_id)
    if campaign.intent == Campaign.Intent.SCHEDULED:
        raise CampaignAlreadyScheduled
    version = campaigns.get_version(campaign)
    due_at = next_due(campaigns.plan_of(version).schedule, version.zone, after=now)
    _set_intent(campaign, Campaign.Intent.SCHEDULED, now)
    if due_at is None:
        CampaignRun.objects.filter(campaign=campaign, frozen_at__isnull=True).delete()
        if campaigns.standing_of(campaign) != "running":
            raise ScheduleHasPassed
        return campaign
    plan_run(campaign, due_at)
    return campaign


@transaction.atomic
def pause_campaign(campaign_id: int, *, now: datetime) -> Campaign:
    """Stop at once: what was not decided yet waits, what was sent stays sent.

    :raises CampaignNotScheduled: if it is a draft or paused already.
    """
    campaign = campaigns.lock_campaign(campaign_id)
    if campaign.intent != Campaign.Intent.SCHEDULED:
        raise CampaignNotScheduled
    return _set_intent(campaign, Campaign.Intent.PAUSED, now)


def plan_run(campaign: Campaign, due_at: datetime) -> CampaignRun:
    """Write down the next run, or move the one that waits. Call it with the campaign locked."""
    waiting = campaigns.find_waiting_run(campaign)
    if waiting is not None:
        waiting.due_at = due_at
        waiting.save(update_fields=["due_at"])
        return waiting
    number = CampaignRun.objects.filter(campaign=campaign).count() + 1
    return CampaignRun.objects.create(campaign=campaign, number=number, due_at=due_at)


def rehearse(plan: Plan, *, currency: str, programme_name: str) -> None:
    """Write the plan's letter once for a made-up member, to see that it can be written.

    :raises ContentNotValid: with a pointer to the template that cannot.
    """
    offer = offer_for(plan.offer, ["example"], {"example": "Example"}, currency)
    if offer is None:
        raise ContentNotValid("The offer leaves no category to choose.", pointer="/plan/offer")
    names = names_for(
        member_name="Ada", programme_name=programme_name, offer=offer, ends_on=date(2026, 1, 31).isoformat()
    )
    for field, template in (("title", plan.title), ("subject", plan.subject), ("body", plan.body)):
        if not offer.is_worth and (name := find_name_of_offer(template)):
            detail = f"Nothing is offered, so the words cannot name {name}."
            raise ContentNotValid(detail, pointer=f"/plan/{field}")
        try:
            line_for(template, names)
            letter_for(Content(subject="x", body=template), names)
        except ContentNotUsable as broken:
            raise ContentNotValid(str(broken), pointer=f"/plan/{field}") from broken


def ensure_askable(plan: Plan, programme_id: int) -> None:
    """
    :raises SurveyNotUsable: the survey is not there or closed, or a letter that only asks goes to who agreed to another
        purpose.
    """
    if plan.survey is None:
        return
    if not is_open_survey(programme_id, plan.survey):
        raise SurveyNotUsable(f"There is no open survey {plan.survey!r}.", pointer="/plan/survey")
    if isinstance(plan.offer, NoOffer) and plan.purpose != "surveys":
        raise SurveyNotUsable(
            "A letter that only asks goes to those who agreed to surveys.", pointer="/plan/purpose"
        )


def _insist_on_sound(plan: Plan, segment: Segment, programme_id: int) -> None:
    if segment.programme_id != programme_id:
        raise SegmentOfAnotherProgramme(pointer="/segment")
    ensure_askable(plan, programme_id)
    rehearse(plan, currency=segment.programme.currency, programme_name=segment.programme.name)


def _plan_anew(campaign: Campaign, plan: Plan, *, by: str, now: datetime) -> Campaign:
    campaign.current_version += 1
    campaign.changed_at = now
    campaign.save(update_fields=["name", "segment", "current_version", "changed_at"])
    CampaignVersion.objects.create(
        campaign=campaign,
        number=campaign.current_version,
        plan=typed.dump(plan),
        zone=campaign.programme.timezone,
        made_at=now,
        made_by=by,
    )
    return campaign


def _set_intent(campaign: Campaign, intent: Campaign.Intent, now: datetime) -> Campaign:
    campaign.intent = intent
    campaign.changed_at = now
    campaign.save(update_fields=["intent", "changed_at"])
    return campaign
