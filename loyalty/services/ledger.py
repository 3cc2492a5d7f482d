"""Posting outside of purchases: points given for an act, given or taken by a colleague."""

from datetime import datetime

import msgspec
from django.db import IntegrityError, connection, transaction

from loyalty.errors import InsufficientPoints
from loyalty.models import Entry, Wallet
from loyalty.rules.compile import Programme
from loyalty.rules.purchase import lot_born

Row = dict[str, object]


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """Points for one member.

    :param kind: of the entry, e.g. `bonus`.
    :param cause: counts once in a wallet, e.g. `welcome`.
    :param actor: who caused it.
    """

    member_id: int
    points: int
    kind: str
    cause: str
    reason: str
    actor: str
    happened_at: datetime


class Debit(msgspec.Struct, frozen=True, kw_only=True):
    """Points taken out of a wallet; fields as of a `Credit`."""

    wallet_id: int
    points: int
    kind: str
    cause: str
    reason: str
    actor: str


def post_credit(credit: Credit, *, programme: Programme, now: datetime) -> bool:
    """Credit points with the programme's maturity and expiry.

    :return: False if this cause was credited before; nothing is written then.
    """
    owner: Row = {"member_id": credit.member_id, "programme_id": programme.terms.programme_id}
    entry = (
        msgspec.structs.asdict(credit) | owner | {"w": 1, "lot": 1, "order_ref": "", "rule_version_id": None}
    )
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT loyalty_lock_wallets(%s::jsonb, %s)", [_json([owner]), now])
            (ids,) = cursor.fetchone()
            if Entry.objects.filter(
                wallet__member_id=credit.member_id,
                wallet__programme_id=programme.terms.programme_id,
                cause=credit.cause,
            ).exists():
                return False
            lot = owner | _lot(credit, ids[0], programme)
            cursor.execute(
                "SELECT loyalty_credit(%s::bigint[], %s::jsonb, %s::jsonb, %s)",
                [ids, _json([entry]), _json([lot]), now],
            )
    except IntegrityError as fault:
        if "a_cause_counts_once" in str(fault):
            return False
        raise
    return True


def _lot(credit: Credit, wallet_id: int, programme: Programme) -> Row:
    """What a credit fills, in a wallet that is locked."""
    kept_until = None
    if programme.terms_at(credit.happened_at).expiry.kind == "inactivity":
        kept_until = Wallet.objects.values_list("kept_alive_until", flat=True).get(pk=wallet_id)
    life = lot_born(programme, credit.happened_at, kept_until=kept_until)
    return {
        "order_ref": "",
        "available_from": life.available_from,
        "expires_at": life.expires_at,
        "credited": credit.points,
        "w": 1,
        "entries": 1,
    }


def post_debit(debit: Debit, *, now: datetime) -> None:
    """Draw points from the lots that expire first. Within a transaction of the caller's.

    :raises InsufficientPoints: there are not as many to be spent.
    """
    wallet = Wallet.objects.select_for_update(no_key=True).get(pk=debit.wallet_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_renew_figures(%s, %s)", [wallet.pk, now])
        wallet.refresh_from_db(fields=["spendable"])
        if wallet.spendable < debit.points:
            raise InsufficientPoints(
                f"{wallet.spendable} points can be spent now.", pointer="/points", spendable=wallet.spendable
            )
        cursor.execute(
            "SELECT loyalty_draw(%s, %s, %s, %s, '', %s, %s, %s, %s)",
            [wallet.pk, debit.points, debit.kind, debit.cause, debit.actor, debit.reason, now, now],
        )


def _json(rows: list[Row]) -> str:
    return msgspec.json.encode(rows).decode()
