"""What this floor holds of a member, and shows on their page: purchases, messages, and what they did beside."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.timezone import get_current_timezone

from config.ground.amounts import money
from config.ground.moments import moment
from config.ground.personal import Held
from config.ground.retention import Period
from members.member_data import Cell, Fact, Panel, Traces
from members.queries.merges import list_those_of
from members.queries.timeline_sources import read_happenings
from members.rules.timeline import Asked, Happening, Remark
from omnichannel.adapters.files import forget_messages_to
from omnichannel.models import BehaviourEvent, Message
from omnichannel.models.personal import HELD, RETENTION
from omnichannel.queries.behaviour import list_newest_events
from omnichannel.queries.messages import count_messages, list_newest_messages
from omnichannel.queries.orders import Purchase, count_orders, list_newest_purchases
from omnichannel.queries.service_panel import service_panel
from omnichannel.queries.timeline import SOURCES, scope_of
from omnichannel.rules.behaviour import said

SHOWN = 20
SUBJECT_LETTERS = 60
GOOD = frozenset({"completed", "sent", "delivered"})
BAD = frozenset({"returned", "cancelled", "failed"})


def panels(member_id: int, *, now: datetime, viewer_id: int | None = None) -> list[Panel]:
    """The newest of each, in a statement each. Who serves particular stores sees what was bought there, and what was
    told to their programmes. What members wrote may be about persons.
    """
    bought = list_newest_purchases(member_id, limit=SHOWN, viewer_id=viewer_id)
    did = list_newest_events(member_id, limit=SHOWN, viewer_id=viewer_id)
    return [
        service_panel(member_id, now=now, viewer_id=viewer_id),
        Panel(
            title="Orders",
            order=40,
            columns=("Placed", "Where", "Number", "Items", "Total", "State"),
            rows=tuple(_order(one) for one in bought),
            empty="Has bought nothing yet.",
            is_wide=True,
        ),
        Panel(
            title="Messages",
            order=50,
            columns=("Queued", "By", "What", "State"),
            rows=tuple(_message(one) for one in list_newest_messages(member_id, limit=SHOWN)),
            empty="Nothing was sent yet.",
            is_wide=True,
        ),
        Panel(
            title="Behaviour",
            order=55,
            columns=("When", "What", "Told by", "Says"),
            rows=tuple(_event(one) for one in did),
            empty="Nothing was told yet of what they look at and do.",
            is_wide=True,
        ),
    ]


def holds() -> Sequence[Held]:
    return HELD


def retention() -> Sequence[Period]:
    return RETENTION


def kinds() -> dict[str, str]:
    return {source.kind: source.title for source in SOURCES}


def timeline(asked: Asked) -> list[Happening]:
    return read_happenings(SOURCES, asked, scope_of(asked))


def remarks(people: Sequence[int], told: Sequence[Happening]) -> dict[str, Remark]:
    return {}


def forget_files(member_id: int, traces: Traces) -> int:
    """The files of the local stack's post office."""
    return forget_messages_to(traces.addresses)


def sums(member_id: int, *, programme_id: int | None = None, now: datetime) -> list[Fact]:
    """What they bought and were told, under this name and those that were merged into it. Three statements."""
    people = list_those_of(member_id)
    bought, told = count_orders(people, programme_id), count_messages(people)
    return [Fact("Orders", f"{bought:,}"), Fact("Messages", f"{told:,}")]


def _order(purchase: Purchase) -> tuple[Cell | str, ...]:
    page = reverse("admin:omnichannel_order_change", args=[purchase.id])
    return (
        moment(purchase.placed_at, ZoneInfo(purchase.timezone)),
        purchase.place,
        Cell(purchase.number, kind="code", link=page),
        Cell(str(purchase.items), kind="number"),
        Cell(money(purchase.total_minor, purchase.currency), kind="number"),
        _label(purchase.state),
    )


def _message(message: Message) -> tuple[Cell | str, ...]:
    page = reverse("admin:omnichannel_message_change", args=[message.pk])
    words = message.subject or message.dedupe_key
    return (
        moment(message.queued_at, get_current_timezone()),
        message.get_channel_display(),
        Cell(words[:SUBJECT_LETTERS], link=page),
        _label(message.state),
    )


def _event(event: BehaviourEvent) -> tuple[Cell | str, ...]:
    says = ", ".join(f"{name}: {said(value)}" for name, value in event.properties.items())[:SUBJECT_LETTERS]
    has_text = any(isinstance(value, str) for value in event.properties.values())
    return (
        moment(event.happened_at, ZoneInfo(event.programme.timezone)),
        event.type_code.replace("_", " "),
        event.source,
        Cell(says, kind="personal", of="words") if has_text else says,
    )


def _label(state: str) -> Cell:
    words = state.replace("_", " ")
    if state in GOOD:
        return Cell(words, kind="good")
    return Cell(words, kind="bad" if state in BAD else "muted")
