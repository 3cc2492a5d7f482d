"""Goods that were to be collected are handed over: the points of the purchase wait for that."""

from datetime import datetime

import msgspec
from django.db import connection, transaction

from loyalty.errors import CollectionOutOfTime, OrderNotFound, OrderNotToCollect
from loyalty.queries.merges import list_joined_way, list_waiting_lots, lock_person
from loyalty.queries.programmes import get_current_programme
from loyalty.queries.wallets import get_wallet
from loyalty.rules.answers import WalletAnswer
from loyalty.rules.purchase import lot_born
from loyalty.services.purchase_checks import CLOCK_SKEW
from omnichannel.services.collections import TO_COLLECT, Collectable, find_collectable, mark_collected


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase whose goods were handed over, at first; and its member's wallet, None while nobody has claimed it."""

    ref: str
    number: str
    collected_at: datetime
    wallet: WalletAnswer | None


@transaction.atomic
def collect_order(
    ref: str, *, programme_id: int, collected_at: datetime | None = None, now: datetime
) -> Collected:
    """Write down that the goods were handed over. From then on the days count until the points can be spent. Told
    again, it is answered by the first time.

    :param collected_at: None: now, or at the moment of the purchase where the till's clock goes before ours.
    :raises OrderNotFound: the programme has no such purchase.
    :raises OrderNotToCollect: its goods were handed over, or sent; or it was cancelled.
    :raises CollectionOutOfTime: the moment lies before the purchase, or ahead.
    """
    order = find_collectable(ref, programme_id=programme_id)
    if order is None:
        raise OrderNotFound
    if order.fulfilment != TO_COLLECT:
        raise OrderNotToCollect
    at = collected_at or max(order.placed_at, now)
    if not order.placed_at <= at <= now + CLOCK_SKEW:
        raise CollectionOutOfTime(
            "Name a moment after the purchase that is not ahead.", pointer="/collected_at"
        )
    if order.member_id is not None:
        lock_person(order.member_id, programme_id, now=now)
    if mark_collected(ref, member_id=order.member_id, at=at):
        _let_mature(order, at, now)
        return _told(order, at, now)
    known = find_collectable(ref, programme_id=programme_id)
    if known is not None and known.collected_at is not None:
        return _told(known, known.collected_at, now)
    if known is not None and known.is_cancelled:
        raise OrderNotToCollect("It was cancelled.")
    # Somebody claimed it meanwhile: it is there at a second look.
    return collect_order(ref, programme_id=programme_id, collected_at=collected_at, now=now)


def _let_mature(order: Collectable, collected_at: datetime, now: datetime) -> None:
    """The points of the purchase can be spent as if they were earned then. What has run out stays run out."""
    waiting = list_waiting_lots(order.member_id, order.ref, now=now) if order.member_id else []
    life = lot_born(get_current_programme(order.programme_id), order.placed_at, matures_from=collected_at)
    for lot in waiting:
        lot.available_from = life.available_from
        if lot.expires_at is not None and life.expires_at is not None:
            lot.expires_at = max(lot.expires_at, life.expires_at)
        lot.save(update_fields=["available_from", "expires_at"])
    with connection.cursor() as cursor:
        for wallet_id in sorted({lot.wallet_id for lot in waiting}):
            cursor.execute("SELECT loyalty_renew_figures(%s, %s)", [wallet_id, now])


def _told(order: Collectable, collected_at: datetime, now: datetime) -> Collected:
    """With the wallet in which the points are by now."""
    wallet = None
    if order.member_id is not None:
        way = list_joined_way(order.member_id, order.programme_id)
        wallet = get_wallet(way[-1].into_id if way else order.member_id, order.programme_id, now=now)
    return Collected(ref=order.ref, number=order.number, collected_at=collected_at, wallet=wallet)
