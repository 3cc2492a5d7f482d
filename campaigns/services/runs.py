"""Sending campaigns: what is due is frozen, and its recipients are decided chunk by chunk.

The tables are the queue. A run is frozen in one transaction, so its recipients are all there or none is. A
chunk is decided in one transaction: verdicts, grants, messages and events exist together or not at all; a
worker that dies leaves the chunk open and the next one takes it. Any number of workers may run at once.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import DataError, IntegrityError, connection, transaction
from msgspec import json

from campaigns.events import OfferSent
from campaigns.models import CampaignRun
from campaigns.queries import campaigns, features
from campaigns.rules.decisions import Decision, Desk, codes_in, decide
from campaigns.rules.schedules import ends_after, last_day, next_due
from campaigns.rules.verdicts import FAILED, Verdict
from campaigns.services.campaigns import plan_run
from campaigns.services.drafts import grant_draft, message_drafts
from campaigns.services.segments import refresh_segment
from config.ground.refusals import Refusal
from config.ground.words import day_words
from config.outbox.services import Announcement, publish_many
from loyalty.services.grants import grant_to
from omnichannel.queries.surveys import is_open_survey
from omnichannel.rules.surveys import Asking
from omnichannel.services.messages import queue_messages
from omnichannel.services.surveys import ask_many

log = logging.getLogger(__name__)

CHUNK = 250
"""Recipients decided in one transaction: long enough to be set-based, short enough to lose little to a crash."""

_RECIPIENTS = """
INSERT INTO campaigns_recipient (member_id, run_id, chunk, verdict, reason, channels, offer)
SELECT member_id, %s, (row_number() OVER (ORDER BY member_id) - 1) / %s + 1, 'waiting', '', '{}', '{}'
  FROM campaigns_segmentmember WHERE segment_id = %s
"""

_CHUNKS = """
INSERT INTO campaigns_runchunk (run_id, number)
SELECT %s, number FROM generate_series(1, %s) AS number
"""

_DECIDED = """
UPDATE campaigns_recipient r
   SET verdict = d.verdict, reason = d.reason, channels = d.channels::jsonb, offer = d.offer::jsonb,
       decided_at = %(now)s
  FROM unnest(%(members)s::bigint[], %(verdicts)s::text[], %(reasons)s::text[], %(channels)s::text[],
              %(offers)s::text[]) AS d(member_id, verdict, reason, channels, offer)
 WHERE r.run_id = %(run)s AND r.member_id = d.member_id AND r.verdict = 'waiting'
