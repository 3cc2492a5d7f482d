"""Surveys: asked once, answered once on a page or by the API, scored month by month; a low score opens a case."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from members.models import Member
from members.services.merging import merge_members
from members.services.retention import Outcome, apply_retention, list_past
from omnichannel.models import Place, ServiceCase, SurveyInvitation
from omnichannel.rules.surveys import nps
from tests.members.factories import MemberFactory
from tests.members.test_admin import staff
from tests.omnichannel.factories import PlaceFactory, bearer

pytestmark = pytest.mark.django_db
SURVEY = {
    "title": "After the visit",
    "case_up_to": 6,
    "definition": {
        "questions": [
            {
                "kind": "score",
                "code": "recommend",
                "is_required": True,
                "words": {"en": "Would you recommend us?", "zh-Hant": "您會推薦我們嗎？"},
            },
            {
                "kind": "choice",
                "code": "why",
                "words": {"en": "What was it about?"},
                "options": [
                    {"code": "tea", "words": {"en": "The tea"}},
                    {"code": "staff", "words": {"en": "Us"}},
                ],
            },
            {"kind": "text", "code": "more", "words": {"en": "Tell us more"}},
        ]
    },
}


@pytest.fixture
def place() -> Place:
    return PlaceFactory(code="S12", name="Market Street")


@pytest.fixture
def ada() -> Member:
    return MemberFactory(given_name="Ada", phone="+12125550142", language="zh-TW")


@pytest.fixture
def office(place: Place) -> dict[str, str]:
    return bearer("campaigns", "members", "reports", programme_id=place.programme_id)


@pytest.fixture(autouse=True)
def survey(office: dict[str, str]) -> Any:
    answer = send("put", "surveys/visit", SURVEY, office)
    assert answer.status_code == 201, answer.content
    return answer


def send(method: str, path: str, body: Any, key: dict[str, str]) -> Any:
    content = {"content_type": "application/json"} if body is not None else {}
    return getattr(Client(), method)(f"/api/v1/{path}", body, headers=key, **content)


def invited(office: dict[str, str], member: Member, cause: str = "ord_1") -> dict[str, Any]:
    body = {"member": {"ref": member.ref}, "cause": cause, "store": "S12"}
    return dict(send("post", "surveys/visit/invitations", body, office).json())


def page_of(invitation: dict[str, Any]) -> str:
    return "/s/" + str(invitation["url"]).rpartition("/s/")[2]


def test_a_survey_is_answered_once_on_its_page_and_a_low_score_opens_a_case(
    office: dict[str, str], ada: Member
) -> None:
    asked = invited(office, ada)
    page, browser = page_of(asked), Client()

    shown = browser.get(page)
    wanting = browser.post(page, {"why": "tea", "more": "Cold <b>tea</b>"})
    assert ServiceCase.objects.count() == 0
    done = browser.post(page, {"recommend": "3", "why": "tea", "more": "Cold tea"})
    again = browser.post(page, {"recommend": "10"})

    text = shown.content.decode()
    assert '<html lang="zh-hant"' in text
    assert "您會推薦我們嗎？" in text
    assert text.count('type="radio"') == 13
    assert "<script" not in text
    assert "script-src" not in shown.headers["Content-Security-Policy"]
    assert (wanting.status_code, "is-wanting" in wanting.content.decode()) == (422, True)
    assert "Cold &lt;b&gt;tea" in wanting.content.decode()
    assert "謝謝您" in done.content.decode()
    assert "謝謝您" in again.content.decode()
    assert "謝謝您" in browser.get(page).content.decode()
    row = SurveyInvitation.objects.get()
    assert (row.score, row.answers) == (3, {"recommend": 3, "why": "tea", "more": "Cold tea"})
    case = ServiceCase.objects.get()
    assert (case.subject, case.member, case.place, case.state) == (
        "After the visit: 3 of 10",
        ada,
        row.place,
        "new",
    )
    assert case.steps.get().words == "Cold tea"
    assert invited(office, ada)["ref"] == asked["ref"]
    lines = send("get", f"members/{ada.ref}/timeline?kinds=survey", None, office).json()["results"]
    assert [line["words"] for line in lines] == ["Answered After the visit, 3 of 10"]


def test_an_asking_that_nobody_answered_is_forgotten_and_its_address_says_that_it_is_over(
    office: dict[str, str], ada: Member
) -> None:
    """What was answered stays; a dry run says what would go."""
    page, browser, now = page_of(invited(office, ada)), Client(), datetime.now(UTC)
    answered = page_of(invited(office, ada, "ord_2"))
    browser.post(answered, {"recommend": "9"})
    before, after = now + timedelta(days=179), now + timedelta(days=181)

    assert forgotten(apply_retention(now=before)) == 0
    assert forgotten(list_past(now=after)) == 1
    assert SurveyInvitation.objects.count() == 2
    assert forgotten(apply_retention(now=after)) == 1

    assert SurveyInvitation.objects.get().score == 9
    with time_machine.travel(after):
        for gone in (browser.get(page), browser.post(page, {"recommend": "3"})):
            assert (gone.status_code, "This survey is over." in gone.content.decode()) == (410, True)
        spoken = browser.get(page, headers={"Accept-Language": "fa"}).content.decode()
        assert '<html lang="fa" dir="rtl">' in spoken
        assert "This survey is over." not in spoken
        assert "謝謝您" in browser.get(answered).content.decode()
    assert not ServiceCase.objects.exists()


def forgotten(outcomes: Iterable[Outcome]) -> int:
    return next(one.rows for one in outcomes if one.period.code == "survey_invitations")


def test_an_address_that_was_changed_or_is_over_takes_nothing(office: dict[str, str], ada: Member) -> None:
    page, browser = page_of(invited(office, ada)), Client()

    assert browser.post(page[:-1], {"recommend": "3"}).status_code == 404
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
        assert "這份問卷已經結束了。" in browser.get(page).content.decode()
        assert browser.post(page, {"recommend": "3"}).status_code == 410
    Member.objects.filter(pk=ada.pk).update(state="erased")
    assert browser.get(page).status_code == 404
    assert SurveyInvitation.objects.get().answered_at is None


def test_answers_told_elsewhere_count_once_and_by_their_questions(
    office: dict[str, str], ada: Member
) -> None:
    def tell(cause: str, **answers: Any) -> Any:
        body = {"member": {"phone": "+12125550142"}, "cause": cause, "answers": answers}
        return send("post", "surveys/visit/answers", body, office)

    assert tell("kiosk-1", recommend=10).json()["score"] == 10
    assert tell("kiosk-1", recommend=2).json()["code"] == "survey_answered"
    for answers, code in (
        ({"recommend": 11}, "wrong_type"),
        ({"recommend": "3"}, "wrong_type"),
        ({"why": "tea"}, "missing"),
        ({"recommend": 3, "why": "rain"}, "not_a_choice"),
        ({"recommend": 3, "weather": "x"}, "unknown_field"),
    ):
        refused = tell("kiosk-2", **answers)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
    assert ServiceCase.objects.count() == 0
    assert SurveyInvitation.objects.count() == 1
    twice = {**SURVEY, "definition": {"questions": [SURVEY["definition"]["questions"][0]] * 2}}  # type: ignore[index]
    assert send("put", "surveys/other", twice, office).json()["code"] == "survey_not_valid"
    closed = send("put", "surveys/visit", {**SURVEY, "is_open": False}, office)
    assert (closed.status_code, tell("kiosk-3", recommend=9).json()["code"]) == (200, "survey_over")


def test_a_till_asks_but_reads_no_answers_and_no_address_of_another_asking(
    office: dict[str, str], ada: Member, place: Place
) -> None:
    till = bearer("till", place_id=place.pk)
    body = {"member": {"ref": ada.ref}, "cause": "ord_1"}

    fresh = send("post", "surveys/visit/invitations", body, till)
    Client().post(page_of(fresh.json()), {"recommend": "3", "more": "Cold tea"})
    again = send("post", "surveys/visit/invitations", body, till)
    told = send("post", "surveys/visit/answers", {**body, "cause": "2", "answers": {"recommend": 3}}, till)

    assert (fresh.status_code, again.status_code, told.status_code) == (201, 200, 403)
    hidden = ("url", "answered_at", "score", "answers")
    assert [again.json()[name] for name in hidden] == [None, None, None, {}]
    assert "Cold tea" not in again.content.decode()
    assert invited(office, ada)["answers"]["more"] == "Cold tea"
    assert SurveyInvitation.objects.count() == 1


def test_the_score_goes_month_by_month_by_the_api_and_in_the_admin(
    office: dict[str, str], ada: Member
) -> None:
    for month, scores in ((9, (10, 9, 8, 3)), (10, (10, 7))):
        with time_machine.travel(datetime(2026, month, 15, 12, tzinfo=UTC)):
            for number, score in enumerate(scores):
                body = {
                    "member": {"ref": ada.ref},
                    "cause": f"{month}-{number}",
                    "answers": {"recommend": score},
                }
                assert send("post", "surveys/visit/answers", body, office).status_code == 201

    with time_machine.travel(datetime(2026, 11, 20, tzinfo=UTC)):
        told = send("get", "surveys/visit/scores", None, office).json()
        survey_id = SurveyInvitation.objects.values_list("survey_id", flat=True)[0]
        page = staff("store manager").get(f"/admin/omnichannel/survey/{survey_id}/change/").content.decode()

    assert told["months"] == [
        {"month": "2026-09-01", "promoters": 2, "passives": 1, "detractors": 1, "nps": 25},
        {"month": "2026-10-01", "promoters": 1, "passives": 1, "detractors": 0, "nps": 50},
    ]
    assert (told["answers"], told["nps"]) == (6, 33)
    for words in ("Net promoter score", ">33<", "Oct 2026", "for a score up to 6", "Would you recommend us?"):
        assert words in page


def test_who_was_merged_meanwhile_gets_their_case_where_they_are(office: dict[str, str], ada: Member) -> None:
    grace, page = MemberFactory(given_name="Grace"), page_of(invited(office, ada))
    merge_members(going_id=ada.pk, staying_id=grace.pk, actor="staff:1", now=datetime.now(UTC))

    Client().post(page, {"recommend": "0"})

    assert ServiceCase.objects.get().member == grace


@pytest.mark.parametrize(
    ("counts", "score"),
    [((0, 0, 0), None), ((1, 0, 0), 100), ((0, 0, 3), -100), ((1, 1, 1), 0), ((5, 2, 1), 50)],
)
def test_the_net_promoter_score_is_promoters_less_detractors(
    counts: tuple[int, int, int], score: int | None
) -> None:
    assert nps(*counts) == score
