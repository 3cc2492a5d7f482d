"""What a survey asks, in which languages, and what answers to it are taken."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Sentence = Annotated[str, Meta(min_length=1, max_length=500)]
Words = Annotated[
    dict[Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], Sentence],
    Meta(min_length=1, max_length=30, description="Language -> sentence, such as `en`, `zh-Hant`."),
]
LONGEST_TEXT = 2_000
HIGHEST = 10
PROMOTERS_FROM, PASSIVES_FROM = 9, 7
Answers = dict[str, int | str]
SEND = {"en": "Send", "zh-Hant": "送出", "zh-Hans": "提交", "fa": "ارسال"}
THANKS = {"en": "Thank you!", "zh-Hant": "謝謝您！", "zh-Hans": "谢谢您！", "fa": "سپاسگزاریم!"}


class _Question(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    code: Code
    words: Words
    is_required: bool = False


class ScoreQuestion(_Question, frozen=True, kw_only=True, tag="score"):
    """How likely, or how good, from 0 to 10. The first one of a survey is its score."""


class SurveyOption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Code
    words: Words


class ChoiceQuestion(_Question, frozen=True, kw_only=True, tag="choice"):
    """One of several."""

    options: Annotated[list[SurveyOption], Meta(min_length=2, max_length=30)]


class TextQuestion(_Question, frozen=True, kw_only=True, tag="text"):
    """In their own words."""


class SurveyDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A survey. `send`: what stands on the button; `thanks`: what is said afterwards."""

    questions: Annotated[
        list[ScoreQuestion | ChoiceQuestion | TextQuestion], Meta(min_length=1, max_length=20)
    ]
    intro: Words | None = None
    send: Words = msgspec.field(default_factory=SEND.copy)
    thanks: Words = msgspec.field(default_factory=THANKS.copy)


class Asking(msgspec.Struct, frozen=True):
    """What one member is asked: the first question in their language, and the address at which they answer."""

    words: str
    url: str


class Fault(msgspec.Struct, frozen=True):
    """What is wrong, and at which question or option."""

    at: str
    code: Literal["given_twice", "missing", "unknown_field", "wrong_type", "not_a_choice"]
    detail: str


def find_fault_of_definition(definition: SurveyDefinition) -> Fault | None:
    """Questions, and the options of one, are each named once."""
    lists = [("questions", [one.code for one in definition.questions])]
    lists += [
        (one.code, [o.code for o in one.options])
        for one in definition.questions
        if isinstance(one, ChoiceQuestion)
    ]
    for at, codes in lists:
        for code in codes:
            if codes.count(code) > 1:
                return Fault(at, "given_twice", f"There are two named {code!r}.")
    return None


def find_fault_of_answers(definition: SurveyDefinition, answers: Mapping[str, Any]) -> Fault | None:
    """Why answers are not taken; None if they are."""
    known = {one.code: one for one in definition.questions}
    for code, answer in answers.items():
        question = known.get(code)
        if question is None:
            return Fault(code, "unknown_field", f"There is no question {code!r}.")
        if fault := _find_fault(question, answer):
            return fault
    for question in definition.questions:
        if question.is_required and answers.get(question.code, "") == "":
            return Fault(question.code, "missing", "This question wants an answer.")
    return None


def _find_fault(question: ScoreQuestion | ChoiceQuestion | TextQuestion, answer: Any) -> Fault | None:
    if isinstance(question, ScoreQuestion):
        is_score = isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer <= HIGHEST
        return (
            None if is_score else Fault(question.code, "wrong_type", f"A whole number from 0 to {HIGHEST}.")
        )
    if not isinstance(answer, str) or len(answer) > LONGEST_TEXT:
        return Fault(question.code, "wrong_type", f"A text of at most {LONGEST_TEXT} letters.")
    if isinstance(question, ChoiceQuestion) and answer not in {one.code for one in question.options}:
        return Fault(question.code, "not_a_choice", "This is none of the options.")
    return None


def score_of(definition: SurveyDefinition, answers: Mapping[str, Any]) -> int | None:
    """The survey's score: what was said to its first question of this kind."""
    code = next((one.code for one in definition.questions if isinstance(one, ScoreQuestion)), None)
    return answers.get(code) if code else None


def in_own_words(definition: SurveyDefinition, answers: Mapping[str, Any]) -> str:
    """What was said to questions that ask for words, a line for each."""
    texts = [str(answers.get(one.code, "")) for one in definition.questions if isinstance(one, TextQuestion)]
    return "\n".join(text for text in texts if text)


def spoken(words: Mapping[str, str], languages: Sequence[str]) -> str:
    """A sentence in the first of these languages that it has: `zh-TW` takes `zh-Hant` from `zh-hant`, English or the
    first it was written in otherwise.

    >>> spoken({"en": "Yes", "fa": "بله"}, ["fa-IR"])
    'بله'
    """
    by_code = {code.lower(): text for code, text in words.items()}
    for language in (*languages, "en"):
        code = language.lower()
        while code:
            if code in by_code:
                return by_code[code]
            code = code.rpartition("-")[0]
    return next(iter(words.values()))


def nps(promoters: int, passives: int, detractors: int) -> int | None:
    """The net promoter score, from -100 to 100: promoters less detractors in a hundred, rounded half away from zero.

    >>> nps(70, 20, 10), nps(0, 0, 0), nps(1, 1, 1), nps(0, 1, 2)
    (60, None, 0, -67)
    """
    total = promoters + passives + detractors
    if total == 0:
        return None
    net = promoters - detractors
    rounded = (200 * abs(net) + total) // (2 * total)
    return rounded if net >= 0 else -rounded
