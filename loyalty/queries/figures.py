"""Sums over all wallets and entries, for charts."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncWeek

from loyalty.models import Entry, EntryKind, Grant, ProgrammeTerms, Tier, Wallet

LATEST = 1_000
"""So many entries are looked at for the newest one: what is told late is written last and happened before others."""

ISSUED, SPENT, EXPIRED = "issued", "spent", "expired"
_SIDES = {
    EntryKind.EARN: ISSUED,
    EntryKind.BONUS: ISSUED,
    EntryKind.SPEND: SPENT,
    EntryKind.EXPIRE: EXPIRED,
}
_HIGHEST_TIERS = """
    SELECT tier_id, count(*)
      FROM (SELECT DISTINCT ON (standing.wallet_id) standing.tier_id
              FROM loyalty_tierstanding standing
              JOIN loyalty_tier tier ON tier.id = standing.tier_id
             WHERE standing.from_at <= %s AND standing.until_at > %s
             ORDER BY standing.wallet_id, tier.rank DESC) held
     GROUP BY tier_id
"""


@dataclass(frozen=True)
class Outstanding:
    """Points in members' hands in one programme, and what they pay for in minor units."""

    programme_name: str
    currency: str
    points: int
    liability_minor: int


@dataclass(frozen=True)
class Movements:
    """Points of each week (its Monday, UTC), all positive."""

    weeks: list[date]
    points: dict[str, list[int]]


@dataclass(frozen=True)
class Offers:
    """Personal offers granted since a moment, and how many of these were used at least once."""

    granted: int
    used: int


def count_offers(*, since: datetime) -> Offers:
    """Of all members and programmes."""
    granted = Grant.objects.filter(granted_at__gte=since)
    counts = granted.aggregate(granted=Count("pk"), used=Count("pk", filter=Q(uses__gt=0)))
    return Offers(counts["granted"], counts["used"])


def list_outstanding() -> list[Outstanding]:
    """For each programme with terms, in order of its id; rounded down to whole minor units."""
    balances = dict(Wallet.objects.values_list("programme_id").annotate(points=Sum(F("balance") + F("debt"))))
    terms = ProgrammeTerms.objects.select_related("programme").order_by("programme_id")
    return [
        Outstanding(
            one.programme.name,
            one.programme.currency,
            balances.get(one.programme_id, 0),
            balances.get(one.programme_id, 0) * one.burn_minor // one.burn_points,
        )
        for one in terms
    ]


def sum_movements(*, now: datetime, weeks: int) -> Movements:
    """Points issued, spent and expired in the `weeks` weeks up to the newest entry, at the latest this week."""
    latest = Entry.objects.order_by("-pk").values_list("happened_at", flat=True)[:LATEST]
    end = min(max(latest, default=now), now)
    last = end.date() - timedelta(days=end.weekday())
    mondays = [last - timedelta(weeks=back) for back in reversed(range(weeks))]
    since = datetime.combine(mondays[0], time.min, UTC)
    rows = (
        Entry.objects.filter(kind__in=_SIDES, happened_at__gte=since, happened_at__lte=now)
        .annotate(week=TruncWeek("happened_at"))
        .values_list("week", "kind")
        .annotate(sum=Sum("points"))
        .order_by("week", "kind")
    )
    sums: defaultdict[tuple[date, str], int] = defaultdict(int)
    for week, kind, points in rows:
        sums[week.date(), _SIDES[EntryKind(kind)]] += abs(points)
    return Movements(
        mondays, {side: [sums[week, side] for week in mondays] for side in (ISSUED, SPENT, EXPIRED)}
    )


def count_members_by_tier(*, now: datetime) -> list[tuple[str, int]]:
    """Tiers from the lowest to the highest of each programme, and how many wallets stand on each now."""
    standing = count_wallets_by_tier(now=now)
    return [(tier.name, standing[tier.pk]) for tier in Tier.objects.order_by("programme_id", "rank")]


def count_wallets_by_tier(*, now: datetime) -> dict[int, int]:
    """How many wallets stand on each tier now, by the tier's id."""
    with connection.cursor() as cursor:
        cursor.execute(_HIGHEST_TIERS, [now, now])
        held = dict(cursor.fetchall())
    wallets = dict(Wallet.objects.values_list("programme_id").annotate(wallets=Count("pk")))
    tiers = list(Tier.objects.order_by("programme_id", "rank"))
    for tier in tiers:
        wallets[tier.programme_id] = wallets.get(tier.programme_id, 0) - held.get(tier.pk, 0)
    # Who holds none stands on the lowest, with those who hold it.
    return {
        tier.pk: held.get(tier.pk, 0) + (wallets[tier.programme_id] if tier.rank == 0 else 0)
        for tier in tiers
    }
