"""What this floor holds of a member, and what is left of it after an erasure."""

from config.ground.personal import EMPTY, ERASED, Held
from config.ground.retention import Period

_BOUGHT = "To know what you bought: for returns, points, and what you like."
_BOOKS = "The books of the shop need it for as long as the law says."
_DID = "To show you what fits, and to count what you do for us."

_WAS_YOU = "To know that it was you who did what was told of this device."

# Rows of large tables that have no index by member are found by what they belong to.
HELD = (
    Held(
        table="omnichannel.SurveyInvitation",
        why="To learn how we do, and to put right what went wrong.",
        blank={"answers": "'{}'", "expires_at": "t.invited_at"},
        keeps=("ref", "cause"),
    ),
    Held(
        table="omnichannel.Interaction",
        why="To go on where the last conversation ended, and to keep what we promised.",
        blank={
            "by": EMPTY,
            "outcome": EMPTY,
            "promise": "CASE WHEN t.promise = '' THEN '' ELSE 'erased' END",
        },
        keeps=("ref", "actor", "promise_kept_by"),
    ),
    Held(
        table="omnichannel.CaseStep",
        why="To know how far your matter came, and by whom.",
        where="t.case_id IN (SELECT p.id FROM omnichannel_servicecase p WHERE p.member_id = %(member)s)",
        blank={"words": EMPTY},
        keeps=("changes", "actor"),
    ),
    Held(
        table="omnichannel.ServiceCase",
        why="To put right what you told us about.",
        blank={
            "subject": ERASED,
            "state": "'closed'",
            "due_at": "NULL",
        },
        keeps=("ref", "cause", "opened_by"),
    ),
    Held(
        table="omnichannel.Message",
        why="To know what you were told, and to tell you once.",
        blank={
            **dict.fromkeys(("subject", "body_text", "body_html", "carrier_id", "last_error"), EMPTY),
            "facts": "'{}'",
            "dedupe_key": "'erased:' || t.id",
            "state": "CASE WHEN t.state IN ('queued', 'sending') THEN 'withdrawn' ELSE t.state END",
        },
        keeps=("ref", "purpose"),
    ),
    Held(
        table="omnichannel.KnownVisitor",
        why=_WAS_YOU,
        where="(t.kind, t.name) IN (SELECT k.kind, k.name FROM omnichannel_knownvisitor k"
        " WHERE k.member_id = %(member)s)",
        becomes="deleted",
        is_told=False,
    ),
    Held(table="omnichannel.KnownVisitor", why=_WAS_YOU, becomes="deleted"),
    Held(
        table="omnichannel.EventTold",
        why=_DID,
        where="""t.id IN (SELECT x.id FROM omnichannel_behaviourevent b, LATERAL (
            SELECT e.id FROM omnichannel_eventtold e WHERE e.programme_id = b.programme_id AND e.source = b.source
                AND e.teller IN (0, %(member)s) AND e.external_id = b.external_id AND e.ref = b.ref OFFSET 0) x
        WHERE b.member_id = %(member)s)""",
        becomes="deleted",
    ),
    Held(
        table="omnichannel.BehaviourEvent",
        why=_DID,
        blank={
            **dict.fromkeys(("device", "session", "external_id"), EMPTY),
            "source": ERASED,
            "properties": "'{}'",
        },
        keeps=("ref", "type_code"),
    ),
    Held(
        table="omnichannel.Order", why=_BOUGHT, keeps=("ref", "number", "currency", "payments", "fulfilment")
    ),
    Held(
        table="omnichannel.OrderLine",
        why=_BOUGHT,
        where="t.order_id IN (SELECT p.id FROM omnichannel_order p WHERE p.member_id = %(member)s)",
        blank={"name": EMPTY},
        keeps=("sku", "category", "department", "brand"),
    ),
    Held(
        table="omnichannel.Receipt",
        why=_BOOKS,
        where="t.order_ref IN (SELECT p.ref FROM omnichannel_order p WHERE p.member_id = %(member)s)",
        keeps=("number", "order_ref"),
    ),
    Held(table="omnichannel.OrderReturn", why=_BOUGHT, keeps=("ref", "number")),
    Held(
        table="omnichannel.ReturnLine",
        why=_BOUGHT,
        where="t.order_return_id IN (SELECT p.id FROM omnichannel_orderreturn p WHERE p.member_id = %(member)s)",
    ),
    Held(table="omnichannel.ReturnSlip", why="To find the purchase of what came back.", becomes="deleted"),
)

RETENTION = (
    Period(
        code="survey_invitations",
        says="That members were asked in a survey and did not answer while they could.",
        table="omnichannel.SurveyInvitation",
        since="expires_at",
        days=150,
        where="t.answered_at IS NULL",
    ),
    Period(
        code="survey_words",
        says="What members said in surveys; their scores stay.",
        table="omnichannel.SurveyInvitation",
        since="invited_at",
        days=1_095,
        where="t.answers <> '{}'",
        blank={"answers": "'{}'"},
    ),
    Period(
        code="interactions",
        says="What was said on visits, calls and chats; that there was one stays.",
        table="omnichannel.Interaction",
        since="happened_at",
        days=1_095,
        where="t.outcome <> '' AND (t.promise = '' OR t.promise_kept_at IS NOT NULL)",
        blank={"by": EMPTY, "outcome": EMPTY},
    ),
    Period(
        code="case_words",
        says="What was written in service cases; that there was one, and how it went on, stays.",
        table="omnichannel.CaseStep",
        since="happened_at",
        days=1_825,
        where="t.words <> ''",
        blank={"words": EMPTY},
    ),
    Period(
        code="message_texts",
        says="What messages said; that they were sent stays.",
        table="omnichannel.Message",
        since="queued_at",
        days=730,
        where="t.state NOT IN ('queued', 'sending') AND (t.body_text, t.body_html, t.subject) <> ('', '', '')",
        blank={**dict.fromkeys(("subject", "body_text", "body_html"), EMPTY), "facts": "'{}'"},
    ),
    Period(
        code="visits",
        says="What was told of devices and sessions where nobody signed in.",
        table="omnichannel.VisitorEvent",
        since="recorded_at",
        days=90,
        along="omnichannel_eventtold told USING gone WHERE told.programme_id = gone.programme_id"
        " AND told.source = gone.source AND told.teller = 0 AND told.external_id = gone.external_id",
    ),
    Period(
        code="devices",
        says="On which device, and in which session, members signed in.",
        table="omnichannel.KnownVisitor",
        since="known_from",
        days=730,
    ),
    Period(
        code="behaviour",
        says="By which device, in which session and with what detail members did what; that they did it stays.",
        table="omnichannel.BehaviourEvent",
        since="recorded_at",
        days=730,
        where="(t.device, t.session) <> ('', '') OR t.properties <> '{}'",
        blank={"device": EMPTY, "session": EMPTY, "properties": "'{}'"},
    ),
)
