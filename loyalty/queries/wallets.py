"""What a wallet shows, at any moment, in one statement."""

from datetime import datetime

import msgspec
from django.db import connection

from config.ground.refusals import NotFound
from loyalty.rules.answers import WalletAnswer

_decoder = msgspec.json.Decoder(WalletAnswer)


def get_wallet(member_id: int, programme_id: int, *, now: datetime) -> WalletAnswer:
    """The wallet of a member in a programme; one that was never used is empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_wallet_body(%s, %s, %s)::text", [member_id, programme_id, now])
        (body,) = cursor.fetchone()
    return _decoder.decode(body)


def get_home_wallet(member_id: int, programme_code: str | None, *, now: datetime) -> WalletAnswer:
    """The wallet in the programme asked for, or in the one the member has had a wallet in the longest, or the first.

    :raises NotFound: there is no such programme.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT loyalty_wallet_body(%s, p.id, %s)::text FROM omnichannel_programme p
            LEFT JOIN loyalty_wallet w ON w.programme_id = p.id AND w.member_id = %s
            WHERE %s::text IS NULL OR p.code = %s::text ORDER BY w.id, p.id LIMIT 1
            """,
            [member_id, now, member_id, programme_code, programme_code],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound(f"There is no programme {programme_code}.")
    return _decoder.decode(row[0])