"""


def run_due(*, now: datetime, most_chunks: int = 40, chunk_size: int = CHUNK) -> int:
    """Freeze every run that is due and decide up to `most_chunks` open chunks; how many were decided.

    Asks what is due, not what time it is: a moment missed while nothing ran is made up for once, late.
    """
    while freeze_due_run(now=now, chunk_size=chunk_size):
        pass
    decided = 0
    while decided < most_chunks and decide_open_chunk(now=now):
        decided += 1
    return decided


@transaction.atomic
def freeze_due_run(*, now: datetime, chunk_size: int = CHUNK) -> bool:
    """Settle who the recipients of one due run are, and plan the run after it; False when none is due."""
    run = campaigns.lock_due_run(now)
    if run is None:
        return False
    campaign = run.campaign
    version = campaigns.get_version(campaign)
    plan = campaigns.plan_of(version)
    segment = refresh_segment(campaign.segment_id, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_RECIPIENTS, [run.pk, chunk_size, segment.pk])
        run.candidates = cursor.rowcount
        cursor.execute(_CHUNKS, [run.pk, -(-run.candidates // chunk_size)])
    run.version, run.segment_version, run.frozen_at = version, segment.current_version, now
    run.valid_until = ends_after(plan.valid_days, start=now, zone=version.zone)
    run.save()
    following = next_due(plan.schedule, version.zone, after=now)
    if following is not None:
        plan_run(campaign, following)
    return True


@transaction.atomic
def decide_open_chunk(*, now: datetime) -> bool:
    """Give every candidate of one open chunk his verdict and carry it out; False when no chunk is open.

    If the chunk cannot be written as a whole its candidates are taken one by one, and the one that cannot be
    written fails alone, with its reason.
    """
    chunk = campaigns.lock_open_chunk()
    if chunk is None:
        return False
    member_ids = campaigns.list_waiting(chunk.run, chunk.number)
    if not _carried_out(chunk.run, member_ids, now):
        for member_id in member_ids:
            if not _carried_out(chunk.run, [member_id], now):
                failed = Decision(member_id, Verdict(FAILED, "could_not_be_granted"))
                _write_down(chunk.run, [failed], now)
    chunk.done_at = now
    chunk.save(update_fields=["done_at"])
    return True


def decisions_for(run: CampaignRun, member_ids: Sequence[int], *, now: datetime) -> list[Decision]:
    """What the run does for these members, decided on what is true of them now. Writes nothing."""
    version, programme = run.version, run.campaign.programme
    if version is None or run.valid_until is None:
        raise ValueError("only a frozen run has recipients to decide about")
    plan = campaigns.plan_of(version)
    liked = features.list_liked_categories(member_ids, programme.pk) if plan.is_personal else {}
    desk = Desk(
        plan=plan,
        programme_name=programme.name,
        currency=programme.currency,
        ends_on=day_words(last_day(run.valid_until, version.zone)),
        category_names=campaigns.list_category_names(programme.pk, codes_in(plan, liked.values())),
        is_over=run.valid_until <= now
        or (plan.survey is not None and not is_open_survey(programme.pk, plan.survey)),
    )
    candidates = campaigns.list_candidates(member_ids, plan.purpose)
    return [decide(desk, candidate, liked.get(candidate.member_id, ())) for candidate in candidates]


def _carried_out(run: CampaignRun, member_ids: Sequence[int], now: datetime) -> bool:
    """Decide and write, all or nothing; False if these rows cannot be written."""
    try:
        with transaction.atomic():
            decisions = decisions_for(run, member_ids, now=now)
            sent = [decision for decision in decisions if decision.is_sent]
            worth = [decision for decision in sent if decision.is_worth]
            asked = _asked(run, [one.member_id for one in sent], now)
            letters = (message_drafts(run, one, asked.get(one.member_id), now=now) for one in sent)
            grant_to([grant_draft(run, decision) for decision in worth], now=now)
            queue_messages([draft for drafts in letters for draft in drafts], now=now)
            publish_many([_announcement(run, decision, now) for decision in worth], now=now)
            _write_down(run, decisions, now)
    except (IntegrityError, DataError, Refusal):
        log.exception("recipients cannot be written", extra={"run": run.pk, "members": len(member_ids)})
        return False
    return True


def _asked(run: CampaignRun, member_ids: Sequence[int], now: datetime) -> dict[int, Asking]:
    """What the run asks each of these members; nothing is read for a run that asks nothing."""
    code = campaigns.find_survey_asked(run)
    if not code or not member_ids:
        return {}
    return ask_many(run.campaign.programme_id, code, member_ids, cause=run.cause, now=now)


def _write_down(run: CampaignRun, decisions: Sequence[Decision], now: datetime) -> None:
    verdicts = [decision.verdict for decision in decisions]
    with connection.cursor() as cursor:
        cursor.execute(
            _DECIDED,
            {
                "run": run.pk,
                "now": now,
                "members": [decision.member_id for decision in decisions],
                "verdicts": [verdict.verdict for verdict in verdicts],
                "reasons": [verdict.reason for verdict in verdicts],
                "channels": [json.encode(verdict.channels).decode() for verdict in verdicts],
                "offers": [json.encode(decision.said).decode() for decision in decisions],
            },
        )


def _announcement(run: CampaignRun, decision: Decision, now: datetime) -> Announcement:
    event = OfferSent(
        campaign_ref=run.campaign.ref,
        run_number=run.number,
        title=decision.title,
        channels=decision.verdict.channels_to_send(),
        valid_until=run.valid_until.isoformat() if run.valid_until else "",
    )
    return Announcement(event, decision.member_id, now)
