"""Acts and what they were worth: what was settled before, what counted, and why."""

from collections.abc import Collection

import msgspec
from django.db import connection

from loyalty.errors import ActNotFound
from loyalty.models import ActSettlement
from loyalty.queries.checkout import MemberNow
from loyalty.rules.act_answers import ActAnswer, ActWhy


def find_settled(act_refs: Collection[str]) -> set[str]:
    """Those of the acts that were settled before."""
    known = ActSettlement.objects.filter(act_ref__in=act_refs)
    return set(known.values_list("act_ref", flat=True))


def find_people(member_ids: Collection[int]) -> dict[int, MemberNow]:
    """These people as they are now, with their birthdays."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, ref, state, enrolled_at, birth_month, birth_day FROM members_member"
            " WHERE id = ANY (%s::bigint[])",
            [sorted(member_ids)],
        )
        return {
            id_: MemberNow(id_, ref, state, enrolled_at, birthday=(month, day_) if month else None)
            for id_, ref, state, enrolled_at, month, day_ in cursor.fetchall()
        }


def find_counted(
    programme_id: int, member_ids: Collection[int], rules: Collection[str]
) -> set[tuple[int, str, str]]:
    """(member id, rule code, key) of what counted before by these rules."""
    if not rules:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.member_id, r.code, c.key FROM loyalty_rule r
            JOIN loyalty_actcounted c ON c.rule_id = r.id AND c.member_id = ANY (%s::bigint[])
            WHERE r.programme_id = %s AND r.code = ANY (%s::text[])
            """,
            [sorted(member_ids), programme_id, sorted(rules)],
        )
        return set(cursor.fetchall())


def get_act_why(act_ref: str, *, programme_id: int | None = None, member_id: int | None = None) -> ActWhy:
    """Why an act got the points it got, as it was settled.

    :param programme_id: only if it belongs to this programme.
    :param member_id: only if it is this member's.
    :raises ActNotFound: there is no such act, or it is not settled yet.
    """
    rows = ActSettlement.objects.filter(act_ref=act_ref).select_related("member", "programme")
    if programme_id is not None:
        rows = rows.filter(programme_id=programme_id)
    if member_id is not None:
        rows = rows.filter(member_id=member_id)
    row = rows.first()
    if row is None:
        raise ActNotFound
    answer = msgspec.json.decode(row.answer, type=ActAnswer)
    return ActWhy(
        act_ref=row.act_ref,
        member_ref=row.member.ref,
        type=row.type_code,
        title=row.title,
        happened_at=row.happened_at,
        timezone=row.programme.timezone,
        points_earned=row.points_earned,
        earned=answer.earned,
        not_applied=answer.not_applied,
    )
