"""Surveys in the admin: a marketer says what is asked, row by row and in many languages, looks at it, and closes it."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, strategies as st

from members.models import Member
from omnichannel.admin.survey_words import WordsNotUsable, lines_of, options_in, text_of_options, words_in
from omnichannel.models import Programme, Survey, SurveyInvitation
from omnichannel.queries.surveys import definition_of
from omnichannel.rules.surveys import SurveyOption
from tests.members.factories import MemberFactory
from tests.members.test_admin import staff
from tests.omnichannel.factories import ProgrammeFactory, bearer
from tests.omnichannel.test_surveys import SURVEY, page_of, send

pytestmark = pytest.mark.django_db
LIST = "/admin/omnichannel/survey/"


@pytest.fixture
def programme() -> Programme:
    return ProgrammeFactory()


@pytest.fixture
def marketer(programme: Programme) -> Client:
    return staff("marketer")


def row(number: int, **told: Any) -> dict[str, Any]:
    return {f"questions-{number}-{name}": value for name, value in told.items()}


def form(programme: Programme, *rows: dict[str, Any], known: int = 0, **told: Any) -> dict[str, Any]:
    """What a browser sends."""
    sent = {"programme": programme.pk, "title": "After the visit", "code": "visit", "is_open": "on"}
    sent |= {"questions-TOTAL_FORMS": str(len(rows)), "questions-INITIAL_FORMS": str(known), **told}
    for number, one in enumerate(rows):
        sent |= row(number, **{"kind": "score", **one})
    return sent


RECOMMEND = {"words": "Would you recommend us?\nzh-Hant: 您會推薦我們嗎？", "is_required": "on", "ORDER": "1"}
WHY = {"words": "What was it about?", "kind": "choice", "options": "The tea | zh-Hant: 茶\nus = The people"}


def test_a_marketer_says_what_is_asked_row_by_row(marketer: Client, programme: Programme) -> None:
    more = {"kind": "text", "words": "Tell us more"}
    saved = marketer.post(f"{LIST}add/", form(programme, WHY, more, RECOMMEND, {}, case_up_to="6"))

    survey = Survey.objects.get()
    assert (saved.status_code, saved.headers["Location"]) == (302, f"{LIST}{survey.pk}/change/")
    assert (survey.title, survey.code, survey.case_up_to, survey.is_open) == (
        "After the visit",
        "visit",
        6,
        True,
    )
    first, second, third = definition_of(survey).questions
    assert (first.code, first.is_required) == ("would_you_recommend_us", True)
    assert first.words == {"en": "Would you recommend us?", "zh-Hant": "您會推薦我們嗎？"}
    assert [(one.code, one.words) for one in second.options] == [  # type: ignore[union-attr]
        ("the_tea", {"en": "The tea", "zh-Hant": "茶"}),
        ("us", {"en": "The people"}),
    ]
    assert (third.code, definition_of(survey).send["fa"]) == ("tell_us_more", "ارسال")
    results = marketer.get(f"{LIST}{survey.pk}/change/").content.decode()
    assert "Change what it asks" in results
    shown = marketer.get(f"{LIST}{survey.pk}/preview/?language=zh-Hant").content.decode()
    assert "您會推薦我們嗎？" in shown
    assert "<button disabled>送出</button>" in shown


def filled_in(page: str) -> dict[str, str]:
    """What a browser would send if the form were posted untouched."""
    sent: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        told = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        is_box = told.get("type") == "checkbox"
        if not is_box or re.search(r"\schecked(?=[\s/>])", tag):
            sent[told.get("name", "")] = unescape(told.get("value", "on" if is_box else ""))
    for name, text in re.findall(r'<textarea name="([^"]*)"[^>]*>(.*?)</textarea>', page, flags=re.DOTALL):
        sent[name] = unescape(text).removeprefix("\n")
    for name, options in re.findall(r'<select name="([^"]*)".*?>(.*?)</select>', page, flags=re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)"[^>]*selected', options)
        sent[name] = chosen[1] if chosen else ""
    return sent


def test_a_survey_told_by_the_api_is_changed_in_the_form_and_nothing_is_lost(
    marketer: Client, programme: Programme
) -> None:
    key = bearer("campaigns", programme_id=programme.pk)
    assert send("put", "surveys/visit", SURVEY, key).status_code == 201
    before, ask = Survey.objects.get(), f"{LIST}{Survey.objects.get().pk}/ask/"
    untouched = filled_in(marketer.get(ask).content.decode())

    assert marketer.post(ask, untouched).status_code == 302
    same = Survey.objects.get()
    assert (same.definition, same.title, same.case_up_to) == (
        before.definition,
        before.title,
        before.case_up_to,
    )
    fewer = {name: value for name, value in untouched.items() if name != "is_open"} | {
        "questions-1-DELETE": "on"
    }
    assert marketer.post(ask, fewer).status_code == 302
    closed = Survey.objects.get()
    assert ([one.code for one in definition_of(closed).questions], closed.is_open) == (
        ["recommend", "more"],
        False,
    )
    late = marketer.post(ask, untouched)
    assert "Somebody else changed this survey meanwhile. Open it again." in late.content.decode()
    assert Survey.objects.get().is_open is False


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{}], "Ask at least one question."),
        ([{**RECOMMEND, "words": "One\nTwo"}], "There are two sentences in"),
        ([{**WHY, "options": "Tea"}], "Give at least two."),
        ([{**WHY, "options": "a = Tea\na = Cake"}], "Two options are called"),
        ([{"words": "Why?", "code": "No code"}], "Enter a valid value."),
        ([RECOMMEND, {"code": "more"}], "Say what is asked."),
        ([{"words": "x" * 501}], "A sentence has at most 500 letters."),
        ([{"words": "A", "code": "a"}, {"words": "B", "code": "a"}], "There are two named"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_it(
    marketer: Client, programme: Programme, rows: list[dict[str, Any]], says: str
) -> None:
    refused = marketer.post(f"{LIST}add/", form(programme, *rows))

    assert (refused.status_code, says in unescape(refused.content.decode())) == (200, True)
    assert not Survey.objects.exists()


def test_a_preview_writes_nothing_and_a_code_is_given_once(marketer: Client, programme: Programme) -> None:
    asked = form(programme, RECOMMEND, WHY)

    shown = marketer.post(f"{LIST}add/", asked | {"preview": "1"}).content.decode()
    assert ("Would you recommend us?" in shown, Survey.objects.exists()) == (True, False)
    assert marketer.post(f"{LIST}add/", asked).status_code == 302
    again = marketer.post(f"{LIST}add/", asked | {"title": "Another"}).content.decode()

    assert "The programme has a survey of this code already." in again
    assert Survey.objects.get().title == "After the visit"


def test_who_may_only_look_neither_asks_nor_changes(programme: Programme) -> None:
    send("put", "surveys/visit", SURVEY, bearer("campaigns", programme_id=programme.pk))
    manager, survey = staff("store manager"), Survey.objects.get()

    assert manager.get(f"{LIST}add/").status_code == 403
    assert manager.get(f"{LIST}{survey.pk}/ask/").status_code == 403
    assert "Change what it asks" not in manager.get(f"{LIST}{survey.pk}/change/").content.decode()


def test_who_was_asked_before_a_change_answers_what_is_asked_now(
    marketer: Client, programme: Programme
) -> None:
    ada: Member = MemberFactory(language="en")
    marketer.post(f"{LIST}add/", form(programme, RECOMMEND))
    key = bearer("campaigns", programme_id=programme.pk)
    asked = send("post", "surveys/visit/invitations", {"member": {"ref": ada.ref}, "cause": "1"}, key).json()
    ask = f"{LIST}{Survey.objects.get().pk}/ask/"
    more = filled_in(marketer.get(ask).content.decode()) | row(1, kind="text", words="Tell us more")

    assert marketer.post(ask, more | {"more": "1"}).headers["Location"] == ask
    Client().post(page_of(asked), {"would_you_recommend_us": "9", "tell_us_more": "Lovely"})

    answers = SurveyInvitation.objects.get().answers
    assert answers == {"would_you_recommend_us": 9, "tell_us_more": "Lovely"}


SENTENCES = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=40).map(
    lambda text: text.replace("|", "/")
)
WORDS = st.dictionaries(st.sampled_from(["en", "fa", "zh-Hant"]), SENTENCES, min_size=1)


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_words_come_back_as_they_went_into_the_form(told: list[dict[str, str]]) -> None:
    assert [words_in(lines_of(words)) for words in told] == told
    options = [SurveyOption(code=f"o{number}", words=words) for number, words in enumerate(told)]
    assert options_in(text_of_options(options)) == options


def test_a_language_is_named_once() -> None:
    with pytest.raises(WordsNotUsable, match="two sentences in 'fa'"):
        words_in(["fa: سلام", "fa: درود"])
