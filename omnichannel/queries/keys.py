"""Questions about API keys."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from omnichannel.errors import KeyNotFound
from omnichannel.models import ApiKey

_FACTS = """
    SELECT k.id, k.secret_hash, k.scopes, k.expires_at, k.revoked_at, k.last_used_on, k.till_id, k.place_id,
           coalesce(pl.code, ''), k.programme_id, coalesce(pr.code, ''), coalesce(pr.currency, ''),
           coalesce(pr.timezone, 'UTC'), coalesce(pr.region, ''),
           ARRAY(WITH RECURSIVE older AS (
                     SELECT k.rotated_from_id AS id
                     UNION SELECT o.rotated_from_id FROM older JOIN omnichannel_apikey o ON o.id = older.id)
                 SELECT id FROM older WHERE id IS NOT NULL)
      FROM omnichannel_apikey k
      LEFT JOIN omnichannel_place pl ON pl.id = k.place_id
      LEFT JOIN omnichannel_programme pr ON pr.id = k.programme_id
     WHERE k.prefix = %s
"""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key and where it stands, as one statement reads them.

    :ivar forebears: the keys that it took the place of when they were rotated.
    """

    id: int
    secret_hash: bytes
    scopes: frozenset[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_on: date | None
    till_id: int | None
    place_id: int | None
    place_code: str
    programme_id: int | None
    programme_code: str
    currency: str
    timezone: str
    region: str
    forebears: list[int]


def find_key_facts(prefix: str) -> KeyFacts | None:
    """What is known of the key with this visible prefix: one statement, whatever the key stands for."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [prefix])
        row = cursor.fetchone()
    if row is None:
        return None
    key_id, secret_hash, scopes, *rest = row
    return KeyFacts(key_id, bytes(secret_hash), frozenset(scopes), *rest)


def lock_key(key_id: int) -> ApiKey:
    """The key, locked until commit, so that two people cannot rotate it at once.

    :raises KeyNotFound: if there is none.
    """
    key = ApiKey.objects.select_for_update(of=("self",)).filter(pk=key_id).first()
    if key is None:
        raise KeyNotFound
    return key
