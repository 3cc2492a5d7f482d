"""What campaigns holds of a person: what was offered, what was withheld and why, and which segments they are in."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.timezone import get_current_timezone

from campaigns.models.personal import HELD, RETENTION
from campaigns.queries import history
from campaigns.queries.timeline import SOURCES
from config.ground.moments import day, moment
from config.ground.personal import Held
from config.ground.retention import Period
from members.member_data import Cell, Fact, Panel, Traces
from members.queries.timeline_sources import read_happenings
from members.rules.timeline import Asked, Happening, Remark
from omnichannel.queries.timeline import scope_of


class CampaignData:
    """The floor's side of `members.member_data.MemberData`."""

    def panels(self, member_id: int, *, now: datetime, viewer_id: int | None = None) -> Sequence[Panel]:
        """The last offers with their verdicts, and the segments the member is in. Two statements."""
        zone = get_current_timezone()
        offers = tuple(
            (
                Cell(moment(told.decided_at, zone) if told.decided_at else "", kind="code"),
                Cell(told.run.campaign.name),
                Cell(told.get_verdict_display(), kind="good" if told.verdict == "sent" else "muted"),
                Cell(told.offer.get("title", "") or told.reason_words),
            )
            for told in history.list_verdicts(member_id)
        )
        segments = tuple(
            (Cell(row.segment.name), Cell(day(row.entered_at, zone), kind="code"))
            for row in history.list_memberships(member_id)
        )
        return [
            Panel(
                title="Offers and campaigns",
                order=60,
                columns=("When", "Campaign", "Verdict", "Offer, or why not"),
                rows=offers,
                empty="No campaign has considered this member yet.",
                is_wide=True,
            ),
            Panel(
                title="Segments",
                order=65,
                columns=("Segment", "Since"),
                rows=segments,
                empty="In no segment.",
            ),
        ]

    def holds(self) -> Sequence[Held]:
        return HELD

    def retention(self) -> Sequence[Period]:
        return RETENTION

    def kinds(self) -> Mapping[str, str]:
        return {source.kind: source.title for source in SOURCES}

    def timeline(self, asked: Asked) -> Sequence[Happening]:
        return read_happenings(SOURCES, asked, scope_of(asked))

    def remarks(self, people: Sequence[int], told: Sequence[Happening]) -> Mapping[str, Remark]:
        return {}

    def forget_files(self, member_id: int, traces: Traces) -> int:
        return 0

    def sums(self, member_id: int, *, programme_id: int | None = None, now: datetime) -> Sequence[Fact]:
        """Segments are worked out anew after a merge, so that their number says nothing here."""
        return []
