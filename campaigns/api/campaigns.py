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
    campaign_body,
    recipient_body,
    run_body,
)
from campaigns.models import Campaign, CampaignRun
from campaigns.queries import campaigns
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
from config.ground.api.pages import PageOf, PageParams, open_cursor, page_of


class Campaigns(Door):
    """The campaigns of the key's programme, the newest first; a new one is a draft and sends nothing."""

    scope = "campaigns"
    takes: ClassVar = {"post": NewCampaign}
    params: ClassVar = {"get": PageParams}
    answers: ClassVar = {"get": {200: PageOf[CampaignBody]}, "post": {201: CampaignBody}}

    def get(self, request: Request) -> Answer:
        asked: PageParams = self.query(request) or PageParams()
        caller = caller_of(request)
        listing = f"campaigns:{caller.programme_id}"
        rows = Campaign.objects.select_related("programme", "segment").order_by("-pk")
        if caller.programme_id is not None:
            rows = rows.filter(programme_id=caller.programme_id)
        if after := open_cursor(listing, asked.cursor):
            rows = rows.filter(pk__lt=after[0])
        found = list(rows[: asked.limit + 1])
        stands = campaigns.overviews_of(found)
        page = page_of(
            found,
            limit=asked.limit,
            listing=listing,
            key=lambda row: [row.pk],
            body=lambda row: campaign_body(row, stands[row.pk]),
        )
        return Answer(page)

    def post(self, request: Request) -> Answer:
        new: NewCampaign = self.body(request)
        caller = caller_of(request)
        campaign = make_campaign(
            programme_id=access.programme_for(caller, new.programme).id,
            segment=access.segment_for(caller, new.segment),
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
        return Answer(_body_of(access.campaign_for(caller_of(request), ref)))

    def put(self, request: Request, ref: str) -> Answer:
        changed: ChangedCampaign = self.body(request)
        caller = caller_of(request)
        campaign = access.campaign_for(caller, ref)
        ensure_unchanged(request._request, _body_of(campaign))
        campaign = redraft_campaign(
            campaign.pk,
            name=changed.name,
            segment=access.segment_for(caller, changed.segment),
            plan=changed.plan,
            seen_version=campaign.current_version,
            by=caller.name,
            now=clock.now(),
        )
        return Answer(_body_of(campaign))


def _body_of(campaign: Campaign) -> CampaignBody:
    return campaign_body(campaign, campaigns.overview_of(campaign))


class ScheduleCampaign(Door):
    """Let a draft go out at its time, or a paused campaign go on."""

    scope = "campaigns"
    answers: ClassVar = {"post": {200: CampaignBody}}

    def post(self, request: Request, ref: str) -> Answer:
        campaign = access.campaign_for(caller_of(request), ref)
        return Answer(_body_of(schedule_campaign(campaign.pk, now=clock.now())))


class PauseCampaign(Door):
    """Stop at once: what was not decided yet waits, what was sent stays sent."""

    scope = "campaigns"
    answers: ClassVar = {"post": {200: CampaignBody}}

    def post(self, request: Request, ref: str) -> Answer:
        campaign = access.campaign_for(caller_of(request), ref)
        return Answer(_body_of(pause_campaign(campaign.pk, now=clock.now())))


class CampaignRuns(Door):
    """Each time the campaign went or will go out, with counts by verdict and reason, the latest first."""

    scope = "campaigns"
    params: ClassVar = {"get": PageParams}
    answers: ClassVar = {"get": {200: PageOf[RunBody]}}

    def get(self, request: Request, ref: str) -> Answer:
        asked: PageParams = self.query(request) or PageParams()
        campaign = access.campaign_for(caller_of(request), ref)
        listing = f"runs:{campaign.pk}"
        rows = CampaignRun.objects.filter(campaign=campaign).select_related("campaign", "version")
        if after := open_cursor(listing, asked.cursor):
            rows = rows.filter(number__lt=after[0])
        found = list(rows.order_by("-number")[: asked.limit + 1])
        tallies = campaigns.tallies_of(found)
        page = page_of(
            found,
            limit=asked.limit,
            listing=listing,
            key=lambda row: [row.number],
            body=lambda row: run_body(row, tallies[row.pk]),
        )
        return Answer(page)


class CampaignRecipients(Door):
    """Every candidate of a campaign with the verdict and its reason: who did not get it, and why."""

    scope = "campaigns"
    params: ClassVar = {"get": RecipientParams}
    answers: ClassVar = {"get": {200: PageOf[RecipientBody]}}

    def get(self, request: Request, ref: str) -> Answer:
        asked: RecipientParams = self.query(request) or RecipientParams()
        campaign = access.campaign_for(caller_of(request), ref)
        listing = f"recipients:{campaign.pk}:{asked.run}:{asked.verdict}"
        rows = campaigns.recipients_of(campaign)
        if asked.run is not None:
            rows = rows.filter(run=campaigns.get_run(campaign, asked.run))
        if asked.verdict is not None:
            rows = rows.filter(verdict=asked.verdict)
        if after := open_cursor(listing, asked.cursor):
            rows = rows.filter(pk__lt=after[0])
        page = page_of(
            list(rows.order_by("-pk")[: asked.limit + 1]),
            limit=asked.limit,
            listing=listing,
            key=lambda row: [row.pk],
            body=recipient_body,
        )
        return Answer(page)
