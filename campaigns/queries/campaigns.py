"""Questions about campaigns: where one stands, what is due, what became of its candidates."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.db import connection
from django.db.models import F, QuerySet

from campaigns.errors import CampaignNotFound, RunNotFound
from campaigns.models import Campaign, CampaignRun, CampaignVersion, Recipient, RunChunk
from campaigns.rules.offers import NoOffer
from campaigns.rules.plans import Plan
from campaigns.rules.verdicts import Candidate
from config.ground import typed
from members.models import Consent, Identity, Member
from omnichannel.models import Category

Standing = Literal["draft", "scheduled", "running", "paused", "finished"]

_VERDICTS = """
SELECT r.run_id, r.verdict, r.reason, count(*), count(g.id) FILTER (WHERE g.uses > 0)
  FROM unnest(%s::bigint[], %s::text[]) AS asked(run_id, cause)
  JOIN campaigns_recipient r ON r.run_id = asked.run_id
  LEFT JOIN loyalty_grant g ON g.member_id = r.member_id AND g.cause = asked.cause
 GROUP BY r.run_id, r.verdict, r.reason
 ORDER BY count(*) DESC, r.reason
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a run's candidates: counts by reason, and how many have used what they were offered."""

    candidates: int = 0
    sent: int = 0
    withheld: int = 0
    failed: int = 0
    waiting: int = 0
    used: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overview:
    """Where a campaign stands: its plan in force, its standing, and when it goes out next."""

    version: CampaignVersion
    plan: Plan
    standing: Standing
    next_due_at: datetime | None


def campaigns_within(programme_id: int | None) -> QuerySet[Campaign]:
    """The campaigns of a programme, or of all; programme and segment loaded."""
    found = Campaign.objects.select_related("programme", "segment")
    return found if programme_id is None else found.filter(programme_id=programme_id)


def get_campaign(ref: str, *, within: int | None) -> Campaign:
    """The campaign with this ref, its programme and segment loaded.

    :param within: the programme to look in; None looks in all.
    :raises CampaignNotFound: if there is none.
    """
    campaign = campaigns_within(within).filter(ref=ref).first()
    if campaign is None:
        raise CampaignNotFound
    return campaign


def lock_campaign(campaign_id: int) -> Campaign:
    """Lock a campaign until commit: it is planned, scheduled and paused by one person at a time."""
    found = Campaign.objects.select_for_update(of=("self",)).select_related("programme", "segment")
    return found.get(pk=campaign_id)


def get_version(campaign: Campaign) -> CampaignVersion:
    """The plan in force."""
    return CampaignVersion.objects.get(campaign=campaign, number=campaign.current_version)


def plan_of(version: CampaignVersion) -> Plan:
    """The typed plan of a version."""
    plan: Plan = typed.load(Plan, version.plan)
    return plan


def get_run(campaign: Campaign, number: int) -> CampaignRun:
    """A run of a campaign by its number.

    :raises RunNotFound: if there is none.
    """
    run = CampaignRun.objects.filter(campaign=campaign, number=number).first()
    if run is None:
        raise RunNotFound
    return run


def find_survey_asked(run: CampaignRun) -> str | None:
    """Code of the survey that a run asks; None if it asks none, or who its recipients are is not settled."""
    code: str | None = run.version.plan.get("survey") if run.version else None
    return code


def offers_something(run: CampaignRun) -> bool:
    """Whether there is anything to redeem, as far as is settled."""
    return run.version is None or not isinstance(plan_of(run.version).offer, NoOffer)


def runs_of(campaign: Campaign) -> QuerySet[CampaignRun]:
    """Every run of a campaign, with campaign and version loaded."""
    return CampaignRun.objects.filter(campaign=campaign).select_related("campaign", "version")


def find_waiting_run(campaign: Campaign) -> CampaignRun | None:
    """The run that is planned and not frozen yet; there is at most one."""
    return CampaignRun.objects.filter(campaign=campaign, frozen_at__isnull=True).order_by("number").first()


def overviews_of(found: Sequence[Campaign]) -> dict[int, Overview]:
    """Where these campaigns stand, by id, in three statements however many they are.

    Running and finished are counted from recipients and runs, never stored.
    """
    ids = [campaign.pk for campaign in found]
    current = CampaignVersion.objects.filter(campaign__in=ids, number=F("campaign__current_version"))
    versions = {version.campaign_id: version for version in current}
    coming = CampaignRun.objects.filter(campaign__in=ids, frozen_at__isnull=True)
    due = dict(coming.values_list("campaign_id", "due_at"))
    waiting = Recipient.objects.filter(run__campaign__in=ids, verdict=Recipient.Outcome.WAITING)
    running = set(waiting.values_list("run__campaign_id", flat=True).distinct())
    return {
        campaign.pk: Overview(
            version=versions[campaign.pk],
            plan=plan_of(versions[campaign.pk]),
            standing=_standing(campaign, is_running=campaign.pk in running, is_coming=campaign.pk in due),
            next_due_at=due.get(campaign.pk),
        )
        for campaign in found
    }


