"""Sums over the runs of all campaigns, for charts."""

from dataclasses import dataclass

from django.db import connection

from campaigns.models import CampaignRun
from campaigns.queries.campaigns import tallies_of

_OPENED = """
    SELECT run.id, count(DISTINCT message.member_id)
      FROM unnest(%s::bigint[], %s::text[]) AS run (id, cause)
      JOIN campaigns_recipient recipient ON recipient.run_id = run.id
      JOIN omnichannel_message message
        ON message.member_id = recipient.member_id
       AND message.dedupe_key IN (run.cause || ':inbox', run.cause || ':email')
     WHERE message.read_at IS NOT NULL
     GROUP BY run.id
"""


@dataclass(frozen=True)
class RunFigures:
    """What became of one run: members it was sent to, who read it, who used what it offered, who was left out."""

    name: str
    sent: int
    opened: int
    used: int
    left_out: int


def list_last_runs(limit: int) -> list[RunFigures]:
    """The last runs that went out, the newest first."""
    frozen = CampaignRun.objects.filter(frozen_at__isnull=False).select_related("campaign")
    runs = list(frozen.order_by("-frozen_at")[:limit])
    tallies = tallies_of(runs)
    opened = _count_opened(runs)
    return [
        RunFigures(
            name=f"{run.campaign.name} ({run.number})",
            sent=tallies[run.pk].sent,
            opened=opened.get(run.pk, 0),
            used=tallies[run.pk].used,
            left_out=tallies[run.pk].withheld + tallies[run.pk].failed,
        )
        for run in runs
    ]


def _count_opened(runs: list[CampaignRun]) -> dict[int, int]:
    """How many members read a message of each run."""
    with connection.cursor() as cursor:
        cursor.execute(_OPENED, [[run.pk for run in runs], [run.cause for run in runs]])
        return dict(cursor.fetchall())
