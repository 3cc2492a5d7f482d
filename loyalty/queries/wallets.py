"""What a wallet shows, at any moment, in one statement."""

from datetime import datetime

import msgspec
from django.db import connection

from config.ground.refusals import NotFound
from loyalty.rules.answers import WalletAnswer
from members.errors import TokenNotKnown
from members.queries.sign_in import HOLDER

_decoder = msgspec.json.Decoder(WalletAnswer)


def get_wallet(member_id: int, programme_id: int, *, now: datetime) -> WalletAnswer:
    """The wallet of a member in a programme; one that was never used is empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_wallet_body(%s, %s, %s)::text", [member_id, programme_id, now])
        (body,) = cursor.fetchone()
    return _decoder.decode(body)


def get_wallet_of_token(token_hash: bytes, programme_code: str | None, *, now: datetime) -> WalletAnswer:
    """The wallet of the member whom an access token lets in, in the programme asked for, or in the one they have had a
    wallet in the longest, or in the first. One statement.

    :param token_hash: the digest that stands for the token.
    :raises TokenNotKnown: the token lets nobody in (any more).
    :raises NotFound: there is no such programme.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH h AS MATERIALIZED ({HOLDER})
            SELECT (
                SELECT loyalty_wallet_body(h.member_id, p.id, %(now)s)::text FROM omnichannel_programme p
                LEFT JOIN loyalty_wallet w ON w.programme_id = p.id AND w.member_id = h.member_id
                WHERE %(code)s::text IS NULL OR p.code = %(code)s::text ORDER BY w.id, p.id LIMIT 1
            ) FROM h
            """,  # noqa: S608 - of constants alone
            {"token_hash": token_hash, "code": programme_code, "now": now},
        )
        row = cursor.fetchone()
    if row is None:
        raise TokenNotKnown
    if row[0] is None:
        raise NotFound(f"There is no programme {programme_code}.")
    return _decoder.decode(row[0])
