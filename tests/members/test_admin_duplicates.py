"""The queue of members who may be one person: both side by side, and who may decide."""

from datetime import datetime

import msgspec
import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.models import LikelyPair, LikenessWeights, Member, PairState
from members.rules.likeness_weights import DEFAULT
from members.services.duplicates import check_all_members
from tests.members.factories import MemberFactory
from tests.members.test_admin import staff

pytestmark = pytest.mark.django_db
LIST = "/admin/members/likelypair/"


@pytest.fixture
def ada() -> Member:
    return MemberFactory(
        given_name="Ada", family_name="Lovelace", birth_month=12, birth_day=10, phone="+12125550142"
    )


@pytest.fixture
def pair(ada: Member, now: datetime) -> LikelyPair:
    MemberFactory(
        given_name="Ada", family_name="Lovelacce", birth_month=12, birth_day=10, phone="+12125550143"
    )
    check_all_members(now=now)
    return LikelyPair.objects.get()


def page_of(pair: LikelyPair) -> str:
    return f"{LIST}{pair.pk}/change/"


def test_both_stand_side_by_side_with_the_reasons(pair: LikelyPair) -> None:
    manager = staff("store manager")

    page = manager.get(page_of(pair)).content.decode()

    assert "Ada Lovelace and Ada Lovelacce" in page
    assert "+12125550142" in page
    assert "+12125550143" in page
    assert "Family name: one slip apart" in page
    assert page.index("Lovelace</a>") < page.index("Lovelacce</a>")
    assert "Ada Lovelacce" in manager.get(LIST).content.decode()


def test_the_reasons_come_to_the_score_as_it_was_weighed(pair: LikelyPair, now: datetime) -> None:
    weights = msgspec.structs.replace(DEFAULT, version=2, start=-3.0)
    LikenessWeights.objects.create(
        version=2, weights=msgspec.to_builtins(weights), learnt_from=1, made_at=now, made_by="staff:1"
    )
    manager = staff("store manager")

    page = manager.get(page_of(pair))

    reasons = dict(page.context["reasons"])
    assert reasons["Before anything is compared"] == DEFAULT.start
    assert sum(reasons.values()) == pytest.approx(pair.score)
    assert "by version 1 of the weights" in page.content.decode()


def test_the_list_shows_what_is_to_be_looked_at_until_another_state_is_chosen(pair: LikelyPair) -> None:
    manager = staff("store manager")
    manager.post(page_of(pair), {"_different": ""})

    assert "Ada Lovelacce" not in manager.get(LIST).content.decode()
    assert "Ada Lovelacce" in manager.get(LIST, {"state": "different"}).content.decode()


@pytest.mark.parametrize(
    ("button", "state"),
    [("_same", PairState.SAME), ("_different", PairState.DIFFERENT), ("_later", PairState.LATER)],
)
def test_a_manager_decides(pair: LikelyPair, button: str, state: PairState) -> None:
    manager = staff("store manager")

    answer = manager.post(page_of(pair), {button: ""}, follow=True)

    pair.refresh_from_db()
    assert pair.state == state
    assert pair.decided_by.startswith("staff:")
    assert f"Written down: {state.label}." in answer.content.decode()
    assert LogEntry.objects.get().change_message == f"Pair: {state.label}."


def test_what_is_decided_is_not_decided_again(pair: LikelyPair) -> None:
    manager = staff("store manager")
    manager.post(page_of(pair), {"_same": ""})

    page = manager.get(page_of(pair)).content.decode()
    answer = manager.post(page_of(pair), {"_different": ""}, follow=True)

    assert 'name="_different"' not in page
    assert "has decided" in answer.content.decode()
    pair.refresh_from_db()
    assert pair.state == PairState.SAME


@pytest.mark.parametrize("role", ["cashier", "marketer", "finance"])
def test_others_do_not_see_the_queue(pair: LikelyPair, role: str) -> None:
    client = staff(role)

    assert client.get(LIST).status_code == 403
    assert client.post(page_of(pair), {"_same": ""}).status_code in (403, 404)
    pair.refresh_from_db()
    assert pair.state == PairState.OPEN


def test_who_may_not_see_personal_data_sees_it_masked(pair: LikelyPair) -> None:
    manager = staff("store manager")
    person = manager.get("/admin/").context["user"]
    group = person.groups.get()
    group.permissions.remove(group.permissions.get(codename="see_personal_data"))

    page = manager.get(page_of(pair)).content.decode()

    assert "+12125550142" not in page
    assert "12-10" not in page
    assert "+1•••42" in page


def test_the_list_takes_as_many_statements_for_three_pairs_as_for_one(
    pair: LikelyPair, now: datetime
) -> None:
    manager = staff("store manager")
    manager.get(LIST)
    with CaptureQueriesContext(connection) as for_one:
        manager.get(LIST)
    for name in ("Quentin", "Zora"):
        for end in ("com", "org"):
            MemberFactory(given_name=name, family_name="Abel", phone=None, email=f"{name}@example.{end}")
    check_all_members(now=now)

    with CaptureQueriesContext(connection) as for_three:
        page = manager.get(LIST).content.decode()

    assert LikelyPair.objects.count() == 3
    assert "Zora Abel" in page
    assert len(for_three) == len(for_one)
