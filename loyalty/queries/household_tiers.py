"""What a household gives of tiers as it stands, and what must hold of it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import connection

from loyalty.models import ProgrammeTerms
from loyalty.models.tiers import BY_HOUSEHOLD
from loyalty.rules.tiers import Standing

_STANDINGS = """
SELECT json_build_object('household_id', p.household_id, 'ref', h.ref, 'member_id', p.member_id,
  'is_inside', p.is_inside, 'wallet_id', w.id, 'programme_id', w.programme_id, 'standings', coalesce((
    SELECT json_agg(json_build_object('tier_id', s.tier_id, 'from_at', s.from_at, 'until_at', s.until_at,
      'given_by', s.given_by)) FROM loyalty_tierstanding s
    WHERE s.wallet_id = w.id AND s.until_at > %(now)s), '[]'))::text
FROM (SELECT household_id, member_id, bool_or(left_at IS NULL) AS is_inside FROM members_householdplace
  WHERE household_id = ANY (%(households)s) GROUP BY 1, 2) p
JOIN members_household h ON h.id = p.household_id
LEFT JOIN loyalty_wallet w ON w.member_id = p.member_id
ORDER BY p.household_id, p.member_id, w.id
"""
_OF_MEMBERS = """
SELECT DISTINCT household_id FROM members_householdplace WHERE member_id = ANY (%s) AND left_at IS NULL ORDER BY 1
"""
# Where the terms let households share the tier all of them, else those that give some still.
_PAGE = """
SELECT h.id FROM members_household h
WHERE h.id > %(after)s AND (%(shares)s AND h.head_id IS NOT NULL OR h.ref IN (
  SELECT substr(s.given_by, 11) FROM loyalty_tierstanding s JOIN loyalty_tier t ON t.id = s.tier_id
  WHERE s.given_by LIKE 'household:%%' AND s.until_at > %(now)s AND t.programme_id = %(programme)s))
ORDER BY h.id LIMIT %(most)s
"""


_SOON_TO_END = """
SELECT DISTINCT h.id FROM unnest(%(moments)s::timestamptz[], %(ends)s::timestamptz[]) AS f(after, until)
JOIN loyalty_tierstanding s ON s.until_at > f.after AND s.until_at <= f.until AND s.given_by LIKE 'household:%%'
JOIN members_household h ON h.ref = substr(s.given_by, 11) ORDER BY 1
"""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A standing that has not ended. `given_by`: empty where it was reached."""

    tier_id: int
    from_at: datetime
    until_at: datetime
    given_by: str

    @property
    def is_own(self) -> bool:
        """Whether it is the member's own, and does not come by a household."""
        return not self.given_by.startswith(BY_HOUSEHOLD)

    def told(self) -> Standing:
        """As rules take it."""
        return Standing(
            tier_id=self.tier_id, from_at=self.from_at, until_at=self.until_at, is_given=bool(self.given_by)
        )


class Housemate(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is or was in a household, with a wallet; the last two are None for who has no wallet at all."""

    household_id: int
    ref: str
    member_id: int
    is_inside: bool
    wallet_id: int | None
    programme_id: int | None
    standings: list[Row]


_decoder = msgspec.json.Decoder(Housemate)


def list_housemates(household_ids: Collection[int], *, now: datetime) -> dict[int, list[Housemate]]:
    """Everybody who is or was in these households, by household; a line for each of their wallets. One statement."""
    found: dict[int, list[Housemate]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_STANDINGS, {"households": list(household_ids), "now": now})
        for (body,) in cursor.fetchall():
            one = _decoder.decode(body)
            found.setdefault(one.household_id, []).append(one)
    return found


def list_households_of(member_ids: Collection[int]) -> list[int]:
    """The households in which these members have a place."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_MEMBERS, [list(member_ids)])
        return [household_id for (household_id,) in cursor.fetchall()]


def list_programmes_that_share() -> set[int]:
    """Programmes whose terms let households share the tier."""
    return set(
        ProgrammeTerms.objects.filter(households_share_tier=True).values_list("programme_id", flat=True)
    )


def list_to_level(programme_id: int, after: int, *, most: int, now: datetime) -> list[int]:
    """Households with an id above `after` whose tiers of a programme may have to change."""
    shares = programme_id in list_programmes_that_share()
    asked: dict[str, int | bool | datetime] = {
        "after": after,
        "shares": shares,
        "now": now,
        "programme": programme_id,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PAGE, asked)
        return [household_id for (household_id,) in cursor.fetchall()]


def list_soon_to_end(moments: Sequence[datetime], *, within: timedelta) -> list[int]:
    """Households that give a tier which ends within so long after one of these moments."""
    with connection.cursor() as cursor:
        cursor.execute(_SOON_TO_END, {"moments": list(moments), "ends": [at + within for at in moments]})
        return [household_id for (household_id,) in cursor.fetchall()]


# News take their time, and the review comes once a day: what ended less than two days ago is still a reason.
HOUSEHOLD_LAWS = {
    "a household gives no tier that nobody else of it stands on": """
        SELECT 'standing ' || s.id, 'another of ' || s.given_by || ' on tier ' || s.tier_id, 'nobody'
        FROM loyalty_tierstanding s JOIN loyalty_tier t ON t.id = s.tier_id
        WHERE s.given_by LIKE 'household:%%' AND s.until_at > %(now)s AND NOT EXISTS (
          SELECT FROM members_household h
          JOIN members_householdplace mine ON mine.household_id = h.id AND mine.member_id = s.member_id
            AND (mine.left_at > %(now)s - interval '2 days') IS NOT FALSE
          JOIN members_householdplace p ON p.household_id = h.id AND p.member_id <> s.member_id
            AND (p.left_at > %(now)s - interval '2 days') IS NOT FALSE
          JOIN loyalty_wallet w ON w.member_id = p.member_id AND w.programme_id = t.programme_id
          JOIN loyalty_tierstanding o ON o.wallet_id = w.id AND o.given_by NOT LIKE 'household:%%'
            AND o.until_at > %(now)s - interval '2 days'
          JOIN loyalty_tier u ON u.id = o.tier_id AND u.rank >= t.rank
          WHERE h.ref = substr(s.given_by, 11))""",
}
