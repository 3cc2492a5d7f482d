"""What the shop looks after: a survey with a year of answers, conversations with promises, and service cases."""

from datetime import datetime, timedelta
from itertools import cycle
from random import Random

from django.db import transaction

from campaigns.demo import shop
from campaigns.queries.demo import list_richest
from config.ground.typed import load
from omnichannel.errors import SurveyNotFound
from omnichannel.models import CaseKind, CasePriority, SurveyInvitation
from omnichannel.queries.cases import cases_in
from omnichannel.queries.places import get_place
from omnichannel.queries.surveys import get_survey
from omnichannel.rules.cases import CaseChange
from omnichannel.rules.surveys import Answers, SurveyDefinition
from omnichannel.services.cases import change_case, open_case
from omnichannel.services.interactions import log_interaction
from omnichannel.services.surveys import declare_survey, take_answers

SURVEY = "visit"
ANSWERS, MONTHS = 140, 10
LOOKED_AFTER_WITHIN = timedelta(days=6)
DEFINITION = {
    "intro": {"en": "One minute, three questions.", "zh-Hant": "一分鐘，三個問題。"},
    "questions": [
        {
            "kind": "score",
            "code": "recommend",
            "is_required": True,
            "words": {"en": "Would you recommend us to a friend?", "zh-Hant": "您會向朋友推薦我們嗎？"},
        },
        {
            "kind": "choice",
            "code": "about",
            "words": {"en": "What decided it?", "zh-Hant": "主要原因是什麼？"},
            "options": [
                {"code": "goods", "words": {"en": "The goods", "zh-Hant": "商品"}},
                {"code": "people", "words": {"en": "The people", "zh-Hant": "店員"}},
                {"code": "prices", "words": {"en": "The prices", "zh-Hant": "價格"}},
            ],
        },
        {"kind": "text", "code": "more", "words": {"en": "Tell us more", "zh-Hant": "請告訴我們更多"}},
    ],
}
GOOD = ("Friendly as ever.", "The bread on Saturday!", "I always find what I need.", "", "", "")
MIDDLING = ("Queues at noon.", "Some shelves were empty.", "", "")
BAD = ("The till was closed for ten minutes.", "My milk was over its date.", "Nobody could help me.")
TALKS = (
    ("call", "Asked whether the coffee she likes comes back.", "Call when the coffee is there", 3),
    ("visit", "Tasted the new cheeses; liked the goat's.", "", 0),
    ("chat", "Cannot find the voucher in the app. Showed where it is.", "", 0),
    ("event", "Came to the wine evening with a friend.", "Send the list of the wines", -2),
)
CASES = (
    ("Charged twice for one basket", CaseKind.ORDER, CasePriority.URGENT, -1),
    ("Points of last Saturday are missing", CaseKind.POINTS, CasePriority.HIGH, 1),
    ("Wants to know what is in the granola", CaseKind.QUESTION, CasePriority.NORMAL, 4),
    ("The bottle return machine is out of order", CaseKind.COMPLAINT, CasePriority.NORMAL, 2),
)


@transaction.atomic
def look_after(programme_id: int, now: datetime, *, shown_id: int | None, owner_id: int, actor: str) -> None:
    """Ask, talk and open cases, once.

    :param shown_id: the member who is shown to visitors: they have a promise and a case.
    """
    try:
        get_survey(programme_id, SURVEY)
    except SurveyNotFound:
        pass
    else:
        return
    others = [one for one in list_richest(programme_id, limit=ANSWERS) if one != shown_id]
    members = others if shown_id is None else [shown_id, *others]
    places = [get_place(programme_id=programme_id, code=code).pk for code in shop.STORES_WITH_TILLS]
    _survey(programme_id, members, places, owner_id, now)
    for (kind, outcome, promise, due_in), member_id, place_id in zip(
        TALKS, members, cycle(places), strict=False
    ):
        log_interaction(
            member_id,
            programme_id=programme_id,
            place_id=place_id,
            kind=kind,
            outcome=outcome,
            promise=promise,
            promise_due_on=(now + timedelta(days=due_in)).date() if promise else None,
            happened_at=now - timedelta(days=5, hours=len(outcome)),
            actor=actor,
            now=now,
        )
    for (subject, about, priority, due_in), member_id, place_id in zip(
        CASES, members, cycle(places), strict=False
    ):
        case = open_case(
            member_id,
            programme_id=programme_id,
            place_id=place_id,
            subject=subject,
            kind=about,
            priority=priority,
            due_at=now + timedelta(days=due_in),
            words="Said so at the till.",
            actor=actor,
            now=now - timedelta(days=3),
        )
        if priority in (CasePriority.URGENT, CasePriority.HIGH):
            taken = CaseChange(state="open", owner=owner_id)
            change_case(
                case.pk, taken, version=1, words="I look into it.", actor=f"staff:{owner_id}", now=now
            )


def _survey(programme_id: int, members: list[int], places: list[int], owner_id: int, now: datetime) -> None:
    """A year in which it gets better, month by month; cases of answers long ago are looked after by now."""
    declare_survey(
        programme_id,
        SURVEY,
        title="After the visit",
        definition=load(SurveyDefinition, DEFINITION),
        case_up_to=4,
        is_open=True,
    )
    survey, chance = get_survey(programme_id, SURVEY), Random(7)  # the same shop at every opening
    for number, member_id in enumerate(members[:ANSWERS]):
        at = now - timedelta(days=30 * MONTHS) * (1 - number / ANSWERS) - timedelta(hours=1)
        said = take_answers(
            survey,
            member_id,
            answers_of(round(chance.gauss(7.4 + 1.4 * number / ANSWERS, 2.1)), chance),
            cause="visit",
            place_id=places[number % len(places)],
            actor=f"member:{member_id}",
            now=at,
        )
        make_good(said, owner_id=owner_id, now=now)


def answers_of(score: int, chance: Random) -> Answers:
    """What somebody says who scores about so high."""
    score = min(10, max(0, score))
    words = chance.choice(GOOD if score >= 9 else MIDDLING if score >= 7 else BAD)
    answers: Answers = {"recommend": score, "about": chance.choice(["goods", "people", "prices"])}
    return answers | {"more": words} if words else answers


def make_good(said: SurveyInvitation, *, owner_id: int, now: datetime) -> None:
    """Close the case that an answer opened, if that is long ago."""
    assert said.answered_at is not None  # noqa: S101 - it was just answered
    done_at = said.answered_at + LOOKED_AFTER_WITHIN
    if done_at > now:
        return
    for case in cases_in(said.survey.programme_id).filter(cause=f"survey:{said.ref}"):
        done, actor = CaseChange(state="closed", owner=owner_id), f"staff:{owner_id}"
        change_case(case.pk, done, version=1, words="Called, and made good.", actor=actor, now=done_at)
