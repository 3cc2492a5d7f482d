"""Doors to campaigns (scope `campaigns`)."""

from typing import ClassVar

from rest_framework.request import Request

from campaigns.api import access
from campaigns.api.bodies import (
    CampaignBody,
    ChangedCampaign,
    NewCampaign,
    RecipientBody,
    RecipientParams,
    RunBody,
    campaign_bodies,
    recipient_bodies,
    run_bodies,
)
from campaigns.models import Campaign
from campaigns.queries import campaigns, segments
from campaigns.services.campaigns import (
    make_campaign,
    pause_campaign,
    redraft_campaign,
    schedule_campaign,
)
from config.ground import clock
from config.ground.api.caller import caller_of
from config.ground.api.door import Answer, Door
from config.ground.api.etags import ensure_unchanged
from config.ground.api.pages import PageOf, PageParams, page_by


class Campaigns(Door):
    """The campaigns of the key's programme, the newest first; a new one is a draft and sends nothing."""

    scope = "campaigns"
    takes: ClassVar = {"post": NewCampaign}
    params: ClassVar = {"get": PageParams}
    answers: ClassVar = {"get": {200: PageOf[CampaignBody]}, "post": {201: CampaignBody}}

    def get(self, request: Request) -> Answer:
        programme_id = caller_of(request).programme_id
        rows = campaigns.campaigns_within(programme_id)
        listing = f"campaigns:{programme_id}"
        return Answer(page_by("-pk", rows, self.query(request), listing=listing, bodies=campaign_bodies))

    def post(self, request: Request) -> Answer:
        new: NewCampaign = self.body(request)
        caller = caller_of(request)
        campaign = make_campaign(
            programme_id=access.programme_for(caller, new.programme).id,
            segment=segments.get_segment(new.segment, within=caller.programme_id),
            code=new.code,
            name=new.name,
            plan=new.plan,
            by=caller.name,
            now=clock.now(),
        )
        return Answer(_body_of(campaign), status=201)


class OneCampaign(Door):
    """A campaign; a draft or a paused one can be changed, which makes a new version of its plan."""

    scope = "campaigns"
    takes: ClassVar = {"put": ChangedCampaign}
    answers: ClassVar = {"get": {200: CampaignBody}, "put": {200: CampaignBody}}

    def get(self, request: Request, ref: str) -> Answer:
        return Answer(_body_of(_campaign(request, ref)))

    def put(self, request: Request, ref: str) -> Answer:
        changed: ChangedCampaign = self.body(request)
        caller = caller_of(request)
        campaign = _campaign(request, ref)
        ensure_unchanged(request._request, _body_of(campaign))
        campaign = redraft_campaign(
            campaign.pk,
            name=changed.name,
            segment=segments.get_segment(changed.segment, within=caller.programme_id),
            plan=changed.plan,
            seen_version=campaign.current_version,
            by=caller.name,
            now=clock.now(),
        )
        return Answer(_body_of(campaign))


def _campaign(request: Request, ref: str) -> Campaign:
    """One of another programme is not found, as if it were not there."""
    return campaigns.get_campaign(ref, within=caller_of(request).programme_id)


def _body_of(campaign: Campaign) -> CampaignBody:
    return campaign_bodies([campaign])[0]


class ScheduleCampaign(Door):
    """Let a draft go out at its time, or a paused campaign go on."""

    scope = "campaigns"
    answers: ClassVar = {"post": {200: CampaignBody}}

    def post(self, request: Request, ref: str) -> Answer:
        return Answer(_body_of(schedule_campaign(_campaign(request, ref).pk, now=clock.now())))


class PauseCampaign(Door):
    """Stop at once: what was not decided yet waits, what was sent stays sent."""

    scope = "campaigns"
    answers: ClassVar = {"post": {200: CampaignBody}}

    def post(self, request: Request, ref: str) -> Answer:
        return Answer(_body_of(pause_campaign(_campaign(request, ref).pk, now=clock.now())))


class CampaignRuns(Door):
    """Each time the campaign went or will go out, with counts by verdict and reason, the latest first."""

    scope = "campaigns"
    params: ClassVar = {"get": PageParams}
    answers: ClassVar = {"get": {200: PageOf[RunBody]}}

    def get(self, request: Request, ref: str) -> Answer:
        campaign = _campaign(request, ref)
        rows = campaigns.runs_of(campaign)
        listing = f"runs:{campaign.pk}"
        return Answer(page_by("-number", rows, self.query(request), listing=listing, bodies=run_bodies))


class CampaignRecipients(Door):
    """Every candidate of a campaign with the verdict and its reason: who did not get it, and why."""

    scope = "campaigns"
    params: ClassVar = {"get": RecipientParams}
    answers: ClassVar = {"get": {200: PageOf[RecipientBody]}}

    def get(self, request: Request, ref: str) -> Answer:
        asked: RecipientParams = self.query(request)
        campaign = _campaign(request, ref)
        rows = campaigns.recipients_of(campaign)
        if asked.run is not None:
            rows = rows.filter(run=campaigns.get_run(campaign, asked.run))
        if asked.verdict is not None:
            rows = rows.filter(verdict=asked.verdict)
        listing = f"recipients:{campaign.pk}:{asked.run}:{asked.verdict}"
        return Answer(page_by("-pk", rows, asked, listing=listing, bodies=recipient_bodies))
