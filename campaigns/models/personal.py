"""What this floor holds of a member, and what is left of it after an erasure."""

from config.ground.personal import Held

_FITS = "To find what fits you, and to leave you alone with what does not."

HELD = (
    Held(table="campaigns.MemberFeature", why=_FITS, becomes="deleted"),
    Held(table="campaigns.MemberCategory", why=_FITS, becomes="deleted"),
    Held(table="campaigns.MemberDay", why=_FITS, becomes="deleted"),
    Held(table="campaigns.SegmentMember", why=_FITS, becomes="deleted"),
    Held(table="campaigns.SegmentMove", why=_FITS),
    Held(
        table="campaigns.Recipient",
        why="To know what you were offered, and why not.",
        blank={"channels": "'{}'", "offer": "'{}'"},
        keeps=("reason",),
    ),
)
