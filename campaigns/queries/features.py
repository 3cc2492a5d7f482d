"""Questions about what is known of members in numbers."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from django.db import connection

from campaigns.models import MemberDay, MemberFeature
from campaigns.rules.conditions import DaySum, Facts
from members.models import Consent, Member
from members.models.members import MemberState
from members.queries.attributes import answers_of

_RANKED = """
SELECT f.member_id, c.category
  FROM campaigns_memberfeature f
  JOIN campaigns_membercategory c ON c.member_id = f.member_id AND c.programme_id = f.programme_id
 WHERE f.programme_id = %s AND f.member_id = ANY(%s::bigint[]) AND c.category <> ''
   AND c.month_on <= f.last_purchase_on
   AND c.month_on > date_trunc('month', f.last_purchase_on) - interval '12 months'
 GROUP BY f.member_id, c.category
HAVING sum(c.spent_minor) > 0
 ORDER BY f.member_id, sum(c.spent_minor) DESC, c.category COLLATE "C"
"""

_KNOWN = """
SELECT member_id FROM loyalty_wallet WHERE programme_id = %(programme)s AND member_id > %(after)s
 UNION
SELECT member_id FROM omnichannel_order WHERE programme_id = %(programme)s AND member_id > %(after)s
 UNION
SELECT member_id FROM campaigns_memberfeature WHERE programme_id = %(programme)s AND member_id > %(after)s
 ORDER BY 1 LIMIT %(limit)s
"""

_DAYS = """
SELECT member_id, (placed_at AT TIME ZONE %(zone)s)::date
  FROM omnichannel_order WHERE programme_id = %(programme)s AND member_id = ANY(%(members)s::bigint[])
 UNION
SELECT member_id, bought_on
  FROM campaigns_memberday WHERE programme_id = %(programme)s AND member_id = ANY(%(members)s::bigint[])
"""


def list_liked_categories(member_ids: Collection[int], programme_id: int) -> Mapping[int, Sequence[str]]:
    """Each member's categories by spend in the twelve months up to the last purchase, the most liked first."""
    liked: dict[int, list[str]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_RANKED, [programme_id, list(member_ids)])
        for member_id, category in cursor.fetchall():
            liked[member_id].append(category)
    return liked


def list_known_members(programme_id: int, *, after: int, limit: int) -> list[int]:
    """The next members of a programme by id: whoever has a wallet, an order or a feature row in it."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"programme": programme_id, "after": after, "limit": limit})
        return [member_id for (member_id,) in cursor.fetchall()]


def leave_erased_out(member_ids: Collection[int]) -> list[int]:
    """Those of whom something may be known: purchases of who was erased stay, and nothing is learnt from them again."""
    known = Member.objects.filter(pk__in=member_ids).exclude(state=MemberState.ERASED)
    return list(known.values_list("pk", flat=True))


def list_days(member_ids: Collection[int], programme_id: int, zone: str) -> list[tuple[int, date]]:
    """Every (member, day) with orders or with a sum, for these members."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, {"programme": programme_id, "members": list(member_ids), "zone": zone})
        return list(cursor.fetchall())


def list_programme_codes(member_ids: Collection[int]) -> list[tuple[int, str]]:
    """(member, programme code) for every programme these members are known in."""
    known = MemberFeature.objects.filter(member_id__in=member_ids)
    return list(known.values_list("member_id", "programme__code"))


def list_facts(member_ids: Collection[int], programme_id: int) -> list[Facts]:
    """The facts of these members as the rules read them, in id order. Who is not of the programme is left out."""
    rows = (
        MemberFeature.objects.filter(programme_id=programme_id, member_id__in=member_ids)
        .select_related("member")
        .order_by("member_id")
    )
    consents = defaultdict(set)
    for consent in Consent.objects.filter(member_id__in=member_ids, is_given=True):
        consents[consent.member_id].add((consent.channel, consent.purpose))
    answers = answers_of(member_ids)
    days = defaultdict(list)
    for day in MemberDay.objects.filter(programme_id=programme_id, member_id__in=member_ids):
        days[day.member_id].append(DaySum(day.bought_on, day.purchases, day.spent_minor))
    return [
        Facts(
            member_id=row.member_id,
            tier_code=row.tier_code,
            last_purchase_on=row.last_purchase_on,
            favourite_category=row.favourite_category,
            favourite_department=row.favourite_department,
            birth_month=row.member.birth_month,
            consents=frozenset(consents[row.member_id]),
            answers=answers[row.member_id],
            days=tuple(days[row.member_id]),
        )
        for row in rows
    ]


def find_facts(member_id: int, programme_id: int) -> Facts | None:
    """The facts of one member, or None when he is not of this programme."""
    found = list_facts([member_id], programme_id)
    return found[0] if found else None
