"""What of cases, conversations and surveys is whose: of other stores, of another member, of who was erased."""

from typing import Any

import pytest
from django.test import Client

from config.staff.models import Staff
from members.models import Member
from omnichannel.models import CaseStep, Interaction, Place, ServiceCase, Survey, SurveyInvitation
from tests.members.factories import MemberFactory
from tests.members.test_admin import staff
from tests.omnichannel.factories import PlaceFactory, bearer, serves
from tests.omnichannel.test_cases import CASES, TALKS, opened, send
from tests.omnichannel.test_surveys import SURVEY

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Place:
    return PlaceFactory(code="S12", name="Market Street")


@pytest.fixture
def elsewhere(place: Place) -> Place:
    return PlaceFactory(programme=place.programme, code="S99", name="Mill Lane")


@pytest.fixture
def ada() -> Member:
    return MemberFactory(given_name="Ada", phone="+12125550142")


@pytest.fixture
def office(place: Place) -> dict[str, str]:
    return bearer("members", "campaigns", programme_id=place.programme_id)


def talked(office: dict[str, str], member: Member, outcome: str, **more: Any) -> Any:
    body = {"member": {"ref": member.ref}, "kind": "call", "outcome": outcome} | more
    return send("post", "interactions", body, **office)


def answered(office: dict[str, str], member: Member, words: str, **more: Any) -> Any:
    body = {"member": {"ref": member.ref}, "cause": words, "answers": {"recommend": 9, "more": words}} | more
    return send("post", "surveys/visit/answers", body, **office)


@pytest.fixture
def life(office: dict[str, str], ada: Member, place: Place, elsewhere: Place) -> Member:
    """A case, a conversation and an answer at each of two stores, and at none."""
    assert send("put", "surveys/visit", SURVEY, **office).status_code == 201
    for words, where in (("here", {"store": "S12"}), ("there", {"store": "S99"}), ("nowhere", {})):
        case = opened(office, ada, subject=f"Cup {words}", **where)
        assert talked(office, ada, f"Spoke {words}", case=case["ref"], **where).status_code == 201
        assert answered(office, ada, f"Said {words}", **where).status_code == 201
    return ada


def manager_of(place: Place) -> Client:
    client = staff("store manager")
    serves(Staff.objects.get(username="store-manager"), place)
    return client


def words_in(text: str) -> set[str]:
    return {
        f"{what} {where}"
        for what in ("Cup", "Spoke", "Said")
        for where in ("here", "there", "nowhere")
        if f"{what} {where}" in text
    }


def test_who_serves_a_store_reads_no_words_of_another_in_the_timeline(life: Member, place: Place) -> None:
    client = manager_of(place)

    whole = client.get(f"/admin/members/member/{life.pk}/timeline/").content.decode()
    first = client.get(f"/admin/members/member/{life.pk}/change/").content.decode()

    assert words_in(whole) == {"Cup here", "Spoke here", "Cup nowhere", "Spoke nowhere"}
    assert whole.count("Answered After the visit") == 2
    assert words_in(first) == words_in(whole)


def test_a_key_of_a_store_is_told_of_that_store_alone(
    life: Member, place: Place, office: dict[str, str]
) -> None:
    path = f"members/{life.ref}/timeline?kinds=case,interaction,survey"

    own = send("get", path, **bearer("members", place_id=place.pk)).content.decode()
    everything = send("get", path, **office).content.decode()

    assert words_in(own) == {"Cup here", "Spoke here", "Said here"}
    assert len(words_in(everything)) == 9


def test_who_serves_a_store_reads_the_answers_and_scores_given_there(life: Member, place: Place) -> None:
    survey = f"/admin/omnichannel/survey/{Survey.objects.get().pk}/change/"

    own = manager_of(place).get(survey).content.decode()
    everything = staff("marketer").get(survey).content.decode()

    assert words_in(own) == {"Said here", "Said nowhere"}
    assert "of 2 answers in twelve months, at your stores or at none" in own
    assert "of 3 answers in twelve months<" in everything


def test_a_case_tells_no_conversation_of_another_store(
    life: Member, place: Place, office: dict[str, str]
) -> None:
    case = ServiceCase.objects.get(subject="Cup here")
    assert talked(office, life, "Spoke there", case=case.ref, store="S99").status_code == 201

    shown = manager_of(place).get(f"{CASES}{case.pk}/change/").content.decode()

    assert words_in(shown) == {"Cup here", "Spoke here"}


def test_a_conversation_hangs_on_no_case_of_another_member(life: Member, office: dict[str, str]) -> None:
    grace, case = MemberFactory(given_name="Grace"), ServiceCase.objects.get(subject="Cup nowhere")
    before = Interaction.objects.count()

    refused = talked(office, grace, "Wants another cup", case=case.ref)

    assert (refused.status_code, refused.json()["code"]) == (422, "case_of_another_member")
    assert Interaction.objects.count() == before


def test_nothing_is_written_about_who_was_erased(life: Member, place: Place) -> None:
    client, page = staff("store manager"), f"/admin/members/member/{life.pk}/change/"
    case = ServiceCase.objects.get(subject="Cup here")
    Member.objects.filter(pk=life.pk).update(state="erased")
    new_case = {"subject": "Cold tea", "kind": "complaint", "priority": "3_normal", "place": place.pk}
    talk = {"kind": "visit", "outcome": "Came with a cup", "place": place.pk}
    step = {"state": "open", "priority": "3_normal", "words": "She phoned.", "version": case.version}
    before = (ServiceCase.objects.count(), Interaction.objects.count(), CaseStep.objects.count())

    for path, body in ((CASES, new_case), (TALKS, talk)):
        refused = client.post(f"{path}add/?member={life.pk}", body)
        assert (refused.status_code, refused.headers["Location"]) == (302, page)
    on_the_case = client.post(f"{CASES}{case.pk}/change/", step)

    assert "This member was merged or erased" in on_the_case.content.decode()
    assert (ServiceCase.objects.count(), Interaction.objects.count(), CaseStep.objects.count()) == before
    case.refresh_from_db()
    assert case.state == "new"


def test_nobody_who_was_erased_is_asked_anything(life: Member, place: Place) -> None:
    key = bearer("campaigns", "members", programme_id=place.programme_id)
    code = Survey.objects.get().code
    before = SurveyInvitation.objects.count()
    Member.objects.filter(pk=life.pk).update(state="erased")

    body = {"member": {"ref": life.ref}, "cause": "another visit"}
    refused = Client().post(f"/api/v1/surveys/{code}/invitations", body, "application/json", headers=key)

    assert (refused.status_code, refused.json()["code"]) == (409, "member_not_active")
    assert SurveyInvitation.objects.count() == before
