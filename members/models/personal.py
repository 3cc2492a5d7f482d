"""What this floor, and the house below it, hold of a member; and what is left of it after an erasure."""

from config.ground.personal import EMPTY, Held
from config.ground.retention import Period

_OF_IDENTITY = """t.pgh_id IN (
    SELECT e.pgh_id FROM members_identityevent e WHERE e.member_id = %(member)s
    UNION SELECT e.pgh_id FROM members_identityevent e JOIN members_identity i ON i.id = e.pgh_obj_id
    WHERE i.member_id = %(member)s)"""
_OF_CODE = """t.id IN (
    SELECT c.id FROM members_identity i JOIN members_signincode c
        ON c.identity_kind = i.kind AND c.identity_value = i.value WHERE i.member_id = %(member)s
    UNION SELECT c.id FROM members_identityevent e JOIN members_signincode c
        ON c.identity_kind = e.kind AND c.identity_value = e.value WHERE e.member_id = %(member)s)"""
_KEYS_OF = """ARRAY(SELECT i.kind || ':' || i.value FROM members_identity i WHERE i.member_id = %(member)s
        UNION SELECT e.kind || ':' || e.value FROM members_identityevent e WHERE e.member_id = %(member)s)"""
_KEYS_OF_OTHERS = """SELECT 1 FROM unnest(r.keys::text[]) AS k(key) JOIN members_identity i
        ON i.kind = split_part(k.key, ':', 1) AND i.value = substr(k.key, strpos(k.key, ':') + 1)
        WHERE i.member_id <> %(member)s"""
IN_A_ROW = f"""t.id IN (
    SELECT r.id FROM members_importedmember m JOIN members_importrow r ON r.batch_id = m.batch_id AND r.row = m.row
    WHERE m.member_id = %(member)s
    UNION SELECT r.id FROM members_importrow r WHERE r.keys && {_KEYS_OF}::varchar[]
    UNION SELECT r.id FROM members_member p JOIN members_importrow r
        ON r.told->>'family_name' = p.family_name AND r.told->>'given_name' = p.given_name
    WHERE p.id = %(member)s AND p.given_name <> '' AND p.family_name <> ''
        AND (r.keys = '{{}}' OR r.told->>'birth_date' = p.birth_date::text)
        AND coalesce((r.told->>'birth_date')::date = p.birth_date, true)
        AND NOT EXISTS ({_KEYS_OF_OTHERS}))"""  # noqa: S608 - our own words
"""What a row says of somebody: by its keys, or by name and birthday. A name alone is a namesake's too: it counts where
the row says nothing by which anybody could be known. Each way by an index: a million rows may be kept for a month."""
_LIKE_THEM = """t.id IN (SELECT r.id FROM members_importrow r
    WHERE r.refs && ARRAY(SELECT p.ref FROM members_member p WHERE p.id = %(member)s))"""
_IMPORTED = "To take over what another system knew of you, and to undo it where it was wrong."
_KNOWN_BY = "To know you again, and to reach you where you allow it."
_SIGNED_IN_BY = "t.sign_in_id IN (SELECT s.id FROM members_signin s WHERE s.member_id = %(member)s)"
_WISHES = "To do as you wish."
_TOLD = "For what stands beside each question on the page of your preferences."
_ALLOWED = "To send only what you allow, and to show how that came to be."
_SIGNED_IN = "To keep your app signed in, and others out."
_ONCE = "To know one person once."
_OWN_DATA = "To do with your data as you asked, and to show that it was done."
_SHARED = "To let you share points with your household, and to say who did."
_HOUSEHOLDS = "SELECT p.household_id FROM members_householdplace p WHERE p.member_id = %(member)s"
_PERSON = ("given_name", "family_name", "display_name", "language", "enrolled_at_place")

