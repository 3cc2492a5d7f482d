"""What this floor tells in a timeline: purchases and returns, messages, and what members did beside."""

from collections.abc import Sequence

from config.ground.amounts import money
from members.queries.timeline_sources import Facts, Scope, Source
from members.rules.timeline import Asked
from omnichannel.queries.places import list_places_served, list_programmes_served
from omnichannel.rules.behaviour import said


def scope_of(asked: Asked) -> Scope:
    """What may be told: of the key's own programme and store; to a colleague who serves stores, what happened there and
    what belongs to their programmes."""
    if asked.place_id is not None:
        programmes_of_key = None if asked.programme_id is None else (asked.programme_id,)
        return Scope(programmes=programmes_of_key, places=(asked.place_id,), is_own_alone=True)
    places = list_places_served(asked.viewer_id) if asked.viewer_id else []
    programmes: Sequence[int] = list_programmes_served(asked.viewer_id or 0) if places else ()
    if asked.programme_id is not None:
        programmes = (asked.programme_id,)
    return Scope(
        programmes=tuple(programmes) if programmes else None, places=tuple(places) if places else None
    )


def _purchase(facts: Facts) -> str:
    things = f"{facts['items']} thing{'' if facts['items'] == 1 else 's'}"
    state = "" if facts["state"] == "completed" else f" ({facts['state'].replace('_', ' ')})"
    return f"Bought {things} for {money(facts['total_minor'], facts['currency'])}{state}"


def _return(facts: Facts) -> str:
    what = "Cancelled a purchase" if facts["how"] == "cancel" else "Brought goods back"
    return f"{what}, {money(facts['refund_minor'], facts['currency'])} refunded"


def _message(facts: Facts) -> str:
    about = f": {facts['subject']}" if facts["subject"] else ""
    way = {"email": "E-mail", "sms": "SMS", "inbox": "Message in the app"}.get(
        facts["channel"], facts["channel"]
    )
    return f"{way}{about} ({facts['state']})"


def _behaviour(facts: Facts) -> str:
    says = ", ".join(f"{name}: {said(value)}" for name, value in facts["properties"].items())
    return str(facts["type"]).replace("_", " ").capitalize() + (f", {says}" if says else "")


def _interaction(facts: Facts) -> str:
    promise = f"; promised: {facts['promise']}" if facts["promise"] else ""
    due = f" by {facts['promise_due_on']}" if promise and facts["promise_due_on"] else ""
    kept = " (kept)" if facts["promise_kept_at"] else ""
    outcome = facts["outcome"].rstrip(".") if promise else facts["outcome"]
    return f"{facts['how'].capitalize()}: {outcome}{promise}{due}{kept}"


def _survey(facts: Facts) -> str:
    score = "" if facts["score"] is None else f", {facts['score']} of 10"
    return f"Answered {facts['title']}{score}"


_PLACE = "LEFT JOIN omnichannel_place p ON p.id = t.place_id"
SOURCES = (
    Source(
        kind="purchase",
        title="Purchase",
        table="omnichannel_order",
        at="placed_at",
        facts={
            "ref": "t.ref",
            "number": "t.number",
            "state": "t.state",
            "total_minor": "t.total_minor",
            "currency": "t.currency",
            "items": "(SELECT coalesce(sum(l.quantity), 0) FROM omnichannel_orderline l"
            " WHERE l.order_id = t.id AND l.member_id = t.member_id)",
            "where": "p.name",
        },
        joins=_PLACE,
        programme="t.programme_id",
        place="t.place_id",
        words=_purchase,
        page="omnichannel_order",
    ),
    Source(
        kind="return",
        title="Return",
        table="omnichannel_orderreturn",
        at="returned_at",
        facts={
            "ref": "t.ref",
            "row": "o.id",
            "order_ref": "o.ref",
            "how": "t.kind",
            "refund_minor": "t.refund_minor",
            "currency": "o.currency",
            "where": "p.name",
        },
        joins=f"JOIN omnichannel_order o ON o.id = t.order_id {_PLACE}",
        programme="(SELECT o.programme_id FROM omnichannel_order o WHERE o.id = t.order_id)",
        place="t.place_id",
        words=_return,
        page="omnichannel_order",
    ),
    Source(
        kind="message",
        title="Message",
        table="omnichannel_message",
        at="queued_at",
        facts={
            "ref": "t.ref",
            "channel": "t.channel",
            "subject": "t.subject",
            "state": "t.state",
            "read_at": "t.read_at",
        },
        words=_message,
        page="omnichannel_message",
    ),
    Source(
        kind="behaviour",
        title="Behaviour",
        table="omnichannel_behaviourevent",
        at="happened_at",
        facts={
            "ref": "t.ref",
            "type": "t.type_code",
            "source": "t.source",
            "properties": "t.properties",
            "where": "p.name",
        },
        joins=_PLACE,
        programme="t.programme_id",
        words=_behaviour,
        is_personal=lambda facts: any(isinstance(value, str) for value in facts["properties"].values()),
    ),
    Source(
        kind="interaction",
        title="Conversation",
        table="omnichannel_interaction",
        at="happened_at",
        facts={
            "ref": "t.ref",
            "how": "t.kind",
            "by": "t.by",
            "outcome": "t.outcome",
            "promise": "t.promise",
            "promise_due_on": "t.promise_due_on",
            "promise_kept_at": "t.promise_kept_at",
            "where": "p.name",
        },
        joins=_PLACE,
        programme="t.programme_id",
        place="t.place_id",
        is_also_nowhere=True,
        words=_interaction,
        is_personal=lambda _facts: True,
        is_for_members=False,
        page="omnichannel_interaction",
    ),
    Source(
        kind="case",
        title="Service case",
        table="omnichannel_servicecase",
        at="opened_at",
        facts={
            "ref": "t.ref",
            "subject": "t.subject",
            "about": "t.kind",
            "state": "t.state",
            "where": "p.name",
        },
        joins=_PLACE,
        programme="t.programme_id",
        place="t.place_id",
        is_also_nowhere=True,
        words=lambda facts: f"{facts['subject']} ({facts['state']})",
        is_personal=lambda _facts: True,
        page="omnichannel_servicecase",
    ),
    Source(
        kind="survey",
        title="Survey",
        table="omnichannel_surveyinvitation",
        at="answered_at",
        only="t.answered_at IS NOT NULL",
        facts={
            "ref": "t.ref",
            "row": "s.id",
            "survey": "s.code",
            "title": "s.title",
            "score": "t.score",
            "answers": "t.answers",
            "where": "p.name",
        },
        joins=f"JOIN omnichannel_survey s ON s.id = t.survey_id {_PLACE}",
        programme="(SELECT s.programme_id FROM omnichannel_survey s WHERE s.id = t.survey_id)",
        place="t.place_id",
        is_also_nowhere=True,
        words=_survey,
        page="omnichannel_survey",
    ),
)
