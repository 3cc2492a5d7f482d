"""What capped rules gave so far."""

from collections.abc import Collection, Iterable, Sequence

from django.db import connection

from loyalty.rules.basket import Use


def lock_uses(programme_id: int, counters: Collection[tuple[str, str]]) -> None:
    """Lock counters that members share until commit.

    :param counters: (rule code, bucket).
    """
    if not counters:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_lock_uses(%s, %s::text[], %s::text[])",
            [programme_id, *(list(column) for column in zip(*sorted(counters), strict=True))],
        )


def find_uses(
    programme_id: int, member_ids: Iterable[int], capped: Sequence[str], days: Collection[str]
) -> list[tuple[int | None, Use]]:
    """What these rules gave on these days and in all: to all members (None), and to each of these."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT NULL::bigint, r.code, u.bucket, u.points
            FROM loyalty_rule r JOIN loyalty_ruleuse u ON u.rule_id = r.id AND u.bucket = ANY (%(buckets)s::text[])
            WHERE r.programme_id = %(programme)s AND r.code = ANY (%(capped)s::text[])
            UNION ALL
            SELECT u.member_id, r.code, u.bucket, u.points
            FROM loyalty_memberruleuse u JOIN loyalty_rule r ON r.id = u.rule_id
            WHERE u.member_id = ANY (%(members)s::bigint[]) AND u.bucket = ANY (%(buckets)s::text[])
              AND r.programme_id = %(programme)s AND r.code = ANY (%(capped)s::text[])
            """,
            {
                "programme": programme_id,
                "members": sorted(set(member_ids)),
                "capped": list(capped),
                "buckets": _buckets(days),
            },
        )
        return [
            (member_id, Use(rule=code, bucket=bucket, of_member=member_id is not None, points=points))
            for member_id, code, bucket, points in cursor.fetchall()
        ]


def _buckets(days: Collection[str]) -> list[str]:
    """The counters of these days (ISO): in all, of their months, and their own."""
    return sorted({"", *(day[:7] for day in days), *days})
