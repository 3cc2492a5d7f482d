"""What a review of tiers has to know: who does not stand where they should, and what these members did."""

from collections.abc import Collection
from datetime import date, datetime

import msgspec
from django.db import connection

from loyalty.models import Ladder
from loyalty.rules.ascents import Day
from loyalty.rules.tiers import Standing

_NEXT = "SELECT max(id) FROM (SELECT id FROM loyalty_wallet WHERE id > %s ORDER BY id LIMIT %s) w"
# Who reached more than they hold, whose tier ends before the next review comes, and, where a ladder begins that takes
# tiers back, who holds more than they reached.
_CANDIDATES = """
SELECT coalesce(r.wallet_id, h.wallet_id)
FROM loyalty_reached(%(programme)s, %(ladder)s::jsonb, %(today)s, %(after)s, %(up_to)s) r
FULL JOIN loyalty_held_ranks(%(programme)s, %(ladder)s::jsonb, %(now)s, %(after)s, %(up_to)s) h
  ON h.wallet_id = r.wallet_id
WHERE coalesce(r.rank, 0) > coalesce(h.rank, 0)
  OR %(lowers)s AND coalesce(h.rank, 0) > greatest(coalesce(r.rank, 0), coalesce(h.given_rank, 0))
UNION
SELECT s.wallet_id FROM loyalty_tierstanding s JOIN loyalty_tier t ON t.id = s.tier_id
WHERE t.programme_id = %(programme)s AND s.wallet_id > %(after)s AND s.wallet_id <= %(up_to)s AND s.given_by = ''
  AND s.until_at > %(now)s AND s.until_at <= %(soon)s
"""
# Each table is gone through once for all of them: asked wallet by wallet, a table that grows while the review runs
# would be read by a plan that was made when it was empty.
_FACTS = """
WITH days AS (
  SELECT d.wallet_id, json_object_agg(d.spent_on, json_build_array(d.qualifying_minor, d.points, d.visits)) AS told
  FROM loyalty_tierday d WHERE d.wallet_id = ANY (%(wallets)s) AND d.spent_on >= %(since)s GROUP BY d.wallet_id
), standings AS (
  SELECT s.wallet_id, json_agg(json_build_object('tier_id', s.tier_id, 'from_at', s.from_at,
    'until_at', s.until_at, 'is_given', s.given_by <> '')) AS told
  FROM loyalty_tierstanding s WHERE s.wallet_id = ANY (%(wallets)s) AND s.until_at > %(now)s
    AND s.given_by NOT LIKE 'household:%%' GROUP BY s.wallet_id
)
SELECT json_build_object('wallet_id', w.id, 'member_id', w.member_id, 'enrolled_at', m.enrolled_at,
  'days', coalesce(d.told, '{}'), 'standings', coalesce(s.told, '[]'))::text
FROM loyalty_wallet w
JOIN members_member m ON m.id = w.member_id
LEFT JOIN days d ON d.wallet_id = w.id
LEFT JOIN standings s ON s.wallet_id = w.id
WHERE w.id = ANY (%(wallets)s) ORDER BY w.id
"""


class Climber(msgspec.Struct, frozen=True, kw_only=True):
    """A member under review, with the wallet locked.

    :ivar standings: those that have not ended; what came by a household is not theirs.
    """

    wallet_id: int
    member_id: int
    enrolled_at: datetime
    days: dict[date, Day]
    standings: list[Standing]


_decoder = msgspec.json.Decoder(Climber)


def find_piece_end(after: int, *, wallets: int) -> int | None:
    """The wallet with which so many above `after` are full; None: nobody is left."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [after, wallets])
        end: int | None = cursor.fetchone()[0]
    return end


def list_candidates(
    ladder: Ladder, span: tuple[int, int], *, today: date, now: datetime, soon: datetime, lowers: bool
) -> list[int]:
    """Wallets above the first until the second of the span whose standings may have to change.

    :param soon: what ends until then is looked at now.
    :param lowers: so are those who hold more than they reached.
    """
    asked: dict[str, int | str | bool | date] = {
        "programme": ladder.programme_id,
        "ladder": msgspec.json.encode(ladder.definition).decode(),
        "today": today,
        "now": now,
        "soon": soon,
        "after": span[0],
        "up_to": span[1],
        "lowers": lowers,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, asked)
        return [wallet_id for (wallet_id,) in cursor.fetchall()]


def lock_climbers(wallet_ids: Collection[int], *, since: date, now: datetime) -> list[Climber]:
    """What these members did since a day and hold, their wallets locked until commit, in id order."""
    wallets = sorted(wallet_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM loyalty_wallet WHERE id = ANY (%s) ORDER BY id FOR NO KEY UPDATE", [wallets]
        )
        cursor.execute(_FACTS, {"wallets": wallets, "since": since, "now": now})
        return [_decoder.decode(body) for (body,) in cursor.fetchall()]
