"""Real threads on real PostgreSQL: of two who send one ETag, one writes and the other is told to read again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from config.ground.typed import load
from omnichannel.errors import SurveyChangedMeanwhile
from omnichannel.models import Survey
from omnichannel.rules.surveys import SurveyDefinition
from omnichannel.services.surveys import declare_survey
from tests.members.factories import MemberFactory, bearer_of
from tests.omnichannel.factories import PlaceFactory, ProgrammeFactory, bearer
from tests.omnichannel.test_surveys import SURVEY
from tests.slowly import others_at_it

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 12
NEWS = ("never", "any")


def send(method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
    content = {"content_type": "application/json"} if body is not None else {}
    return getattr(Client(), method)(f"/api/v1/{path}", body, headers=headers, **content)


def outcomes(method: str, path: str, bodies: list[Any], key: dict[str, str]) -> list[int]:
    """What becomes of writes at the same moment by clients who read the same."""
    seen = {"If-Match": send("get", path, None, key).headers["ETag"]}
    barrier = Barrier(len(bodies))

    def write(body: Any) -> int:
        try:
            barrier.wait()
            return int(send(method, path, body, key | seen).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(bodies)) as threads:
        return sorted(threads.map(write, bodies))


def test_of_two_who_change_a_member_one_reads_again() -> None:
    member, key = MemberFactory(), bearer("members", programme_id=ProgrammeFactory().pk)

    for number in range(ROUNDS):
        names = [{"given_name": f"{letter}{number}"} for letter in "AB"]
        assert outcomes("patch", f"members/{member.ref}", names, key) == [200, 412]


def test_of_two_windows_of_a_member_one_reads_again() -> None:
    ada = MemberFactory(phone="+12125550142")
    token = {"Authorization": bearer_of(ada, now=datetime.now(UTC))}

    for number in range(ROUNDS):
        names = [{"given_name": f"{letter}{number}"} for letter in "AB"]
        assert outcomes("patch", "me", names, token) == [200, 412]


@pytest.mark.parametrize(
    ("method", "path", "body", "changed"),
    [
        ("patch", "stores/S12", {}, "name"),
        ("put", "products/TEA", {"name": "Tea", "price_minor": 450, "category": "tea"}, "name"),
        ("put", "event-types/tasting", {"title": "Tasting", "properties": [], "is_act": True}, "title"),
    ],
)
def test_of_two_who_change_what_the_house_declares_one_reads_again(
    method: str, path: str, body: dict[str, Any], changed: str
) -> None:
    place = PlaceFactory(code="S12")
    key = bearer("catalogue", "events", programme_id=place.programme_id)
    if method == "put":
        assert send("put", path, body, key).status_code == 201

    for number in range(ROUNDS):
        names = [{**body, changed: f"{letter}{number}"} for letter in "AB"]
        assert outcomes(method, path, names, key) == [200, 412]


@pytest.mark.parametrize(
    ("method", "path", "body", "changed"),
    [
        ("patch", "stores/S12", {}, "name"),
        ("put", "products/TEA", {"name": "Tea", "price_minor": 450, "category": "tea"}, "name"),
        ("put", "event-types/tasting", {"title": "Tasting", "properties": [], "is_act": True}, "title"),
        ("put", "event-types/share", {"properties": [{"name": "product"}, {"name": "where"}]}, "title"),
        ("put", "surveys/visit", SURVEY, "title"),
    ],
)
def test_who_sends_an_etag_overwrites_nobody_who_sends_none(
    method: str, path: str, body: dict[str, Any], changed: str
) -> None:
    place = PlaceFactory(code="S12")
    key, other = (
        bearer("catalogue", "events", "campaigns", programme_id=place.programme_id) for _ in range(2)
    )
    if method == "put" and path != "event-types/share":
        assert send("put", path, body, key).status_code == 201
    seen = {"If-Match": send("get", path, None, key).headers["ETag"]}

    with others_at_it([lambda: send(method, path, {**body, changed: "Theirs"}, other)]):
        late = send(method, path, {**body, changed: "Mine"}, key | seen)

    assert late.status_code == 412
    assert send("get", path, None, key).json()[changed] == "Theirs"


def test_of_two_who_change_a_survey_one_reads_again() -> None:
    key = bearer("campaigns", programme_id=ProgrammeFactory().pk)
    assert send("put", "surveys/visit", SURVEY, key).status_code == 201

    for number in range(ROUNDS):
        titles = [{**SURVEY, "title": f"{letter}{number}"} for letter in "AB"]
        assert outcomes("put", "surveys/visit", titles, key) == [200, 412]


def test_of_two_who_write_a_new_survey_at_once_one_is_told() -> None:
    programme_id, definition = ProgrammeFactory().pk, load(SurveyDefinition, SURVEY["definition"])

    for number in range(ROUNDS):
        barrier = Barrier(2)

        def declare(title: str, code: str = f"visit-{number}", barrier: Barrier = barrier) -> str:
            said = {"title": title, "definition": definition, "case_up_to": None, "is_open": True}
            try:
                barrier.wait()
                declare_survey(programme_id, code, **said, seen="")
            except SurveyChangedMeanwhile:
                return ""
            finally:
                connection.close()
            return title

        with ThreadPoolExecutor(2) as threads:
            told = sorted(threads.map(declare, "AB"))
        assert told == ["", Survey.objects.get(code=f"visit-{number}").title]


def test_two_who_change_other_wishes_of_a_member_both_have_them() -> None:
    ada = MemberFactory(phone="+12125550142")
    token = {"Authorization": bearer_of(ada, now=datetime.now(UTC))}
    send("patch", "me/preferences", {"invoice": "paper"}, token)

    for number in range(ROUNDS):
        barrier, wanted = Barrier(2), {"packaging": f"no bag {number}", "frequency": NEWS[number % 2]}

        def change(said: tuple[str, str], barrier: Barrier = barrier) -> int:
            try:
                barrier.wait()
                return int(send("patch", "me/preferences", dict([said]), token).status_code)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as threads:
            assert list(threads.map(change, wanted.items())) == [200, 200]
        holds = send("get", "me/preferences", None, token).json()
        assert {name: holds[name] for name in wanted} == wanted
