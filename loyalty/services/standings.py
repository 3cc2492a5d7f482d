"""Writing who holds which tier: what purchases, reviews and returns change."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from config.ground.ids import new_ref
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.returns import Facts
from loyalty.queries.tier_reviews import lock_climbers
from loyalty.rules.ascents import Day
from loyalty.rules.lots import midnight_after
from loyalty.rules.returns import Undoing
from loyalty.rules.reviews import cut_short
from loyalty.rules.tiers import Enrolled, Standing, Step


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What changes for one wallet, which is locked: standings that begin, are prolonged, or end at another moment."""

    wallet_id: int
    member_id: int
    changed: list[Standing] = []
    ended: list[Standing] = []
    reached: list[Step] = []


def write_changes(changes: Sequence[Change], *, zone: ZoneInfo) -> None:
    """Two statements, however many wallets change; they are locked by the caller."""
    if not changes:
        return
    owners = {
        change.wallet_id: {"w": at, "member_id": change.member_id}
        for at, change in enumerate(changes, start=1)
    }
    ended = [
        {**owners[change.wallet_id], **msgspec.to_builtins(each)}
        for change in changes
        for each in change.ended
    ]
    standings = [
        {**owners[change.wallet_id], **msgspec.to_builtins(each)}
        for change in changes
        for each in change.changed
    ]
    with connection.cursor() as cursor:
        ids = list(owners)
        cursor.execute("SELECT loyalty_end_standings(%s::bigint[], %s::jsonb)", [ids, _json(ended)])
        cursor.execute(
            "SELECT loyalty_climb(%s::bigint[], '[]', %s::jsonb, %s::jsonb)",
            [ids, _json(standings), _json(_benefits(changes, owners, zone))],
        )


def _benefits(
    changes: Sequence[Change], owners: dict[int, dict[str, int]], zone: ZoneInfo
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for change in changes:
        begun = {each.tier_id: each.from_at for each in change.changed}
        for step in change.reached:
            at = begun[step.id]
            rows += [
                {
                    **owners[change.wallet_id],
                    "benefit_id": benefit.id,
                    "ref": new_ref("ben"),
                    "cause": f"tier:{step.code}:{benefit.id}:{at.astimezone(zone).date()}",
                    "granted_at": at,
                    "valid_until": midnight_after(at, benefit.valid_days, zone),
                }
                for benefit in step.benefits
            ]
    return rows


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def steps_taken(facts: Facts, undoing: Undoing, *, is_whole: bool, now: datetime) -> list[dict[str, object]]:
    """The standings that end with a return, as `loyalty_end_standings` takes them, where the ladder takes steps back.

    :param is_whole: nothing is left of the purchase.
    """
    if facts.on_return != "take":
        return []
    programme = get_current_programme(facts.programme_id)
    zone = programme.terms.zone
    since = (now - timedelta(days=2 * programme.longest_window_days)).date()
    [climber] = lock_climbers([facts.wallet_id], since=since, now=now)
    day = climber.days.get(facts.spent_on, Day())
    kept = Day(
        day.minor - undoing.qualifying_minor, day.points - undoing.qualifying_points, day.visits - is_whole
    )
    days = {**climber.days, facts.spent_on: kept}
    member = Enrolled(zone, climber.enrolled_at.astimezone(zone).date())
    ladder = programme.ladder_at(now)
    ended = cut_short(ladder, climber.standings, climber.days, days, member=member, now=now)
    return [{"w": 1, "member_id": climber.member_id, **msgspec.to_builtins(each)} for each in ended]