def overview_of(campaign: Campaign) -> Overview:
    """Where one campaign stands."""
    return overviews_of([campaign])[campaign.pk]


def standing_of(campaign: Campaign) -> Standing:
    """Draft, scheduled, running, paused or finished, counted now."""
    return overview_of(campaign).standing


def _standing(campaign: Campaign, *, is_running: bool, is_coming: bool) -> Standing:
    if campaign.intent != Campaign.Intent.SCHEDULED:
        return "paused" if campaign.intent == Campaign.Intent.PAUSED else "draft"
    if is_running:
        return "running"
    return "scheduled" if is_coming else "finished"


def lock_due_run(now: datetime) -> CampaignRun | None:
    """Take a run that is due and that nobody else has taken, until commit, and its campaign with it: the run after
    it is planned then, and nobody may pause or schedule meanwhile.
    """
    return (
        CampaignRun.objects.select_for_update(of=("self", "campaign"), skip_locked=True, no_key=True)
        .select_related("campaign__programme", "campaign__segment")
        .filter(frozen_at__isnull=True, due_at__lte=now, campaign__intent=Campaign.Intent.SCHEDULED)
        .order_by("due_at", "pk")
        .first()
    )


def lock_open_chunk() -> RunChunk | None:
    """Take a chunk that is not done and that nobody else has taken, until commit."""
    return (
        RunChunk.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("run__campaign__programme", "run__version")
        .filter(done_at__isnull=True, run__campaign__intent=Campaign.Intent.SCHEDULED)
        .order_by("pk")
        .first()
    )


def list_waiting(run: CampaignRun, chunk: int) -> list[int]:
    """The members of a chunk that wait for a verdict."""
    waiting = Recipient.objects.filter(run=run, chunk=chunk, verdict=Recipient.Outcome.WAITING)
    return list(waiting.order_by("member_id").values_list("member_id", flat=True))


def list_candidates(member_ids: Sequence[int], purpose: str) -> list[Candidate]:
    """These members as candidates, with what holds of them at this moment."""
    agreed: dict[int, set[str]] = {member_id: set() for member_id in member_ids}
    given = Consent.objects.filter(member_id__in=member_ids, purpose=purpose, is_given=True)
    for member_id, channel in given.values_list("member_id", "channel"):
        agreed[member_id].add(channel)
    emails = Identity.objects.filter(member_id__in=member_ids, kind="email")
    reachable = set(emails.values_list("member_id", flat=True))
    return [
        Candidate(
            member_id=person.pk,
            ref=person.ref,
            name=person.display_name or person.given_name,
            state=person.state,
            consents=frozenset(agreed[person.pk]),
            addresses=frozenset({"inbox", "email"} if person.pk in reachable else {"inbox"}),
        )
        for person in Member.objects.filter(pk__in=member_ids).order_by("pk")
    ]


def list_category_names(programme_id: int, codes: Collection[str]) -> dict[str, str]:
    """Names to show for category codes; a code that has none is left out."""
    found = Category.objects.filter(programme_id=programme_id, code__in=codes)
    return dict(found.values_list("code", "name"))


def tallies_of(runs: Sequence[CampaignRun]) -> dict[int, Tally]:
    """Count the candidates of these runs by verdict and reason, and the grants of theirs that were used; by run id."""
    with connection.cursor() as cursor:
        cursor.execute(_VERDICTS, [[run.pk for run in runs], [run.cause for run in runs]])
        rows = cursor.fetchall()
    return {run.pk: _tally([row[1:] for row in rows if row[0] == run.pk]) for run in runs}


def tally_of(run: CampaignRun) -> Tally:
    """The counts of one run."""
    return tallies_of([run])[run.pk]


def tallies_of_last_runs(found: Sequence[Campaign]) -> dict[int, Tally]:
    """The counts of the last run that went out of each of these campaigns, by campaign id, in two statements."""
    frozen = CampaignRun.objects.filter(campaign__in=found, frozen_at__isnull=False)
    latest = frozen.order_by("campaign_id", "-number").distinct("campaign_id").select_related("campaign")
    runs = list(latest)
    tallies = tallies_of(runs)
    return {run.campaign_id: tallies[run.pk] for run in runs}


def _tally(rows: Sequence[tuple[str, str, int, int]]) -> Tally:
    by_verdict: dict[str, int] = {}
    for verdict, _reason, count, _used in rows:
        by_verdict[verdict] = by_verdict.get(verdict, 0) + count
    return Tally(
        candidates=sum(by_verdict.values()),
        used=sum(used for _verdict, _reason, _count, used in rows),
        reasons={reason: count for _verdict, reason, count, _used in rows},
        **by_verdict,
    )


def recipients_of(campaign: Campaign) -> QuerySet[Recipient]:
    """Every recipient of a campaign, with member and run loaded."""
    return Recipient.objects.filter(run__campaign=campaign).select_related("member", "run")
