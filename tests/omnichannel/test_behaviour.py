from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.ground import clock
from config.outbox.models import Event
from members.models import Member
from members.services.retention import apply_retention
from omnichannel.models import BehaviourEvent, EventTold, Programme, VisitorEvent
from tests.members.factories import MemberFactory
from tests.omnichannel.factories import PlaceFactory, ProgrammeFactory, bearer

EVENTS = "/api/v1/events"


@pytest.fixture
def programme(db: None) -> Programme:
    return ProgrammeFactory()


@pytest.fixture
def member(db: None) -> Member:
    return MemberFactory()


@pytest.fixture
def key(programme: Programme) -> dict[str, str]:
    return bearer("events", programme_id=programme.pk)


def tell(client: Client, key: dict[str, str], *events: dict[str, Any], source: str = "webshop") -> Any:
    return client.post(EVENTS, {"source": source, "events": list(events)}, "application/json", headers=key)


def review(member: Member, id_: str = "r-1", **more: Any) -> dict[str, Any]:
    told = {"id": id_, "type": "review", "member": {"ref": member.ref}, "properties": {"rating": 5}}
    return told | more


def codes(answer: Any) -> list[str | None]:
    return [row["code"] for row in answer.json()["results"]]


def test_each_event_is_answered_for_itself(
    client: Client, programme: Programme, member: Member, key: dict[str, str]
) -> None:
    place = PlaceFactory(programme=programme)

    answer = tell(
        client,
        key,
        review(member),
        review(member, "r-2", type="jump"),
        review(member, "r-3", properties={"colour": "red"}),
        review(member, "r-4", properties={"rating": 6}),
        review(member, "r-5", properties={"rating": "5"}),
        review(member, "r-6") | {"member": {"phone": "+12125550199"}},
        {"id": "p-1", "type": "page_view", "device": "d-1", "properties": {"url": "/tea"}},
        {"id": "p-2", "type": "page_view"},
        {"id": "s-1", "type": "survey_answer", "member": {"ref": member.ref}},
        {"id": "c-1", "type": "check_in", "member": {"ref": member.ref}, "store": place.code},
        {"id": "c-2", "type": "check_in", "member": {"ref": member.ref}, "store": "NOWHERE"},
        {"id": "c-3", "type": "check_in", "member": {"phone": "12"}},
    )

    assert answer.status_code == 200, answer.json()
    assert codes(answer) == [
        None,
        "event_type_not_known",
        "unknown_property",
        "not_a_choice",
        "wrong_kind",
        "member_not_found",
        None,
        "nobody_named",
        "property_missing",
        None,
        "store_not_found",
        "identity_not_valid",
    ]
    body = answer.json()
    assert (body["recorded"], body["known"], body["refused"]) == (3, 0, 9)
    assert body["results"][2]["pointer"] == "/properties/colour"
    assert body["results"][2]["detail"] == (
        "Review has no property 'colour'; it has product, rating, letters, has_photo."
    )
    kept = BehaviourEvent.objects.order_by("pk").values_list("type_code", "external_id", "place_id")
    assert list(kept) == [("review", "r-1", None), ("check_in", "c-1", place.pk)]
    assert list(VisitorEvent.objects.values_list("external_id", "device")) == [("p-1", "d-1")]


def test_the_key_of_one_store_tells_of_that_store_alone(
    client: Client, programme: Programme, member: Member
) -> None:
    own, other = PlaceFactory(programme=programme), PlaceFactory(programme=programme)
    of_own = bearer("events", place_id=own.pk)

    told = tell(
        client,
        of_own,
        review(member, store=own.code),
        review(member, "r-2", store=other.code),
        review(member, "r-3"),
    )

    assert codes(told) == [None, "not_allowed", None]
    assert told.json()["results"][1]["pointer"] == "/store"
    assert set(BehaviourEvent.objects.values_list("external_id", "place_id")) == {
        ("r-1", own.pk),
        ("r-3", own.pk),
    }


def test_an_event_counts_once_per_source_under_any_key_and_member(
    client: Client, programme: Programme, member: Member, key: dict[str, str]
) -> None:
    first = tell(client, key, review(member), review(member)).json()
    other_key = bearer("events", programme_id=programme.pk)
    again = tell(client, other_key, review(MemberFactory())).json()
    other_source = tell(client, key, review(member), source="reviews").json()

    assert [row["outcome"] for row in first["results"]] == ["recorded", "known"]
    assert [row["outcome"] for row in again["results"]] == ["known"]
    assert {row["ref"] for row in first["results"] + again["results"]} == {first["results"][0]["ref"]}
    assert [row["outcome"] for row in other_source["results"]] == ["recorded"]
    assert list(BehaviourEvent.objects.values_list("source", "member_id").order_by("pk")) == [
        ("webshop", member.pk),
        ("reviews", member.pk),
    ]
    assert EventTold.objects.count() == 2


