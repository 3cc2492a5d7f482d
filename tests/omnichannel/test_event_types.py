"""What events a programme takes: built-in types, and those that it declares by API or in the admin."""

from typing import Any

import msgspec
import pytest
from django.test import Client

from config.ground import clock
from config.ground.api import exact_limits
from config.staff.roles import FINANCE, MARKETER
from members.models import Member
from omnichannel.models import BehaviourEvent, EventProperty, EventType, Programme
from omnichannel.rules.built_in_events import BUILT_IN
from tests.members.factories import MemberFactory, bearer_of
from tests.omnichannel.factories import MADE_AT, PlaceFactory, ProgrammeFactory, bearer
from tests.omnichannel.visitors import signed_in

TYPES = "/api/v1/event-types"
TASTING = {
    "title": "Tasting",
    "properties": [
        {"name": "tea", "is_required": True, "allowed": ["green", "black"]},
        {"name": "cups", "kind": "number"},
    ],
    "is_told_by_members": True,
}


@pytest.fixture
def programme(db: None) -> Programme:
    return ProgrammeFactory()


@pytest.fixture
def key(programme: Programme) -> dict[str, str]:
    return bearer("events", programme_id=programme.pk)


@pytest.fixture(autouse=True)
def fresh_limits(settings: Any) -> None:
    settings.CACHE_URL = "memory://"
    exact_limits.forget_all()


def own(client: Client, member: Member, *events: dict[str, Any]) -> Any:
    return client.post(
        "/api/v1/me/events",
        {"events": list(events)},
        "application/json",
        headers={"Authorization": bearer_of(member, now=clock.now())},
    )


def put(client: Client, key: dict[str, str], code: str, body: Any, **headers: str) -> Any:
    return client.put(f"{TYPES}/{code}", body, "application/json", headers=key | headers)


def built_in(code: str, **otherwise: Any) -> dict[str, Any]:
    """The body that declares a built-in type as it is, but for what is said."""
    facts = msgspec.to_builtins(BUILT_IN[code])
    return {name: value for name, value in facts.items() if name != "code"} | otherwise


def outcomes(answer: Any) -> list[str]:
    return [row["code"] or row["outcome"] for row in answer.json()["results"]]


def test_a_retailer_s_own_type_works_without_code(
    client: Client, programme: Programme, key: dict[str, str]
) -> None:
    member = MemberFactory()

    declared = put(client, key, "tasting", TASTING)

    assert declared.status_code == 201, declared.json()
    assert put(client, key, "tasting", TASTING).status_code == 200
    assert client.get(f"{TYPES}/tasting", headers=key).json() == {
        **declared.json(),
        "code": "tasting",
        "is_act": True,
        "is_retired": False,
    }
    listed = {one["code"] for one in client.get(TYPES, headers=key).json()["results"]}
    assert {"tasting", "page_view", "review", "profile_completed"} <= listed
    told = own(
        client,
        member,
        {"id": "1", "type": "tasting", "properties": {"tea": "green", "cups": 2.5}},
        {"id": "2", "type": "tasting", "properties": {"tea": "white"}},
        {"id": "3", "type": "review"},
    )
    assert outcomes(told) == ["recorded", "not_a_choice", "not_told_by_members"]
    assert BehaviourEvent.objects.get().properties == {"tea": "green", "cups": 2.5}


def test_two_members_apps_may_number_their_events_alike(client: Client, programme: Programme) -> None:
    told = {"id": "1", "type": "app_install"}

    first, second = MemberFactory(), MemberFactory()

    assert [outcomes(own(client, one, told)) for one in (first, second, first)] == [
        ["recorded"],
        ["recorded"],
        ["known"],
    ]


def test_nobody_tells_now_what_they_did_last_year(client: Client, programme: Programme) -> None:
    told = {"id": "1", "type": "app_install", "happened_at": MADE_AT.isoformat()}

    assert outcomes(own(client, MemberFactory(), told)) == ["told_too_late"]
    assert BehaviourEvent.objects.count() == 0


def test_a_retired_type_is_told_no_more(client: Client, programme: Programme, key: dict[str, str]) -> None:
    put(client, key, "app_install", built_in("app_install", is_retired=True))

    assert outcomes(own(client, MemberFactory(), {"id": "1", "type": "app_install"})) == [
        "event_type_retired"
    ]


def test_what_was_told_before_its_type_was_retired_is_known(
    client: Client, programme: Programme, key: dict[str, str]
) -> None:
    member = MemberFactory()
    told = {"id": "1", "type": "app_install"}
    (first,) = own(client, member, told).json()["results"]
    put(client, key, "app_install", built_in("app_install", is_retired=True))

    again, new = own(client, member, told, {"id": "2", "type": "app_install"}).json()["results"]

    assert (again["outcome"], again["ref"], again["code"]) == ("known", first["ref"], None)
    assert (new["outcome"], new["code"]) == ("refused", "event_type_retired")
    assert BehaviourEvent.objects.count() == 1


@pytest.mark.parametrize(
    "properties",
    [
        [{"name": "tea"}, {"name": "tea"}],
        [{"name": "fresh", "kind": "yes_no", "allowed": ["yes"]}],
        [{"name": "cups", "kind": "number", "allowed": ["one"]}],
    ],
)
def test_a_type_that_could_not_be_told_is_not_declared(
    client: Client, key: dict[str, str], properties: list[dict[str, Any]]
) -> None:
    refused = put(client, key, "tasting", TASTING | {"properties": properties})

    assert refused.status_code == 422
    assert refused.json()["code"] == "event_type_not_valid"
    assert EventType.objects.count() == 0


