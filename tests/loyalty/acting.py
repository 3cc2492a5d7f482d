"""What members do beside buying, told as a shop tells it; and the relay that brings it to loyalty."""

from datetime import datetime
from itertools import count
from typing import Any

from config.ground import clock
from config.outbox.delivery import deliver_due
from loyalty.rules.definition import FixedPoints, ForAct, RuleDefinition
from loyalty.services.rules import publish_rule
from members.models import Member
from omnichannel.services.keys import make_key
from tests.loyalty.conftest import LONG_AGO, Shop

_numbers = count(1)


def deliver() -> None:
    """All news, until none is left."""
    while deliver_due(now=clock.now()):
        pass


def rule_about(shop: Shop, act: str = "review", *, points: int = 50, code: str = "act", **more: Any) -> None:
    """A rule about acts, live for long."""
    asked = {name: more.pop(name) for name in ("where", "once_per", "of") if name in more}
    publish_rule(
        programme_id=shop.programme.pk,
        code=code,
        name=code.title(),
        definition=RuleDefinition(effect=FixedPoints(points=points), act=ForAct(type=act, **asked), **more),
        live_from=LONG_AGO,
        made_by="test",
        now=LONG_AGO,
    )


def event(member: Member, act: str = "review", **more: Any) -> dict[str, Any]:
    """An event with an id of its own; `at`: when it happened."""
    at: datetime | None = more.pop("at", None)
    told = {"id": f"e-{next(_numbers)}", "type": act, "member": {"ref": member.ref}}
    return told | ({"happened_at": at.isoformat()} if at else {}) | more


def tell(shop: Shop, *events: dict[str, Any]) -> list[str]:
    """Hand events in and deliver the news; the refs of those that were taken."""
    refs = hand_in(shop, *events)
    deliver()
    return refs


def hand_in(shop: Shop, *events: dict[str, Any]) -> list[str]:
    """Hand events in; the news of them wait."""
    key = make_key(name="events", scopes=["events"], programme_id=shop.programme.pk, now=clock.now()).text
    answer = shop.post("events", {"source": "webshop", "events": list(events)}, key)
    assert answer.status_code == 200, answer.json()
    return [row["ref"] for row in answer.json()["results"]]


def do(shop: Shop, member: Member, act: str = "review", **more: Any) -> str:
    """A member does something; its ref."""
    return tell(shop, event(member, act, **more))[0]
