"""Anonymous becomes known: what was told of a device or session is of the member who signs in there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.ground import clock
from config.ground.personal import erase_rows, lift_guards, read_rows, set_guards
from config.outbox.delivery import deliver_due
from config.outbox.models import Event
from members.models import Member
from members.services.merging import merge_members, undo_merge
from members.services.retention import apply_retention
from omnichannel.models import BehaviourEvent, EventTold, KnownVisitor, Programme, VisitorEvent
from omnichannel.models.personal import HELD
from omnichannel.rules.behaviour import EventType
from omnichannel.rules.built_in_events import BUILT_IN
from omnichannel.services import visitors
from omnichannel.services.event_types import declare_event_type
from omnichannel.services.visitors import claim_visits
from tests.members.factories import MemberFactory
from tests.omnichannel.factories import PlaceFactory, ProgrammeFactory, bearer
from tests.omnichannel.test_behaviour import EVENTS, tell

pytestmark = pytest.mark.django_db

DEVICE, OTHER = "d-9f2c41d07be64a55", "d-0000000000000001"
SESSION = "s-51b2a7c0f3de4e17"


@pytest.fixture
def programme() -> Programme:
    return ProgrammeFactory()


@pytest.fixture
def ada() -> Member:
    return MemberFactory(phone="+12125550142")


@pytest.fixture
def key(programme: Programme) -> dict[str, str]:
    return bearer("events", programme_id=programme.pk)


def viewed(id_: str, device: str = DEVICE, **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": "page_view", "device": device, "properties": {"url": "/tea"}} | more


def signed_in(client: Client, key: dict[str, str], member: Member, **names: str) -> Any:
    body = {"member": {"ref": member.ref}, **names}
    return client.post(f"{EVENTS}/claim", body, "application/json", headers=key)


def of(member: Member) -> set[str]:
    return set(BehaviourEvent.objects.filter(member=member).values_list("external_id", flat=True))


def announced() -> list[str]:
    return list(
        Event.objects.filter(name="omnichannel.act_recorded")
        .order_by("pk")
        .values_list("payload__act_ref", flat=True)
    )


def test_what_a_device_did_is_the_members_who_signs_in_there(
    client: Client, key: dict[str, str], ada: Member
) -> None:
    tell(client, key, viewed("before"), viewed("other", OTHER), viewed("in-session", "", session=SESSION))
    told = EventTold.objects.count()

    claimed = signed_in(client, key, ada, device=DEVICE, session=SESSION)
    tell(client, key, viewed("after"))
    again = signed_in(client, key, ada, device=DEVICE, session=SESSION)

    assert (claimed.status_code, claimed.json()) == (200, {"claimed": 2, "counted": 0})
    assert again.json() == {"claimed": 0, "counted": 0}
    assert of(ada) == {"before", "in-session", "after"}
    assert list(VisitorEvent.objects.values_list("external_id", flat=True)) == ["other"]
    assert tell(client, key, viewed("before")).json()["results"][0]["outcome"] == "known"
    assert (EventTold.objects.count(), KnownVisitor.objects.count()) == (told + 1, 2)


def test_signing_in_with_a_code_claims_what_the_app_names(
    client: Client, key: dict[str, str], ada: Member, send_codes: Callable[[], str]
) -> None:
    tell(client, key, viewed("before", happened_at="2026-11-20T10:00:00Z"))
    client.post("/api/v1/auth/code", {"phone": "+12125550142"}, "application/json")
    body = {"phone": "+12125550142", "code": send_codes(), "visitor": {"device": DEVICE}}
    tokens = client.post("/api/v1/auth/token", body, "application/json")
    tell(client, key, viewed("meanwhile"))
    while deliver_due(now=clock.now()):
        pass

    assert tokens.status_code == 200
    assert of(ada) == {"before", "meanwhile"}
    app = Client(headers={"authorization": f"Bearer {tokens.json()['access_token']}"})
    lines = app.get("/api/v1/me/timeline?kinds=behaviour").json()["results"]
    assert [line["at"] for line in lines][-1] == "2026-11-20T10:00:00Z"


@pytest.mark.parametrize("names", [{}, {"device": "d-77"}, {"session": "guessable"}])
def test_names_that_can_be_guessed_are_nobodys(
    client: Client, key: dict[str, str], ada: Member, names: dict[str, str]
) -> None:
    tell(client, key, viewed("short", "d-77"))

    assert signed_in(client, key, ada, **names).status_code == 422
    assert claim_visits(ada.pk, device="d-77", now=clock.now()).events == 0
    tell(client, key, viewed("again", "d-77"))

    assert (of(ada), KnownVisitor.objects.count(), VisitorEvent.objects.count()) == (set(), 0, 2)


def test_only_a_key_of_the_programme_says_who_signed_in_and_of_its_own_events(
    client: Client, key: dict[str, str], programme: Programme, ada: Member
) -> None:
    there = ProgrammeFactory()
    tell(client, bearer("events", programme_id=there.pk), viewed("there"))
    store = bearer("events", place_id=PlaceFactory(programme=programme).pk)

    assert signed_in(client, store, ada, device=DEVICE).status_code == 403
    assert signed_in(client, bearer("till", programme_id=programme.pk), ada, device=DEVICE).status_code == 403
    assert signed_in(client, key, ada, device=DEVICE).json()["claimed"] == 0
    assert of(ada) == set()
    assert claim_visits(ada.pk, device=DEVICE, now=clock.now()).events == 1
    assert of(ada) == {"there"}


def test_who_signs_in_later_has_what_happens_later(client: Client, key: dict[str, str], ada: Member) -> None:
    """Also of what is told late, and whatever order the sign-ins are learnt in."""
    bob, now = MemberFactory(), clock.now()
    tell(client, key, viewed("first", happened_at=_at(now, 5)))
    claim_visits(bob.pk, device=DEVICE, now=now - timedelta(days=1))
    claim_visits(ada.pk, device=DEVICE, now=now - timedelta(days=3))
    claim_visits(bob.pk, device=DEVICE, now=now - timedelta(days=1))
    tell(
        client,
        key,
        viewed("very-early", happened_at=_at(now, 9)),
        viewed("of-ada", happened_at=_at(now, 2)),
        viewed("of-bob", happened_at=_at(now, 0.5)),
    )

    assert of(ada) == {"very-early", "of-ada"}
    assert of(bob) == {"first", "of-bob"}
    assert KnownVisitor.objects.count() == 2


@pytest.mark.parametrize("learnt", list(permutations(range(3))))
def test_sign_ins_are_learnt_in_any_order(
    client: Client, key: dict[str, str], ada: Member, learnt: tuple[int, ...]
) -> None:
    """Ada, Bob and Ada again, by the app of the house."""
    bob, now = MemberFactory(), clock.now()
    for place in learnt:
        claim_visits((ada, bob, ada)[place].pk, device=DEVICE, now=now - timedelta(days=6 - 2 * place))

    tell(client, key, *(viewed(f"{days}-ago", happened_at=_at(now, days)) for days in (5, 3, 1)))

    assert (of(ada), of(bob)) == ({"5-ago", "1-ago"}, {"3-ago"})


def test_a_shop_is_believed_again_after_somebody_else_signed_in_to_the_app(
    client: Client, key: dict[str, str], ada: Member
) -> None:
    bob = MemberFactory()
    signed_in(client, key, ada, device=DEVICE)
    claim_visits(bob.pk, device=DEVICE, now=clock.now())
    tell(client, key, viewed("of-bob"))

    for _ in range(2):
        signed_in(client, key, ada, device=DEVICE)
    tell(client, key, viewed("of-ada"))

    assert (of(ada), of(bob)) == ({"of-ada"}, {"of-bob"})
    assert KnownVisitor.objects.count() == 3


def test_a_session_says_more_than_the_device_that_it_is_on(
    client: Client, key: dict[str, str], ada: Member
) -> None:
    bob = MemberFactory()
    signed_in(client, key, ada, device=DEVICE)
    signed_in(client, key, bob, session=SESSION)

    tell(client, key, viewed("both", session=SESSION), viewed("device"))

    assert (of(bob), of(ada)) == ({"both"}, {"device"})


def _at(now: datetime, days_ago: float) -> str:
    return (now - timedelta(days=days_ago)).isoformat()


def reviewed(id_: str, at: str) -> dict[str, Any]:
    return {"id": id_, "type": "review", "device": DEVICE, "happened_at": at, "properties": {"rating": 5}}


@pytest.mark.parametrize(("within", "counted"), [(0, []), (1, ["b"]), (3, ["a", "b"])])
def test_acts_earn_when_their_type_says_so_and_once(
    client: Client, programme: Programme, ada: Member, within: int, counted: list[str]
) -> None:
    key, now = bearer("events", programme_id=programme.pk), clock.now()
    reviews = EventType(code="review", title="Review", claimed_within_days=within)
    with transaction.atomic():
        declare_event_type(programme.pk, _with_properties(reviews))
    told = tell(client, key, reviewed("a", _at(now, 2)), reviewed("b", _at(now, 0.5)), viewed("v")).json()
    refs = {row["id"]: row["ref"] for row in told["results"]}
    assert announced() == []

    assert signed_in(client, key, ada, device=DEVICE).json() == {"claimed": 3, "counted": len(counted)}
    signed_in(client, key, ada, device=DEVICE)
    tell(client, key, reviewed("a", _at(now, 2)))

    assert announced() == [refs[id_] for id_ in counted]
    later = tell(client, key, reviewed("late", _at(clock.now(), 0))).json()["results"][0]["ref"]
    assert announced() == [refs[id_] for id_ in counted] + ([later] if within else [])
    uncounted = BehaviourEvent.objects.filter(is_counted=False).values_list("external_id", flat=True)
    assert set(uncounted) == {"a", "b", "v", "late"} - set(counted) - ({"late"} if within else set())


def _with_properties(kind: EventType) -> EventType:
    return EventType(
        code=kind.code,
        title=kind.title,
        properties=BUILT_IN["review"].properties,
        claimed_within_days=kind.claimed_within_days,
    )


def test_a_name_that_can_be_claimed_costs_two_statements_a_batch(client: Client, key: dict[str, str]) -> None:
    tell(client, key, viewed("warm", "d-77"))
    with CaptureQueriesContext(connection) as short:
        tell(client, key, viewed("short", "d-77"))
    with CaptureQueriesContext(connection) as long:
        tell(client, key, viewed("long"), *(viewed(f"n-{n}", f"device-number-{n:09d}") for n in range(900)))

    assert len(long) == len(short) + 2


def test_merged_members_have_what_their_devices_do_and_parted_ones_their_own(
    client: Client, key: dict[str, str], ada: Member
) -> None:
    bob, now = MemberFactory(), clock.now()
    signed_in(client, key, bob, device=DEVICE)
    merge = merge_members(going_id=bob.pk, staying_id=ada.pk, actor="staff:1", now=now)
    tell(client, key, viewed("as-one"))
    undo_merge(merge.pk, actor="staff:1", now=now)
    tell(client, key, viewed("as-two"))

    assert (of(ada), of(bob)) == ({"as-one"}, {"as-two"})


def test_a_device_of_somebody_erased_is_nobodys(client: Client, key: dict[str, str], ada: Member) -> None:
    """Not of who signed in there before either; and a copy tells of one's own sign-ins alone."""
    bob = MemberFactory()
    for who in (ada, bob):
        signed_in(client, key, who, device=DEVICE)
    signed_in(client, key, ada, device=OTHER)
    held = [one for one in HELD if one.table == "omnichannel.KnownVisitor"]
    told = [row for one in held if one.is_told for row in read_rows(one, bob.pk)]
    assert len(told) == 1

    with transaction.atomic():
        lift_guards(one.table for one in held)
        erased = [erase_rows(one, bob.pk) for one in held]
        set_guards()
    tell(client, key, viewed("afterwards"), viewed("of-ada", OTHER))

    assert sum(erased) == 2
    assert (of(ada), of(bob)) == ({"of-ada"}, set())
    assert VisitorEvent.objects.get().external_id == "afterwards"