HELD = (
    Held(table="members.AccessToken", why=_SIGNED_IN, where=_SIGNED_IN_BY, becomes="deleted", is_told=False),
    Held(table="members.RefreshToken", why=_SIGNED_IN, where=_SIGNED_IN_BY, becomes="deleted", is_told=False),
    Held(table="members.SignIn", why=_SIGNED_IN, becomes="deleted"),
    Held(table="members.SignInCode", why=_SIGNED_IN, where=_OF_CODE, becomes="deleted"),
    Held(
        table="members.Presence", why="To spend points at a till only while you are there.", becomes="deleted"
    ),
    Held(table="members.SearchKey", why=_ONCE, becomes="deleted", is_told=False, is_derived=True),
    Held(
        table="members.LikelyPair",
        why=_ONCE,
        of=("member_id", "other_id"),
        becomes="deleted",
        is_derived=True,
    ),
    Held(table="members.Colleague", why="To keep colleagues from their own wallet.", becomes="deleted"),
    Held(table="members.ColleagueEvent", why="What was on record before.", becomes="deleted"),
    Held(table="members.HouseholdInvitation", why=_SHARED, becomes="deleted", hides=("invited_by",)),
    Held(
        table="members.Household",
        why=_SHARED,
        where=f"t.id IN ({_HOUSEHOLDS})",
        tells=f"t.id IN ({_HOUSEHOLDS} AND p.left_at IS NULL)",
        hides=("head_id",),
        blank={"name": EMPTY},
        keeps=("ref",),
    ),
    Held(
        table="members.HouseholdPlaceEvent",
        why="What was on record before.",
        becomes="deleted",
        hides=("left_by",),
    ),
    Held(table="members.HouseholdPlace", why=_SHARED, keeps=("ref", "left_by"), hides=("left_by",)),
    Held(table="members.Consent", why=_ALLOWED, becomes="deleted"),
    Held(table="members.ConsentEvent", why=_ALLOWED, becomes="deleted"),
    Held(table="members.Preference", why=_WISHES, becomes="deleted"),
    Held(table="members.PreferenceEvent", why="What was on record before.", becomes="deleted"),
    Held(table="members.AttributeValue", why=_TOLD, becomes="deleted"),
    Held(table="members.AttributeValueEvent", why="What was on record before.", becomes="deleted"),
    Held(table="members.IdentityMove", why=_KNOWN_BY, of=("member_id", "from_member_id"), keeps=("actor",)),
    Held(
        table="members.Merge",
        why=_ONCE,
        of=("member_id", "into_id"),
        keeps=("ref", "state", "moved", "merged_by", "undone_by"),
    ),
    Held(
        table="members.ExportFetch",
        why=_OWN_DATA,
        where="t.export_id IN (SELECT x.id FROM members_dataexport x WHERE x.member_id = %(member)s)",
        keeps=("fetched_by",),
    ),
    Held(
        table="members.DataExport",
        why=_OWN_DATA,
        blank={"file": EMPTY, "state": "'gone'", "kept_until": "NULL"},
        keeps=("ref", "asked_by"),
    ),
    Held(
        table="members.ErasureReceipt",
        why=_OWN_DATA,
        where="t.request_id IN (SELECT r.id FROM members_erasurerequest r WHERE r.member_id = %(member)s)",
        keeps=("floor", "rows"),
    ),
    Held(table="members.ErasureRequest", why=_OWN_DATA, keeps=("ref", "asked_by", "decided_by")),
    Held(table="members.ImportRow", why=_IMPORTED, where=IN_A_ROW, becomes="deleted"),
    Held(
        table="members.ImportRow",
        why="To ask whether somebody of a file is you.",
        where=_LIKE_THEM,
        blank={"refs": "'{}'", "problems": """'[["", "Who this was like is a member no more."]]'"""},
        keeps=("cells", "told", "keys"),
        is_told=False,
    ),
    Held(table="members.ImportedMember", why=_IMPORTED, becomes="deleted"),
    Held(
        table="members.IdentityEvent", why="What was on record before.", where=_OF_IDENTITY, becomes="deleted"
    ),
    Held(table="members.Identity", why=_KNOWN_BY, becomes="deleted"),
    Held(
        table="members.MemberEvent", why="What was on record before.", of=("pgh_obj_id",), becomes="deleted"
    ),
    Held(
        table="members.Member",
        why="To call you by your name, in your language, and to wish you well on your day.",
        of=("id",),
        blank={
            **dict.fromkeys(_PERSON, EMPTY),
            **dict.fromkeys(("birth_date", "birth_month", "birth_day"), "NULL"),
            "card_secret": "''::bytea",
            "state": "'erased'",
        },
        keeps=("ref",),
    ),
)
"""In the order in which they are erased: what tells where else to look goes last."""

HOUSE = (
    Held(
        table="outbox.Delivery",
        why="To tell other parts of the house what happened.",
        where="t.event_id IN (SELECT e.id FROM outbox_event e WHERE e.member_id = %(member)s)",
        becomes="deleted",
        is_told=False,
        is_derived=True,
    ),
    Held(
        table="outbox.Event",
        why="To tell other parts of the house what happened.",
        becomes="deleted",
        is_derived=True,
    ),
    Held(
        table="ground.IdempotencyKey",
        why="To answer your app the same when it asks twice.",
        where="t.caller = 'member:' || %(member)s AND t.caller LIKE 'member:%%'",
        becomes="deleted",
    ),
)

_HISTORY = (
    "What was on record of a member, an identity, wishes, attributes or a household before they changed."
)

WHAT_IMPORTS_DID = Period(
    code="imported_members",
    says="What an import changed; until then it can be undone.",
    table="members.ImportedMember",
    since="recorded_at",
    days=30,
)

RETENTION = (
    *(
        Period(code="history", says=_HISTORY, table=table, since="pgh_created_at", days=1_095)
        for table in (
            "members.MemberEvent",
            "members.IdentityEvent",
            "members.PreferenceEvent",
            "members.AttributeValueEvent",
            "members.HouseholdPlaceEvent",
        )
    ),
    Period(
        code="household_invitations",
        says="Invitations to households, answered or not.",
        table="members.HouseholdInvitation",
        since="expires_at",
        days=90,
    ),
    Period(
        code="import_rows",
        says="Rows of imported files, and with them the file of those that were refused.",
        table="members.ImportRow",
        since="staged_at",
        days=30,
    ),
    WHAT_IMPORTS_DID,
    Period(
        code="list_exports",
        says="The log of lists that colleagues took away as files.",
        table="staff.ListExport",
        since="exported_at",
        days=1_095,
    ),
    Period(
        code="staff_log",
        says="The log of what colleagues did in the admin.",
        table="admin.LogEntry",
        since="action_time",
        days=1_095,
    ),
)
