"""What acts count towards tiers: their points, on the day that they happened; a step reached is reached at once."""

from datetime import date, datetime

import msgspec
from django.db import connection

from config.outbox.services import Announcement, publish_many
from loyalty.events import TierReached
from loyalty.queries.batches import DayNow
from loyalty.rules.compile import Programme
from loyalty.rules.purchase import climb_to, tier_code
from loyalty.rules.tiers import Measures, Standing
from loyalty.services.batch_accounts import Account
from loyalty.services.checkout import enrolled
from loyalty.services.standings import Change, write_changes

# Purchases that are being settled counted on the points as they were: they have to read again.
_COUNT = """
    WITH days AS (
        INSERT INTO loyalty_tierday (wallet_id, member_id, spent_on, qualifying_minor, points)
        SELECT x.wallet_id, x.member_id, x.spent_on, 0, sum(x.points)
          FROM jsonb_to_recordset(%s::jsonb) AS x(wallet_id bigint, member_id bigint, spent_on date, points bigint)
         GROUP BY 1, 2, 3
            ON CONFLICT (wallet_id, spent_on, member_id) DO UPDATE SET points = loyalty_tierday.points + excluded.points
        RETURNING wallet_id, member_id)
    UPDATE loyalty_wallet w SET terms_stamp = w.terms_stamp + 1
      FROM (SELECT DISTINCT * FROM days) d WHERE w.id = d.wallet_id AND w.member_id = d.member_id
"""


class Climbs:
    """What the acts of a batch count, and the steps that they reach, member by member. The wallets are locked."""

    def __init__(self, programme: Programme, now: datetime) -> None:
        self.programme, self.now = programme, now
        self.days: list[dict[str, int | date]] = []
        self.changes: dict[int, Change] = {}
        self.news: list[Announcement] = []

    def add(self, wallet_id: int, account: Account, *, points: int, at: datetime) -> None:
        """Count the points of an act; the member's account goes along."""
        on, more = at.astimezone(self.programme.terms.zone).date(), Measures(points=points)
        counted = account.counted(self.programme, at, on), account.counted(self.programme, self.now, on)
        before = tier_code(self.programme, account.standings, at)
        climb = climb_to(
            self.programme,
            (counted[0].and_(more), counted[1].and_(more)),
            account.standings,
            member=enrolled(account.member, self.programme),
            at=at,
            now=self.now,
        )
        member_id = account.member.id
        self.days.append({"wallet_id": wallet_id, "member_id": member_id, "spent_on": on, "points": points})
        day = account.days.get(on, DayNow(0, 0, 0))
        account.days[on] = DayNow(day.minor, day.points + points, day.visits)
        account.standings = _with(account.standings, climb.standings)
        if climb.standings:
            change = self.changes.get(wallet_id) or Change(wallet_id=wallet_id, member_id=member_id)
            self.changes[wallet_id] = msgspec.structs.replace(
                change, changed=change.changed + climb.standings, reached=change.reached + climb.reached
            )
        if climb.lifts_to is not None:
            reached = TierReached(
                programme_code=self.programme.terms.programme_code,
                tier_code=climb.lifts_to.code,
                previous_code=before,
            )
            self.news.append(Announcement(reached, member_id=member_id, happened_at=at))

    def write(self) -> None:
        """Write down what was counted; two statements more where a step is reached or held longer."""
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [msgspec.json.encode(self.days).decode()])
        write_changes(list(self.changes.values()), zone=self.programme.terms.zone)
        publish_many(self.news, now=self.now)


def _with(standings: list[Standing], changed: list[Standing]) -> list[Standing]:
    known = {(each.tier_id, each.from_at) for each in changed}
    return [each for each in standings if (each.tier_id, each.from_at) not in known] + changed
