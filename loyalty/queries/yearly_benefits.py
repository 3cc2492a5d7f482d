"""Who holds a tier whose yearly benefits ran out, or who was never granted them."""

from datetime import datetime

import msgspec
from django.db import connection

# The last time that each benefit of each year came with a tier, beside who holds the tier.
_DUE = """
WITH held AS (
  SELECT s.wallet_id, s.member_id, s.tier_id, max(s.until_at) AS until_at
  FROM loyalty_tierstanding s JOIN loyalty_tier t ON t.id = s.tier_id AND t.programme_id = %(programme)s
  WHERE s.wallet_id > %(after)s AND s.wallet_id <= %(up_to)s AND s.from_at <= %(now)s AND s.until_at > %(now)s
    AND s.given_by NOT LIKE 'household:%%'
  GROUP BY s.wallet_id, s.member_id, s.tier_id
)
SELECT h.wallet_id, h.member_id, h.until_at, b.id, b.valid_days, t.code, g.granted_at, g.valid_until
FROM held h
JOIN loyalty_tier t ON t.id = h.tier_id
JOIN loyalty_benefit b ON b.tier_id = h.tier_id AND b.is_each_year AND b.is_active
LEFT JOIN LATERAL (
  SELECT x.granted_at, x.valid_until FROM loyalty_benefitgrant x
  WHERE x.wallet_id = h.wallet_id AND x.benefit_id = b.id AND (x.cause LIKE 'tier:%%' OR x.cause LIKE 'given:%%')
  ORDER BY x.granted_at DESC LIMIT 1
) g ON true
WHERE g.valid_until IS NULL OR g.valid_until <= %(soon)s
ORDER BY h.wallet_id, b.id
"""


class Due(msgspec.Struct, frozen=True):
    """A benefit of each year that a member may be due. `granted_at`, `valid_until`: of the last one; None: of none."""

    wallet_id: int
    member_id: int
    held_until: datetime
    benefit_id: int
    valid_days: int
    tier_code: str
    granted_at: datetime | None
    valid_until: datetime | None


def list_due(programme_id: int, span: tuple[int, int], *, now: datetime, soon: datetime) -> list[Due]:
    """Those of the wallets above the first until the second of the span, whose last one ends until `soon`."""
    with connection.cursor() as cursor:
        cursor.execute(
            _DUE, {"programme": programme_id, "after": span[0], "up_to": span[1], "now": now, "soon": soon}
        )
        return [Due(*row) for row in cursor.fetchall()]
