"""What the house asks its members, and why, as doors tell it. Values stand with the member."""

from typing import Any, Literal

from rest_framework.request import Request

from config.ground.api.bodies import Body
from config.ground.api.caller import member_of
from config.ground.api.door import Answer, Door
from members.api.languages import supported
from members.queries.attributes import get_attributes, list_attributes
from members.queries.members import get_member_by_id
from members.rules.attributes import Attribute, Eyes, Kind, Value


class ChoiceBody(Body, frozen=True, kw_only=True):
    """One of the values that can be chosen, and how it is called."""

    value: str
    label: str


class AttributeBody(Body, frozen=True, kw_only=True):
    """An attribute as it is declared.

    `why` says in words for the member what it is used for; `seen_by`: staff, personal (who may see personal data) or
    member (nobody else); a profile is complete when all are filled in that are `is_asked_for`.
    """

    code: str
    label: str
    why: str
    kind: Kind
    choices: list[ChoiceBody]
    seen_by: Literal["staff", "personal", "member"]
    is_edited_by_member: bool
    is_asked_for: bool


class AttributesBody(Body, frozen=True, kw_only=True):
    results: list[AttributeBody]


class MyAttributeBody(AttributeBody, frozen=True, kw_only=True):
    """An attribute and what the member said; null is nothing."""

    value: Value | None


class MyAttributesBody(Body, frozen=True, kw_only=True):
    results: list[MyAttributeBody]


class MyAttributes(Door):
    """What the house asks, why, and what you said, in your language. Change it with `PATCH /me`."""

    scope = "member"
    answers = {"get": {200: MyAttributesBody}}

    def get(self, request: Request) -> Answer:
        member_id = member_of(request)
        language = supported(get_member_by_id(member_id).language) or ""
        said = get_attributes(member_id, eyes=Eyes.MEMBER)
        asked = list_attributes(eyes=Eyes.MEMBER, language=language)
        told = [MyAttributeBody(**_parts(one), value=said.get(one.code)) for one in asked]
        return Answer(MyAttributesBody(results=told))


def declared_body(declared: Attribute) -> AttributeBody:
    return AttributeBody(**_parts(declared))


def _parts(declared: Attribute) -> dict[str, Any]:
    parts = {name: getattr(declared, name) for name in AttributeBody.__struct_fields__ if name != "choices"}
    choices = [ChoiceBody(value=one.value, label=one.label) for one in declared.choices]
    return {**parts, "choices": choices}