def test_nobody_who_was_erased_signs_in_anywhere(
    client: Client, key: dict[str, str], programme: Programme, ada: Member
) -> None:
    Member.objects.filter(pk=ada.pk).update(state="erased")

    refused = signed_in(client, key, ada, device=DEVICE)

    assert (refused.status_code, refused.json()["code"]) == (409, "member_not_active")
    assert not KnownVisitor.objects.exists()


def test_devices_are_forgotten_when_their_days_are_over(
    client: Client, key: dict[str, str], ada: Member
) -> None:
    signed_in(client, key, ada, device=DEVICE)
    now = clock.now()

    apply_retention(now=now + timedelta(days=729))
    assert KnownVisitor.objects.count() == 1
    apply_retention(now=now + timedelta(days=731))
    assert KnownVisitor.objects.count() == 0


def test_a_long_past_is_claimed_piece_by_piece(
    client: Client, key: dict[str, str], ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "VISITS_AT_ONCE", 3)
    other = bearer("events", programme_id=ProgrammeFactory().pk)
    tell(client, key, *(viewed(str(n)) for n in range(10)))
    tell(client, other, *(viewed(str(n)) for n in range(10, 14)))

    assert claim_visits(ada.pk, device=DEVICE, now=clock.now()).events == 14
    assert of(ada) == {str(n) for n in range(14)}
    assert not VisitorEvent.objects.exists()
