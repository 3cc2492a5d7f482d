"""Doors for members' own apps: themselves, their wishes, their consents, their card."""

from django.db import transaction
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.caller import caller_of, member_of
from config.ground.api.door import Answer, Door
from config.ground.api.etags import ensure_unchanged
from config.ground.refusals import NotFound
from members.api.bodies import (
    CardBody,
    ConsentChoiceBody,
    ConsentStateBody,
    MeBody,
    PreferenceChangesBody,
    PreferencesBody,
    ProfileBody,
    consent_state_body,
    me_body,
    preferences_body,
)
from members.queries.attributes import get_attributes
from members.queries.cards import get_card
from members.queries.consents import get_consent, list_consents
from members.queries.members import get_member_by_id
from members.queries.preferences import get_preferences
from members.rules.attributes import Eyes
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.attributes import set_attributes
from members.services.consents import record_consents
from members.services.preferences import change_preferences
from members.services.profiles import change_member


class Me(Door):
    """The member as they see themselves. PATCH honours `If-Match`."""

    scope = "member"
    takes = {"patch": ProfileBody}
    answers = {"get": {200: MeBody}, "patch": {200: MeBody}}

    def get(self, request: Request) -> Answer:
        return Answer(_me(member_of(request)))

    def patch(self, request: Request) -> Answer:
        body: ProfileBody = self.body(request)
        member_id = member_of(request)
        ensure_unchanged(request._request, _me(member_id))
        now = clock.now()
        with transaction.atomic():
            change_member(member_id, changes=body.changes(), source="app", now=now)
            set_attributes(member_id, body.attributes, eyes=Eyes.MEMBER, source="app", now=now)
        return Answer(_me(member_id))


def _me(member_id: int) -> MeBody:
    return me_body(
        get_member_by_id(member_id),
        get_attributes(member_id, eyes=Eyes.MEMBER),
        get_preferences(member_id),
        list_consents(member_id),
    )


class MyPreferences(Door):
    """Change some wishes and leave the others."""

    scope = "member"
    takes = {"patch": PreferenceChangesBody}
    answers = {"patch": {200: PreferencesBody}}

    def patch(self, request: Request) -> Answer:
        body: PreferenceChangesBody = self.body(request)
        changed = change_preferences(member_of(request), body.changes(), now=clock.now())
        return Answer(preferences_body(changed))


class MyConsent(Door):
    """Say yes or no for one channel and purpose. It holds at once."""

    scope = "member"
    takes = {"put": ConsentChoiceBody}
    answers = {"put": {200: ConsentStateBody}}

    def put(self, request: Request, channel: str, purpose: str) -> Answer:
        body: ConsentChoiceBody = self.body(request)
        member_id, now = member_of(request), clock.now()
        word = ConsentWord(
            channel=_channel(channel),
            purpose=_purpose(purpose),
            is_given=body.is_given,
            text_version=body.text_version,
        )
        record_consents(
            member_id, [word], source="app", actor=caller_of(request).name, happened_at=now, now=now
        )
        return Answer(consent_state_body(get_consent(member_id, channel, purpose)))


def _channel(text: str) -> Channel:
    try:
        return Channel(text)
    except ValueError:
        raise NotFound(f"There is no such channel; there are {', '.join(Channel)}.") from None


def _purpose(text: str) -> Purpose:
    try:
        return Purpose(text)
    except ValueError:
        raise NotFound(f"There is no such purpose; there are {', '.join(Purpose)}.") from None


class MyCard(Door):
    """The rotating code to show at the till, and the number of the bar code."""

    scope = "member"
    answers = {"get": {200: CardBody}}

    def get(self, request: Request) -> Answer:
        card = get_card(member_of(request), now=clock.now())
        return Answer(CardBody(payload=card.payload, valid_until=card.valid_until, card=card.number))
