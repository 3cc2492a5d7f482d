"""The letter in which the demo shop asked its members how it was, and what some of them answered."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.db import transaction

from campaigns.demo import shop
from campaigns.demo.service import SURVEY, answers_of, make_good
from campaigns.errors import CampaignCodeTaken
from campaigns.models import Campaign
from campaigns.queries.campaigns import get_run
from campaigns.queries.segments import list_member_ids, list_segments
from campaigns.rules.offers import NoOffer
from campaigns.rules.plans import Plan
from campaigns.rules.schedules import Once
from campaigns.services.campaigns import make_campaign, schedule_campaign
from campaigns.services.runs import run_due
from campaigns.services.segments import refresh_segment
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.mass_consents import Said, record_consents_of_many
from omnichannel.queries.surveys import get_survey, list_invitations
from omnichannel.services.sending import send_due
from omnichannel.services.surveys import answer_survey

SEGMENT = "active"
ASKED_AGO = timedelta(days=12)
HOUR = 17
REPLIES = 24


def ask_in_a_letter(programme_id: int, now: datetime, *, owner_id: int, actor: str) -> None:
    """Ask those who agreed to it, send the letters, and take the answers of some; once."""
    at = (now - ASKED_AGO).astimezone(ZoneInfo(shop.TIMEZONE))
    at = at.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    planned_at, sent_at = at - timedelta(hours=1), at + timedelta(minutes=1)
    segment = next(one for one in list_segments(programme_id) if one.code == SEGMENT)
    with suppress(CampaignCodeTaken), transaction.atomic():
        campaign = make_campaign(
            programme_id=programme_id,
            segment=segment,
            code="how-was-it",
            name="How was your visit?",
            plan=_letter(at),
            by=actor,
            now=planned_at,
        )
        members = list_member_ids(segment.pk)
        _agree(members, actor=actor, now=planned_at)
        schedule_campaign(campaign.pk, now=planned_at)
        run_due(now=sent_at)
        while send_due(now=sent_at).claimed:
            pass
        _answer(campaign, members, owner_id=owner_id, sent_at=sent_at, now=now)
        refresh_segment(segment.pk, now=now)


def _letter(at: datetime) -> Plan:
    return Plan(
        offer=NoOffer(),
        purpose="surveys",
        survey=SURVEY,
        schedule=Once(on=at.date(), at=at.time()),
        title="How was your visit?",
        subject="{{ member.name }}, how was your visit?",
        body="Dear {{ member.name }},\n\nyou were with us lately, and we would like to know how it was.",
        valid_days=14,
    )


def _agree(members: Sequence[int], *, actor: str, now: datetime) -> None:
    """Two of three may be asked."""
    said = [
        Said(
            member_id=member_id,
            word=ConsentWord(channel=channel, purpose=Purpose.SURVEYS, is_given=True, text_version="app-1"),
            happened_at=now,
            evidence="",
        )
        for number, member_id in enumerate(members)
        if number % 3
        for channel in (Channel.EMAIL, Channel.INBOX)
    ]
    record_consents_of_many(said, source="app", actor=actor, now=now)


def _answer(
    campaign: Campaign, members: Sequence[int], *, owner_id: int, sent_at: datetime, now: datetime
) -> None:
    survey, chance = get_survey(campaign.programme_id, SURVEY), Random(12)  # the same shop at every opening
    asked = list_invitations(survey.pk, members, get_run(campaign, 1).cause)
    for number, invitation in enumerate(sorted(asked, key=lambda one: one.member_id)[:REPLIES]):
        answers = answers_of(round(chance.gauss(8.4, 2)), chance)
        at = sent_at + timedelta(hours=1 + 2 * number)
        said = answer_survey(invitation.pk, answers, actor=f"member:{invitation.member_id}", now=at)
        make_good(said, owner_id=owner_id, now=now)
