"""What this floor tells in a timeline: points beside purchases, tiers, vouchers and rewards."""

from collections.abc import Sequence

from django.db import connection

from loyalty.models.ledger import EntryKind
from members.queries.timeline_sources import Facts, Source
from members.rules.timeline import Happening, Remark

OF_PURCHASES = "t.order_ref <> '' AND t.kind IN ('earn', 'bonus', 'spend', 'reverse_earn', 'reverse_spend')"
"""Entries that a purchase or a return tells by itself: an index leaves them out, so that they cost a till nothing."""


def _points(facts: Facts) -> str:
    kind = EntryKind(facts["entry"]).label.lower()
    return f"{facts['points']:+,} points, {kind}: {facts['reason']}"


def _standing(facts: Facts) -> str:
    if facts["is_by_household"]:
        return f"{facts['tier']} came by the household"
    return f"{'Was given' if facts['is_given'] else 'Reached'} {facts['tier']}"


def _reward(facts: Facts) -> str:
    return f"Redeemed {facts['points']:,} points for {facts['reward']} ({facts['state']})"


SOURCES = (
    Source(
        kind="points",
        title="Points",
        table="loyalty_entry",
        at="happened_at",
        only=f"NOT ({OF_PURCHASES})",
        facts={
            "entry": "t.kind",
            "points": "t.points",
            "balance_after": "t.balance_after",
            "reason": "t.reason",
            "where": "g.name",
        },
        joins="JOIN omnichannel_programme g ON g.id = t.programme_id",
        programme="t.programme_id",
        words=_points,
        page="loyalty_entry",
    ),
    Source(
        kind="tier",
        title="Tier",
        table="loyalty_tierstanding",
        at="from_at",
        facts={
            "tier": "r.name",
            "until_at": "t.until_at",
            "is_given": "t.given_by <> ''",
            "is_by_household": "starts_with(t.given_by, 'household:')",
            "where": "g.name",
        },
        joins="JOIN loyalty_tier r ON r.id = t.tier_id JOIN omnichannel_programme g ON g.id = r.programme_id",
        programme="(SELECT r.programme_id FROM loyalty_tier r WHERE r.id = t.tier_id)",
        words=_standing,
    ),
    Source(
        kind="voucher",
        title="Voucher",
        table="loyalty_voucher",
        at="issued_at",
        only="t.member_id IS NOT NULL",
        facts={"voucher": "s.name", "valid_until": "t.valid_until", "uses": "t.uses", "where": "g.name"},
        joins="JOIN loyalty_voucherseries s ON s.id = t.series_id"
        " JOIN omnichannel_programme g ON g.id = s.programme_id",
        programme="(SELECT s.programme_id FROM loyalty_voucherseries s WHERE s.id = t.series_id)",
        words=lambda facts: f"Was given the voucher {facts['voucher']}",
        page="loyalty_voucher",
    ),
    Source(
        kind="reward",
        title="Reward",
        table="loyalty_redemption",
        at="redeemed_at",
        facts={
            "ref": "t.ref",
            "reward": "r.title",
            "points": "t.points",
            "state": "t.state",
            "where": "coalesce(p.name, g.name)",
        },
        joins="JOIN loyalty_reward r ON r.id = t.reward_id JOIN omnichannel_programme g ON g.id = r.programme_id"
        " LEFT JOIN omnichannel_place p ON p.id = t.place_id",
        programme="(SELECT r.programme_id FROM loyalty_reward r WHERE r.id = t.reward_id)",
        words=_reward,
        page="loyalty_redemption",
    ),
)


def points_of_purchases(people: Sequence[int], told: Sequence[Happening]) -> dict[str, Remark]:
    """Order's ref -> what it earned and spent when it was settled. One statement, none without purchases."""
    refs = [one.ref for one in told if one.kind == "purchase"]
    if not refs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT order_ref, points_earned, points_spent FROM loyalty_settlement"
            " WHERE order_ref = ANY (%s) AND member_id = ANY (%s)",
            [refs, list(people)],
        )
        return {ref: _remark(earned, spent) for ref, earned, spent in cursor.fetchall()}


def _remark(earned: int, spent: int) -> Remark:
    words = [f"{earned:,} points earned"] if earned else []
    words += [f"{spent:,} spent"] if spent else []
    return Remark(", ".join(words), {"points_earned": earned, "points_spent": spent})
