"""Service on the member's page: what is promised, and which cases there are."""

from datetime import datetime

from django.urls import reverse
from django.utils.timezone import get_current_timezone

from config.ground.moments import day
from members.member_data import Act, Cell, Fact, Panel
from members.queries.merges import list_those_of
from omnichannel.models import Interaction, ServiceCase
from omnichannel.queries.cases import list_cases_of
from omnichannel.queries.interactions import list_open_promises
from omnichannel.queries.places import list_places_served

SHOWN = 5


def service_panel(member_id: int, *, now: datetime, viewer_id: int | None = None) -> Panel:
    """Three statements, and one for a colleague who serves stores."""
    people = list_those_of(member_id)
    places = list_places_served(viewer_id) if viewer_id else []
    promises = list_open_promises(people, limit=SHOWN, places=places)
    cases = list_cases_of(people, limit=SHOWN, places=places)
    add, right = f"?member={member_id}", "omnichannel.add_"
    return Panel(
        title="Service",
        order=9,
        facts=tuple(_promise(one, now) for one in promises),
        columns=("Opened", "Case", "State") if cases else (),
        rows=tuple(_case(case) for case in cases),
        empty="Nothing is promised, and no case was ever opened.",
        acts=(
            Act(
                "Write down a conversation",
                reverse("admin:omnichannel_interaction_add") + add,
                f"{right}interaction",
            ),
            Act("Open a case", reverse("admin:omnichannel_servicecase_add") + add, f"{right}servicecase"),
        ),
    )


def _promise(one: Interaction, now: datetime) -> Fact:
    page = reverse("admin:omnichannel_interaction_change", args=[one.pk])
    until = f"until {one.promise_due_on}" if one.promise_due_on else "no day was named"
    is_late = (
        one.promise_due_on is not None and one.promise_due_on < now.astimezone(get_current_timezone()).date()
    )
    words = Cell(one.promise, kind="personal", of="words", link=page)
    return Fact("Promised", words, note=f"{until}{', overdue' if is_late else ''}")


def _case(case: ServiceCase) -> tuple[Cell | str, ...]:
    page = reverse("admin:omnichannel_servicecase_change", args=[case.pk])
    state = Cell(
        case.get_state_display().lower(),
        kind="bad" if case.state == "new" else "good" if case.is_open else "muted",
    )
    return (
        day(case.opened_at, get_current_timezone()),
        Cell(case.subject, kind="personal", of="words", link=page),
        state,
    )
