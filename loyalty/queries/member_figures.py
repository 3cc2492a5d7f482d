"""What a member holds of value, in figures that can stand beside those of another member."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Q, Sum

from config.ground.moments import day
from loyalty.models import Grant, Lot, Voucher
from loyalty.queries.holdings import Holding, list_holdings
from members.member_data import Fact

LOTS_TOLD = 12
"""So many days on which points run out are told, the soonest."""


def list_figures(member_id: int, *, programme_id: int | None, now: datetime) -> list[Fact]:
    """Wallets with their lots and tiers, then what can be used. Three statements, and one for each wallet."""
    held = list_holdings(member_id, now=now)
    usable = Voucher.objects.filter(Q(max_uses=None) | Q(uses__lt=F("max_uses")), member_id=member_id)
    offers = Grant.objects.filter(member_id=member_id, uses__lt=F("max_uses"), valid_until__gt=now)
    if programme_id is not None:
        held = [one for one in held if one.programme_id == programme_id]
        usable = usable.filter(series__programme_id=programme_id)
        offers = offers.filter(programme_id=programme_id)
    facts = [fact for one in held for fact in _wallet(one, member_id, now)]
    usable = usable.filter(Q(valid_until=None) | Q(valid_until__gt=now), revoked_at=None)
    facts += [
        Fact("Vouchers that can be used", f"{usable.count():,}"),
        Fact("Offers that can be used", f"{offers.count():,}"),
    ]
    return facts


def _wallet(held: Holding, member_id: int, now: datetime) -> Iterator[Fact]:
    wallet, name = held.wallet, held.programme
    yield Fact(f"{name}: points", f"{wallet.balance:,}")
    yield Fact(f"{name}: can be spent now", f"{wallet.spendable:,}")
    if wallet.debt:
        yield Fact(f"{name}: owed", f"{wallet.debt:,}")
    yield Fact(f"{name}: tier", wallet.tier.name if wallet.tier else "none")
    living = Lot.objects.filter(wallet_id=held.wallet_id, member_id=member_id, remaining__gt=0)
    living = living.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    ends = (
        living.values("expires_at")
        .annotate(points=Sum("remaining"))
        .order_by(F("expires_at").asc(nulls_last=True))
    )
    for end in ends[:LOTS_TOLD]:
        until = end["expires_at"]
        when = day(until - timedelta(microseconds=1), ZoneInfo(held.timezone)) if until else "never"
        yield Fact(
            f"{name}: run out after {when}" if until else f"{name}: never run out", f"{end['points']:,}"
        )
