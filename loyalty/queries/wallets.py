"""What a wallet shows, at any moment, in one statement."""

from datetime import datetime

import msgspec
from django.db import connection

from config.ground.refusals import NotFound
from loyalty.queries.pools import decode_points, find_household_points
from loyalty.queries.programmes import find_days_that_count, find_first_compiled, get_known_programme
from loyalty.rules.answers import WalletAnswer
from loyalty.rules.households import SharedWalletAnswer, shared_wallet
from loyalty.rules.tiers import Ladder
from loyalty.rules.wallets import WalletFacts, wallet_answer
from members.errors import TokenNotKnown
from members.queries.sign_in import HOLDER

_decoder = msgspec.json.Decoder(WalletFacts | None)
_WALLET = ',"wallet":'


def _of_token(programme: str) -> str:
    """The facts of the wallet that a token's holder `h` has in a programme, NULL where there is no such programme; and
    what the household adds to it, asked for only where they are in one."""
    return f"""
    SELECT CASE WHEN w.programme_id IS NOT NULL THEN loyalty_wallet_facts(w.member_id, w.programme_id, %(now)s,
        CASE WHEN w.programme_id = %(likely)s THEN %(stamp)s::bigint END, %(since)s::date, %(until)s::date)::text END,
      CASE WHEN EXISTS (SELECT FROM members_householdplace p WHERE p.member_id = w.member_id AND p.left_at IS NULL)
        THEN loyalty_household_points(w.member_id, w.programme_id, %(now)s)::text END
    FROM (SELECT h.member_id, ({programme}) AS programme_id FROM ({HOLDER}) h OFFSET 0) w
    """  # noqa: S608 - of constants alone


_OF_TOKEN_NAMED = _of_token("SELECT p.id FROM omnichannel_programme p WHERE p.code = %(code)s")
_OF_TOKEN = _of_token("""coalesce(
    (SELECT w.programme_id FROM loyalty_wallet w WHERE w.member_id = h.member_id ORDER BY w.id LIMIT 1),
    (SELECT min(p.id) FROM omnichannel_programme p))""")


def get_wallet(member_id: int, programme_id: int, *, now: datetime) -> WalletAnswer:
    """The wallet of a member in a programme; one that was never used is empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_wallet_facts(%s, %s, %s)::text", [member_id, programme_id, now])
        (facts,) = cursor.fetchone()
    return read_wallet(facts)


def get_shared_wallet(member_id: int, programme_id: int, *, now: datetime) -> SharedWalletAnswer:
    """`get_wallet` with what the household adds to it."""
    points = find_household_points(member_id, programme_id, now=now)
    return shared_wallet(get_wallet(member_id, programme_id, now=now), points)


def get_wallet_of_token(
    token_hash: bytes, programme_code: str | None, *, now: datetime
) -> SharedWalletAnswer:
    """The wallet of the member whom an access token lets in, in the programme asked for, or in the one they have had a
    wallet in the longest, or in the first. One statement.

    :param token_hash: the digest that stands for the token.
    :raises TokenNotKnown: the token lets nobody in (any more).
    :raises NotFound: there is no such programme.
    """
    likely = find_first_compiled()
    known = find_days_that_count(likely, now)._asdict()
    with connection.cursor() as cursor:
        cursor.execute(
            _OF_TOKEN if programme_code is None else _OF_TOKEN_NAMED,
            {"token_hash": token_hash, "code": programme_code, "now": now, "likely": likely, **known},
        )
        row = cursor.fetchone()
    if row is None:
        raise TokenNotKnown
    if row[0] is None:
        raise NotFound(f"There is no programme {programme_code}.")
    return shared_wallet(read_wallet(row[0]), decode_points(row[1] or "null"))


def read_wallet(facts: str) -> WalletAnswer:
    """What the database tells of a wallet, as it is shown."""
    known = _decoder.decode(facts)
    assert known is not None  # noqa: S101 - it tells of empty wallets too
    return shown(known)


def shown(facts: WalletFacts) -> WalletAnswer:
    """A wallet as it is shown. Of the programme nothing is read that the process has at hand."""
    if facts.stamp is None or facts.at is None:
        return wallet_answer(facts, Ladder(), None)
    programme = get_known_programme(facts.programme_id, stamp=facts.stamp)
    return wallet_answer(facts, programme.ladder_at(facts.at), programme.terms)


def tell_wallet(answer: str) -> str:
    """An answer as it is kept, a JSON document that ends with the facts of a wallet, with the wallet as it is shown."""
    head, _, kept = answer.rpartition(_WALLET)
    facts = _decoder.decode(kept[:-1])
    if facts is None or not facts.programme_id:
        return answer
    return f"{head}{_WALLET}{msgspec.json.encode(shown(facts)).decode()}}}"
