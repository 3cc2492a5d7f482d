"""The till's screen says where the last conversation ended, with whom, and what was promised."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from omnichannel.services.cases import open_case
from omnichannel.services.interactions import keep_promise, log_interaction
from tests.config.staff import StaffFactory
from tests.loyalty.conftest import Shop, basket

pytestmark = pytest.mark.django_db


def test_the_next_conversation_starts_where_the_last_one_ended(
    shop: Shop, open_shop: Any, django_assert_num_queries: Any
) -> None:
    ada, now = shop.enrol(), datetime.now(UTC)
    colleague = StaffFactory(display_name="Ms Lin")
    shop.commit(basket(500, member=ada))

    def screen() -> Any:
        with django_assert_num_queries(1):
            return shop.post("till/lookup", {"member": {"ref": ada.ref}}).json()

    def talked(minutes: int, **more: Any) -> Any:
        told: dict[str, Any] = {
            "kind": "call",
            "outcome": "Wants the blue one",
            "actor": f"staff:{colleague.pk}",
        }
        told |= {
            "programme_id": shop.programme.pk,
            "happened_at": now + timedelta(minutes=minutes),
            "now": now,
        }
        return log_interaction(ada.pk, **{**told, **more})

    shop.post("till/lookup", {"member": {"ref": ada.ref}})
    assert (screen()["last_contact"]["kind"], screen()["promise"]) == ("purchase", None)
    later = talked(5, promise="Send a picture", promise_due_on=date(2026, 12, 24))
    first = talked(3, promise="Call back", promise_due_on=date(2026, 12, 1), place_id=shop.place.pk)
    talked(9, programme_id=open_shop().programme.pk, promise="Not ours", promise_due_on=date(2026, 1, 1))

    told = screen()

    contact = told["last_contact"]
    assert (contact["kind"], contact["by"], contact["what"]) == ("call", "Ms Lin", "Wants the blue one")
    assert (told["promise"]["what"], told["promise"]["due_on"]) == ("Call back", "2026-12-01")
    keep_promise(first.pk, actor="test", now=now)
    assert screen()["promise"]["what"] == "Send a picture"
    keep_promise(later.pk, actor="test", now=now)
    talked(6, by="Call centre", place_id=shop.place.pk)
    assert (screen()["last_contact"]["by"], screen()["last_contact"]["where"]) == (
        "Call centre",
        "Main street",
    )
    case: dict[str, Any] = {"programme_id": shop.programme.pk, "subject": "Wrong colour", "actor": "key:1"}
    open_case(ada.pk, **case, now=now + timedelta(minutes=7))
    told = screen()
    assert (told["last_contact"]["kind"], told["last_contact"]["what"]) == ("case", "Wrong colour")
    assert told["promise"] is None
