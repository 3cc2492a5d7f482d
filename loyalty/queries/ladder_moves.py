"""Who would move if another ladder held."""

from datetime import datetime

import msgspec
from django.db import connection

from config.ground.typed import dump
from loyalty.models import Wallet
from loyalty.rules.ladders import LadderDefinition


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """So many members would go from one tier to another; `examples` are refs of some."""

    before: str
    after: str
    members: int
    examples: list[str]


def list_moves(programme_id: int, ladder: LadderDefinition, *, now: datetime) -> list[Move]:
    """By what counts now; most members first. One statement, however many members there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM loyalty_ladder_movers(%s, %s::jsonb, %s)",
            [programme_id, msgspec.json.encode(dump(ladder)).decode(), now],
        )
        return [
            Move(before=before, after=after, members=members, examples=examples)
            for before, after, members, examples in cursor.fetchall()
        ]


def has_more_wallets(programme_id: int, *, than: int) -> bool:
    """Whether a programme has more wallets than so many."""
    return Wallet.objects.filter(programme_id=programme_id)[than : than + 1].exists()
