"""Why these points for what a member did beside buying."""

from typing import ClassVar

from msgspec import structs
from rest_framework.request import Request

from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from loyalty.queries.acts import get_act_why
from loyalty.rules.act_answers import ActWhy, told_of_act


class ActWhyAnswer(ActWhy, frozen=True, kw_only=True):
    """An act and its points, and the same in sentences."""

    in_words: list[str]


class EventWhy(Door):
    """Why an event of a member got the points it got, or none."""

    scope = ("events", "till")
    answers: ClassVar = {"get": {200: ActWhyAnswer}}

    def get(self, request: Request, ref: str) -> Answer:
        return Answer(_answer(get_act_why(ref, programme_id=caller_of(request).programme_id)))


class MyEventWhy(Door):
    """Why something that the member did got the points it got, or none."""

    scope = "member"
    answers: ClassVar = {"get": {200: ActWhyAnswer}}

    def get(self, request: Request, ref: str) -> Answer:
        return Answer(_answer(get_act_why(ref, member_id=member_of(request))))


def _answer(why: ActWhy) -> ActWhyAnswer:
    return ActWhyAnswer(**structs.asdict(why), in_words=told_of_act(why))
