"""What this floor holds of a member, and what is left of it after an erasure."""

from config.ground.personal import Held
from config.ground.retention import Period

_FITS = "To find what fits you, and to leave you alone with what does not."

HELD = (
    Held(table="campaigns.MemberFeature", why=_FITS, becomes="deleted", is_derived=True),
    Held(table="campaigns.MemberCategory", why=_FITS, becomes="deleted", is_derived=True),
    Held(table="campaigns.MemberDay", why=_FITS, becomes="deleted"),
    Held(table="campaigns.SegmentMember", why=_FITS, becomes="deleted", is_derived=True),
    Held(table="campaigns.SegmentMove", why=_FITS, is_derived=True),
    Held(
        table="campaigns.Recipient",
        why="To know what you were offered, and why not.",
        blank={"channels": "'{}'", "offer": "'{}'"},
        keeps=("reason",),
    ),
)

RETENTION = (
    Period(
        code="offers_told",
        says="What members were offered word for word; the verdict and its reason stay.",
        table="campaigns.Recipient",
        since="decided_at",
        days=730,
        where="t.offer <> '{}'",
        blank={"offer": "'{}'"},
    ),
)
