"""The integrations' doors: find, page through, read and change members."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from members.models import Identity, Member
from members.models.members import Member as MemberModel
from tests.members.factories import MemberFactory
from tests.planning import plan_by_index

pytestmark = pytest.mark.django_db
DOOR = "/api/v1/members"


def refs(client: Client, **filters: object) -> list[str]:
    return [member["ref"] for member in client.get(DOOR, filters).json()["results"]]


def test_a_list_takes_as_many_statements_for_one_member_as_for_three(integration: Client) -> None:
    MemberFactory()
    refs(integration)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            refs(integration)
        counts.append(len(captured))
        MemberFactory()
        MemberFactory()

    assert counts == [4, 4]


def test_pages_follow_each_other_without_gap_or_repeat(integration: Client) -> None:
    members = [MemberFactory().ref for _ in range(5)]

    seen, cursor = [], None
    for _ in range(3):
        page = integration.get(DOOR, {"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [member["ref"] for member in page["results"]]
        cursor = page["next"]

    assert seen == members
    assert cursor is None


@pytest.mark.parametrize(
    "filters",
    [
        {"phone": "(212) 555-0142"},
        {"phone": "+12125550142"},
        {"email": "ADA@example.com"},
        {"card": "ab 12 cd"},
        {"external": "webshop:4711"},
        {"q": "lovel"},
        {"q": "ADA love"},
        {"q": "countess"},
        {"phone": "+12125550142", "q": "ada"},
    ],
)
def test_a_member_is_found_by_anything(integration: Client, filters: dict[str, str]) -> None:
    ada = MemberFactory(
        phone="+12125550142",
        email="ada@example.com",
        card="AB12CD",
        external="webshop:4711",
        given_name="Ada",
        display_name="Countess",
    )
    MemberFactory(given_name="Grace", family_name="Hopper")

    assert refs(integration, **filters) == [ada.ref]


@pytest.mark.parametrize(
    "filters", [{"phone": "+13055550199"}, {"q": "turing"}, {"phone": "+12125550142", "q": "grace"}]
)
def test_who_is_not_there_is_not_found(integration: Client, filters: dict[str, str]) -> None:
    MemberFactory(phone="+12125550142", given_name="Ada")

    assert refs(integration, **filters) == []


@pytest.mark.parametrize(
    "filters", [{"phone": "12"}, {"limit": 201}, {"limit": 0}, {"cursor": "x"}, {"name": "Ada"}]
)
def test_filters_that_make_no_sense_are_refused(integration: Client, filters: dict[str, object]) -> None:
    assert integration.get(DOOR, filters).status_code == 422


def test_a_till_cannot_page_through_members(till: Client) -> None:
    assert till.get(DOOR).status_code == 403
    assert till.get(f"{DOOR}/{MemberFactory().ref}").status_code == 403


def test_one_member_is_read_by_ref_and_cached_by_etag(integration: Client) -> None:
    member = MemberFactory()

    answer = integration.get(f"{DOOR}/{member.ref}")

    assert answer.json()["ref"] == member.ref
    known = {"if-none-match": answer.headers["ETag"]}
    assert integration.get(f"{DOOR}/{member.ref}", headers=known).status_code == 304


@pytest.mark.parametrize("ref", ["mem_01k9w3v7q2f8z6c4x5b1n0m9r8", "nobody", "%00", "mem_"])
def test_an_unknown_ref_is_not_found(integration: Client, ref: str) -> None:
    answer = integration.get(f"{DOOR}/{ref}")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_identities_are_added_and_kept(integration: Client) -> None:
    ada = MemberFactory()

    answer = integration.patch(
        f"{DOOR}/{ada.ref}",
        {"email": "Ada@example.com", "card": "AB12CD", "family_name": "King"},
        content_type="application/json",
    )

    assert answer.status_code == 200
    assert answer.json()["family_name"] == "King"
    assert {known["kind"] for known in answer.json()["identities"]} == {"phone", "card", "email"}
    assert len(answer.json()["identities"]) == 4


def test_an_identity_of_somebody_else_is_refused_and_nothing_changes(integration: Client) -> None:
    ada, bob = MemberFactory(given_name="Ada"), MemberFactory(email="bob@example.com")
    before = Identity.objects.count()

    answer = integration.patch(
        f"{DOOR}/{ada.ref}",
        {"card": "AB12CD", "email": "bob@example.com", "given_name": "Mallory"},
        content_type="application/json",
    )

    assert answer.status_code == 409
    assert answer.json()["code"] == "identity_taken"
    assert answer.json()["member"] == bob.ref
    assert Identity.objects.count() == before
    assert Member.objects.get(pk=ada.pk).given_name == "Ada"


def test_an_erased_member_is_not_changed(integration: Client) -> None:
    ada = MemberFactory(given_name="Ada")
    Member.objects.filter(pk=ada.pk).update(state="erased")

    answer = integration.patch(f"{DOOR}/{ada.ref}", {"given_name": "X"}, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (409, "member_not_active")


def test_the_row_before_each_change_is_kept(integration: Client) -> None:
    ada = MemberFactory(given_name="Ada")

    integration.patch(f"{DOOR}/{ada.ref}", {"given_name": "Augusta"}, content_type="application/json")

    history = MemberModel._meta.get_field("events").related_model.objects
    assert [row.given_name for row in history.filter(pgh_obj_id=ada.pk)] == ["Ada"]


def test_the_name_index_serves_pieces_of_names() -> None:
    MemberFactory()
    with connection.cursor() as cursor:
        plan_by_index(cursor)
        cursor.execute(
            "EXPLAIN SELECT 1 FROM members_member WHERE UPPER(given_name::text) LIKE UPPER('%Ada%')"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "member_by_piece_of_name" in plan


def test_statements_of_reading_one_member(integration: Client, django_assert_num_queries: Callable) -> None:
    member = MemberFactory()
    integration.get(f"{DOOR}/{member.ref}")

    with django_assert_num_queries(3):
        integration.get(f"{DOOR}/{member.ref}")
