"""What the doors of members take and answer."""

from datetime import date, datetime, time
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from config.ground.api.bodies import Body
from config.ground.api.pages import PageParams
from members.errors import IdentityMissing, SeveralIdentities
from members.queries.consents import ConsentFacts
from members.queries.members import MemberFacts
from members.queries.preferences import PreferenceFacts
from members.rules.attributes import Value
from members.rules.consents import Channel, ConsentWord, Purpose
from members.rules.identities import ExternalId, IdentityClaim, MoveEvidence, claim
from members.rules.people import Person, person

Name = Annotated[str, Meta(max_length=100)]
LongName = Annotated[str, Meta(max_length=200)]
Language = Annotated[str, Meta(max_length=16, pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")]
Told = Annotated[
    dict[Annotated[str, Meta(max_length=40)], Value | None],
    Meta(max_length=100, description="Attributes by code; null takes one away. A date is 2026-11-21."),
]
Month = Annotated[int, Meta(ge=1, le=12)]
Day = Annotated[int, Meta(ge=1, le=31)]
PhoneText = Annotated[str, Meta(max_length=64, description="E.164, or as written in the key's own region.")]
EmailText = Annotated[str, Meta(max_length=254)]
CardText = Annotated[str, Meta(max_length=64)]


class ConsentBody(Body, frozen=True, kw_only=True):
    """A yes or no for one channel and purpose, with the version of the text the member saw."""

    channel: Channel
    purpose: Purpose
    is_given: bool
    text_version: Annotated[str, Meta(max_length=64)] = ""

    def word(self) -> ConsentWord:
        return ConsentWord(
            channel=self.channel,
            purpose=self.purpose,
            is_given=self.is_given,
            text_version=self.text_version,
        )


class EnrolBody(Body, frozen=True, kw_only=True):
    """Somebody who becomes a member: at least one of phone, email, card, external."""

    phone: PhoneText | None = None
    email: EmailText | None = None
    card: CardText | None = None
    external: ExternalId | None = None
    given_name: Name = ""
    family_name: Name = ""
    display_name: LongName = ""
    language: Language = ""
    birth_date: date | None = None
    birth_month: Month | None = None
    birth_day: Day | None = None
    via: Literal["till", "web", "app", "friend"] | None = None
    referral_code: Annotated[str, Meta(max_length=40)] = ""
    consents: Annotated[list[ConsentBody], Meta(max_length=50)] = []

    def claims(self, region: str) -> list[IdentityClaim]:
        """:raises IdentityNotValid: if one of them cannot be anybody's."""
        return claims_of(self, region)

    def person(self) -> Person:
        """:raises BirthdayNotValid: if there is no such birthday."""
        return person(
            given_name=self.given_name,
            family_name=self.family_name,
            display_name=self.display_name,
            language=self.language,
            birth_date=self.birth_date,
            birth_month=self.birth_month,
            birth_day=self.birth_day,
        )


class ProfileBody(Body, frozen=True, kw_only=True, omit_defaults=True):
    """What to change of a person; what is left out stays."""

    given_name: Name | UnsetType = UNSET
    family_name: Name | UnsetType = UNSET
    display_name: LongName | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    birth_date: date | UnsetType | None = UNSET
    birth_month: Month | UnsetType | None = UNSET
    birth_day: Day | UnsetType | None = UNSET
    attributes: Told = {}

    def changes(self) -> dict[str, Any]:
        """The fields of the person that were sent, by name."""
        sent = {name: getattr(self, name) for name in ProfileBody.__struct_fields__ if name != "attributes"}
        return {name: value for name, value in sent.items() if value is not UNSET}


class MemberChangesBody(ProfileBody, frozen=True, kw_only=True, omit_defaults=True):
    """What to change of a person, and further identities that they go by."""

    phone: PhoneText | None = None
    email: EmailText | None = None
    card: CardText | None = None
    external: ExternalId | None = None

    def claims(self, region: str) -> list[IdentityClaim]:
        """:raises IdentityNotValid: if one of them cannot be anybody's."""
        return claims_of(self, region)


def claims_of(body: "EnrolBody | MemberChangesBody | TakeOverBody", region: str) -> list[IdentityClaim]:
    told = {
        "phone": body.phone,
        "email": body.email,
        "card": body.card,
        "external": body.external.text if body.external else None,
    }
    return [
        claim(kind, text, region=region, pointer=f"/{kind}")
        for kind, text in told.items()
        if text is not None
    ]


class TakeOverBody(Body, frozen=True, kw_only=True):
    """One identity of another member, who has it now, and what showed that it is to move."""

    from_member: Annotated[str, Meta(max_length=40, description="Ref of the member who goes by it now.")]
    evidence: MoveEvidence
    phone: PhoneText | None = None
    email: EmailText | None = None
    card: CardText | None = None
    external: ExternalId | None = None

    def claim(self, region: str) -> IdentityClaim:
        """
        :raises IdentityMissing: if there is none.
        :raises SeveralIdentities: if there are more than one.
        :raises IdentityNotValid: if it cannot be anybody's.
        """
        claims = claims_of(self, region)
        if not claims:
            raise IdentityMissing("Name one of phone, email, card, external.")
        if len(claims) > 1:
            raise SeveralIdentities
        return claims[0]


class MemberFilters(PageParams, frozen=True, kw_only=True):
    """Which members to list; without any, all."""

    phone: PhoneText | None = None
    email: EmailText | None = None
    card: CardText | None = None
    external: Annotated[str, Meta(max_length=200, description="source:id")] | None = None
    q: Annotated[str, Meta(max_length=100, description="Pieces of names.")] = ""


class IdentityBody(Body, frozen=True, kw_only=True):
    kind: str
    value: str
    verified_at: datetime | None
    source: str


class MemberBody(Body, frozen=True, kw_only=True):
    """A member. `called` is how to address them; `attributes` are those that the caller may see, by code."""

    ref: str
    called: str
    given_name: str
    family_name: str
    display_name: str
    language: str
    birth_date: date | None
    birth_month: int | None
    birth_day: int | None
    state: Literal["active", "merged", "erased"]
    enrolled_at: datetime
    enrolled_via: str
    enrolled_at_place: str
    identities: list[IdentityBody]
    attributes: dict[str, Value]


def member_body(member: MemberFacts, attributes: dict[str, Value]) -> MemberBody:
    return MemberBody(**_parts(member, attributes))


def _parts(member: MemberFacts, attributes: dict[str, Value]) -> dict[str, Any]:
    own = {name: getattr(member, name) for name in MemberBody.__struct_fields__ if hasattr(member, name)}
    known = [IdentityBody(**msgspec.structs.asdict(i)) for i in member.identities]
    return {**own, "identities": known, "attributes": attributes}


class ConsentStateBody(Body, frozen=True, kw_only=True):
    """What holds now. Whatever is not listed was never asked, so it is not allowed."""

    channel: str
    purpose: str
    is_given: bool
    changed_at: datetime


def consent_state_body(consent: ConsentFacts) -> ConsentStateBody:
    return ConsentStateBody(**msgspec.structs.asdict(consent))


class ConsentChoiceBody(Body, frozen=True, kw_only=True):
    is_given: bool
    text_version: Annotated[str, Meta(max_length=64)] = ""


WallTime = Annotated[
    str,
    Meta(
        pattern="^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$",
        description="To the minute, such as 21:30.",
        examples=["21:30"],
    ),
]
_HOURS = ("quiet_from", "quiet_until")


class PreferencesBody(Body, frozen=True, kw_only=True):
    """How and when the member wants to hear from us, and what they like. Hours are local times of `timezone`."""

    interests: list[str]
    preferred_channel: str
    frequency: str
    quiet_from: WallTime | None
    quiet_until: WallTime | None
    timezone: str
    packaging: str
    invoice: str


def preferences_body(preferences: PreferenceFacts) -> PreferencesBody:
    told = msgspec.structs.asdict(preferences)
    hours = {name: f"{told[name]:%H:%M}" if told[name] else None for name in _HOURS}
    return PreferencesBody(**told | hours)


class PreferenceChangesBody(Body, frozen=True, kw_only=True, omit_defaults=True):
    """What to change; what is left out stays."""

    interests: (
        Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=100)] | UnsetType
    ) = UNSET
    preferred_channel: Literal["", "email", "sms", "push", "chat", "inbox", "mail", "phone"] | UnsetType = (
        UNSET
    )
    frequency: Literal["any", "weekly", "monthly", "never"] | UnsetType = UNSET
    quiet_from: WallTime | UnsetType | None = UNSET
    quiet_until: WallTime | UnsetType | None = UNSET
    timezone: Annotated[str, Meta(max_length=64, description="IANA name.")] | UnsetType = UNSET
    packaging: LongName | UnsetType = UNSET
    invoice: LongName | UnsetType = UNSET

    def changes(self) -> dict[str, Any]:
        """The fields that were sent, by name; hours as times."""
        sent = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
        hours = {name: time.fromisoformat(sent[name]) for name in _HOURS if sent.get(name)}
        return sent | hours


class MeBody(MemberBody, frozen=True, kw_only=True):
    """The member as they see themselves."""

    preferences: PreferencesBody
    consents: list[ConsentStateBody]


def me_body(
    member: MemberFacts,
    attributes: dict[str, Value],
    preferences: PreferenceFacts,
    consents: list[ConsentFacts],
) -> MeBody:
    return MeBody(
        **_parts(member, attributes),
        preferences=preferences_body(preferences),
        consents=[consent_state_body(consent) for consent in consents],
    )


class CardBody(Body, frozen=True, kw_only=True):
    """What the app shows as a QR code until `valid_until`, and the number for a bar code, if there is one."""

    payload: str
    valid_until: datetime
    card: str | None
