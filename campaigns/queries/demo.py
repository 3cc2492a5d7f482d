"""What the demo shop looks up about itself."""

from datetime import datetime

from django.db import connection

from omnichannel.models import ApiKey, Till

_SHOWN = """
    SELECT i.value
    FROM loyalty_wallet w
    JOIN loyalty_tierstanding s ON s.wallet_id = w.id AND s.from_at <= %(now)s AND s.until_at > %(now)s
    JOIN loyalty_tier t ON t.id = s.tier_id AND t.code = %(tier)s
    JOIN members_identity i ON i.member_id = w.member_id AND i.kind = 'phone'
    WHERE w.programme_id = %(programme_id)s
      AND NOT EXISTS (SELECT FROM loyalty_tierstanding h JOIN loyalty_tier u ON u.id = h.tier_id
        WHERE h.wallet_id = w.id AND u.rank > t.rank)
      AND EXISTS (SELECT FROM members_consent c
        WHERE c.member_id = w.member_id AND c.channel = 'inbox' AND c.purpose = 'marketing' AND c.is_given)
    ORDER BY w.seq DESC, i.value
    LIMIT 1
"""


def find_phone_to_show(programme_id: int, *, tier: str, now: datetime) -> str | None:
    """The phone of a member of this tier who has much to look at and may be written to."""
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN, {"programme_id": programme_id, "tier": tier, "now": now})
        row = cursor.fetchone()
    return row[0] if row else None


def list_richest(programme_id: int, *, limit: int) -> list[int]:
    """Ids of the members with the most points to spend."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member_id FROM loyalty_wallet WHERE programme_id = %s ORDER BY spendable DESC, id LIMIT %s",
            [programme_id, limit],
        )
        return [member_id for (member_id,) in cursor.fetchall()]


def list_live_keys(programme_id: int, *, made_by: str) -> list[int]:
    """Ids of a programme's keys of this origin that still open doors."""
    keys = ApiKey.objects.filter(programme_id=programme_id, made_by=made_by, revoked_at__isnull=True)
    return list(keys.values_list("id", flat=True))


def find_till_id(place_id: int, *, code: str) -> int | None:
    """The till of a place with this code, None if it has none."""
    return Till.objects.filter(place_id=place_id, code=code).values_list("id", flat=True).first()
