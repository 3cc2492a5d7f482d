"""The plan of a campaign: everything that is said and given, as one immutable, typed value."""

from typing import Annotated, Literal

import msgspec

from campaigns.rules.content import Content
from campaigns.rules.offers import FavouriteCategoryPoints, NoOffer, Template, offer_for
from campaigns.rules.schedules import Schedule

CampaignChannel = Literal["email", "inbox"]
Purpose = Literal["marketing", "points", "service", "surveys"]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

DEFAULT_SUBJECT = "{{ member.name }}, {{ offer.words }}"
DEFAULT_BODY = """Hello {{ member.name }},

until {{ offer.ends_on }} we have {{ offer.words }} for you.

Show your card or say your phone number at the till: the points come by themselves.

{{ programme.name }}"""


SurveyCode = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=40,
        description="Survey that the letter asks: its own address stands below it.",
    ),
]


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a campaign does each time it runs. A running campaign finishes on the plan its run was frozen with."""

    offer: Template
    schedule: Schedule
    channels: Annotated[list[CampaignChannel], msgspec.Meta(min_length=1, max_length=2)] = msgspec.field(
        default_factory=lambda: ["email", "inbox"]
    )
    purpose: Purpose = "marketing"
    title: Line = "{{ offer.words }}"
    subject: Line = DEFAULT_SUBJECT
    body: Text = DEFAULT_BODY
    valid_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 7
    max_uses: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    survey: SurveyCode | None = None

    @property
    def content(self) -> Content:
        return Content(subject=self.subject, body=self.body)

    @property
    def is_personal(self) -> bool:
        """Whether the offer differs from member to member."""
        return isinstance(self.offer, FavouriteCategoryPoints)


def offer_words(plan: Plan, currency: str) -> str:
    """The offer as the plan makes it, before it is somebody's own: `triple points on the favourite category`."""
    offer = offer_for(plan.offer, ["*"], {"*": "the favourite category"}, currency)
    if isinstance(plan.offer, NoOffer):
        return f"the letter alone, good for {plan.valid_days} days"
    words = offer.words if offer else "nothing"
    uses = "once" if plan.max_uses == 1 else f"{plan.max_uses} times"
    return f"{words}, good for {plan.valid_days} days, {uses}"