@pytest.mark.parametrize(
    ("otherwise", "pointer", "names"),
    [
        ({"properties": [{"name": "product"}]}, "/properties", "rating (number)"),
        (
            {"properties": [{"name": one.name} for one in BUILT_IN["review"].properties]},
            "/properties",
            "rating",
        ),
        ({"is_act": False}, "/is_act", "may earn points"),
    ],
)
def test_a_built_in_type_keeps_what_rules_count_on(
    client: Client, key: dict[str, str], otherwise: dict[str, Any], pointer: str, names: str
) -> None:
    refused = put(client, key, "review", built_in("review", **otherwise))

    assert (refused.status_code, refused.json()["code"]) == (422, "event_type_not_valid")
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert names in refused.json()["errors"][0]["detail"]
    more = [*built_in("review")["properties"], {"name": "language"}]
    assert put(client, key, "review", built_in("review", properties=more)).status_code == 201


def test_the_key_of_one_store_declares_nothing(client: Client, programme: Programme) -> None:
    of_one_store = bearer("events", place_id=PlaceFactory(programme=programme).pk)

    refused = put(client, of_one_store, "tasting", TASTING)

    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert EventType.objects.count() == 0


def test_a_type_that_changed_meanwhile_is_not_written_over(
    client: Client, programme: Programme, key: dict[str, str]
) -> None:
    etag = client.get(f"{TYPES}/review", headers=key)["ETag"]
    put(client, key, "review", built_in("review", title="A review"))

    refused = put(client, key, "review", built_in("review", title="Mine"), **{"If-Match": etag})

    assert refused.status_code == 412
    assert EventType.objects.get().title == "A review"


def _form(programme: Programme, **more: Any) -> dict[str, Any]:
    rows = [("tea", "text", "on", "green,black"), ("cups", "number", "", "")]
    form = {
        "programme": programme.pk,
        "title": "Tasting",
        "code": "tasting",
        "is_act": "on",
        "properties-TOTAL_FORMS": len(rows),
        "properties-INITIAL_FORMS": 0,
    }
    for at, (name, kind, required, allowed) in enumerate(rows):
        form |= {
            f"properties-{at}-name": name,
            f"properties-{at}-kind": kind,
            f"properties-{at}-allowed": allowed,
        }
        form |= {f"properties-{at}-is_required": required} if required else {}
    return form | more


def test_a_marketer_declares_a_type_in_the_admin(programme: Programme) -> None:
    client = signed_in(MARKETER)

    saved = client.post("/admin/omnichannel/eventtype/add/", _form(programme))

    assert saved.status_code == 302, saved.context["adminform"].form.errors
    kept = EventProperty.objects.order_by("pk").values_list("name", "kind", "is_required", "allowed")
    assert list(kept) == [("tea", "text", True, ["green", "black"]), ("cups", "number", False, [])]
    page = client.get("/admin/omnichannel/eventtype/").content.decode()
    assert "tea (must be told; one of green, black), cups (number)" in page
    assert "Profile completed" in page
    again = client.post("/admin/omnichannel/eventtype/add/", _form(programme))
    assert "The programme declares this type already" in again.content.decode()


def test_a_built_in_type_is_declared_otherwise_from_what_it_says(programme: Programme) -> None:
    page = signed_in(MARKETER).get("/admin/omnichannel/eventtype/add/?like=review").content.decode()

    assert 'value="Review"' in page
    assert 'value="1,2,3,4,5"' in page


def test_a_property_that_could_not_be_told_is_refused_in_the_form(programme: Programme) -> None:
    wrong = _form(programme) | {"properties-1-allowed": "one"}

    refused = signed_in(MARKETER).post("/admin/omnichannel/eventtype/add/", wrong)

    assert "The allowed values of &#x27;cups&#x27; are numbers." in refused.content.decode()
    assert EventType.objects.count() == 0


def test_a_built_in_type_keeps_its_properties_in_the_form_too(programme: Programme) -> None:
    wrong = _form(programme) | {"title": "Review", "code": "review"}

    refused = signed_in(MARKETER).post("/admin/omnichannel/eventtype/add/", wrong)

    assert "keeps its properties: product (text), rating (number)" in refused.content.decode()
    assert EventType.objects.count() == 0


def test_who_serves_a_store_declares_types_for_its_programme(programme: Programme) -> None:
    own = PlaceFactory(programme=ProgrammeFactory())
    client = signed_in(MARKETER, at=own)

    form = client.get("/admin/omnichannel/eventtype/add/").context["adminform"].form
    refused = client.post("/admin/omnichannel/eventtype/add/", _form(programme))

    assert list(form.fields["programme"].queryset) == [own.programme]
    assert form["programme"].value() == own.programme_id
    assert "programme" in refused.context["adminform"].form.errors
    assert client.post("/admin/omnichannel/eventtype/add/", _form(own.programme)).status_code == 302


def test_who_reads_the_books_declares_nothing(programme: Programme) -> None:
    assert signed_in(FINANCE).get("/admin/omnichannel/eventtype/").status_code in (302, 403)