def test_only_acts_of_members_are_announced(client: Client, member: Member, key: dict[str, str]) -> None:
    ref = tell(
        client,
        key,
        review(member, happened_at="2026-01-05T10:00:00-05:00"),
        {"id": "p-1", "type": "page_view", "member": {"ref": member.ref}},
        {"id": "r-9", "type": "review", "device": "d-1"},
    ).json()["results"][0]["ref"]

    news = Event.objects.get(name="omnichannel.act_recorded")
    assert news.member_id == member.pk
    assert news.happened_at == datetime.fromisoformat("2026-01-05T15:00:00+00:00")
    assert news.payload["act_ref"] == ref
    assert news.payload["properties"] == {"rating": 5}


@pytest.mark.parametrize(("ahead_s", "code"), [(290, None), (310, "happened_in_the_future")])
def test_what_lies_ahead_did_not_happen(
    client: Client, member: Member, key: dict[str, str], ahead_s: int, code: str | None
) -> None:
    at = clock.now() + timedelta(seconds=ahead_s)

    assert codes(tell(client, key, review(member, happened_at=at.isoformat()))) == [code]


def test_what_no_calendar_of_ours_reaches_is_refused(
    client: Client, member: Member, key: dict[str, str]
) -> None:
    """Else it would be news that nobody can ever learn."""
    answer = tell(client, key, review(member, happened_at="0001-01-01T00:00:00Z"))

    assert codes(answer) == ["told_too_late"]
    assert not Event.objects.filter(name="omnichannel.act_recorded").exists()


def _statements(client: Client, key: dict[str, str], events: Sequence[dict[str, Any]]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as told:
        assert tell(client, key, *events).json()["recorded"] == len(events)
    return len(told)


def test_a_thousand_events_take_as_many_statements_as_one(
    client: Client, member: Member, key: dict[str, str]
) -> None:
    tell(client, key, review(member, "warm"))
    one = _statements(
        client,
        key,
        [review(member, "one"), {"id": "v", "type": "search", "device": "d", "properties": {"words": "tea"}}],
    )

    many = [review(member, f"m-{n}") for n in range(999)]
    thousand = _statements(
        client, key, [*many, {"id": "w", "type": "search", "device": "d", "properties": {"words": "tea"}}]
    )

    assert thousand == one


def test_a_body_of_the_wrong_shape_is_refused_whole(
    client: Client, member: Member, key: dict[str, str]
) -> None:
    refused = tell(client, key, review(member), review(member, "r-2", wrong=1))

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/events/1/wrong"
    assert tell(client, key, *(review(member, f"r-{n}") for n in range(1001))).status_code == 422
    assert BehaviourEvent.objects.count() == 0


def test_events_never_change(client: Client, member: Member, key: dict[str, str]) -> None:
    tell(client, key, review(member))

    with (
        pytest.raises(ProgrammingError, match="rows of omnichannel_behaviourevent never change"),
        transaction.atomic(),
    ):
        BehaviourEvent.objects.update(type_code="other")


def test_what_visitors_did_is_forgotten_after_ninety_days(
    client: Client, member: Member, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that it was told; what members did stays."""
    now = clock.now()
    ages = {"old": 91, "older": 120, "young": 89}
    for id_, days in ages.items():
        monkeypatch.setattr(clock, "now", lambda days=days: now - timedelta(days=days))
        tell(
            client, key, {"id": id_, "type": "app_open", "device": "d-1"}, review(member, f"of-member-{id_}")
        )
    monkeypatch.setattr(clock, "now", lambda: now)

    gone = {one.period.code: one.rows for one in apply_retention(now=now)}

    assert gone["visits"] == 2
    assert list(VisitorEvent.objects.values_list("external_id", flat=True)) == ["young"]
    of_members = {f"of-member-{id_}" for id_ in ages}
    assert set(BehaviourEvent.objects.values_list("external_id", flat=True)) == of_members
    assert set(EventTold.objects.values_list("external_id", flat=True)) == of_members | {"young"}


def test_only_keys_for_events_hand_them_in(client: Client, programme: Programme, member: Member) -> None:
    refused = tell(client, bearer("till", programme_id=programme.pk), review(member))

    assert refused.status_code == 403
    assert BehaviourEvent.objects.count() == 0
