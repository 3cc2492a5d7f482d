"""What a merge has to know of loyalty: which programmes, whose orders, what is being paid at this moment."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from loyalty.models import Hold, HoldShare, HoldState, Lot, MergedLot, MergedWallet
from loyalty.rules.lots import UNTIL_COLLECTED
from members.queries.merges import STANDING, Step, get_step


def list_programmes() -> list[int]:
    """Every programme: where the one who goes has no wallet, a first purchase may be on its way."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM omnichannel_programme ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def list_programmes_merged(merge_id: int, member_id: int) -> list[int]:
    """Programmes in which a merge joined two wallets, in the order of their ids.

    :param member_id: the one who went.
    """
    joined = MergedWallet.objects.filter(merge_id=merge_id, wallet__member_id=member_id)
    return sorted(joined.values_list("wallet__programme_id", flat=True))


def list_joined_way(member_id: int, programme_id: int) -> list[Step]:
    """From a member to who has their points in a programme by now, merge by merge; true while wallets are locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT merge_id FROM loyalty_joined_way(%s, %s) ORDER BY n", [member_id, programme_id]
        )
        return [get_step(merge_id) for (merge_id,) in cursor.fetchall()]


def lock_person(member_id: int, programme_id: int, *, now: datetime) -> None:
    """Lock the wallet of a member, with all that have its points by now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_lock_person(%s, %s, %s)", [member_id, programme_id, now])


def is_paying(member_ids: Collection[int], *, now: datetime) -> bool:
    """Whether points of one of them are set aside for a purchase that is being paid, theirs or a housemate's."""
    held = Hold.objects.filter(member_id__in=member_ids, state=HoldState.HELD, expires_at__gt=now)
    shares = HoldShare.objects.filter(wallet__member__in=member_ids, ended_at=None, expires_at__gt=now)
    return held.exists() or shares.exists()


def list_left_behind(*, limit: int) -> list[tuple[int, int]]:
    """(merge, programme) of wallets to which something came after their member had gone, or that was set aside then."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT g.merge_id, w.programme_id FROM loyalty_mergedwallet g
            JOIN members_merge m ON m.id = g.merge_id AND m.state = ANY(%s::text[])
            JOIN loyalty_wallet w ON w.id = g.wallet_id AND w.member_id = g.member_id
            WHERE NOT g.is_apart AND (w.debt > 0
                OR EXISTS (SELECT FROM loyalty_lot l WHERE l.wallet_id = w.id AND l.remaining > 0)
                OR EXISTS (SELECT FROM loyalty_tierday d WHERE d.wallet_id = w.id
                    AND (d.qualifying_minor > 0 OR d.points > 0 OR d.visits > 0)))
            ORDER BY 1, 2 LIMIT %s
            """,
            [[str(state) for state in STANDING], limit],
        )
        return list(cursor.fetchall())


def list_waiting_lots(member_id: int, order_ref: str, *, now: datetime) -> list[Lot]:
    """The lots of a member's purchase that wait for its goods to be collected, and those that merges made of them;
    but what has run out. Their wallets are locked.
    """
    lots = Lot.objects.filter(available_from=UNTIL_COLLECTED).exclude(expires_at__lte=now)
    found: list[Lot] = []
    further = list(lots.filter(member_id=member_id, order_ref=order_ref))
    while further:
        found += further
        wallets = [lot.wallet_id for lot in further]
        carried = MergedLot.objects.filter(wallet_id__in=wallets, lot_id__in=[lot.pk for lot in further])
        further = list(lots.filter(pk__in=carried.values("to_lot_id")))
    return found
