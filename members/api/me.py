"""Doors for members' own apps: themselves, their wishes, their consents, their card."""

from django.db import transaction
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.caller import member_of
from config.ground.api.door import Answer, Door
from config.ground.api.etags import ensure_unchanged
from members.api.bodies import (
    CardBody,
    MeBody,
    PreferenceChangesBody,
    PreferencesBody,
    ProfileBody,
    me_body,
    preferences_body,
)
from members.queries.attributes import get_attributes
from members.queries.cards import get_card
from members.queries.consents import list_consents
from members.queries.members import get_member_by_id
from members.queries.preferences import get_preferences
from members.rules.attributes import Eyes
from members.services.attributes import set_attributes
from members.services.preferences import change_preferences
from members.services.profiles import change_member, lock_active


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
        now = clock.now()
        with transaction.atomic():
            if "HTTP_IF_MATCH" in request.META:
                lock_active(member_id)
                ensure_unchanged(request._request, _me(member_id))
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
    """What the member wishes. PATCH changes some wishes and leaves the others."""

    scope = "member"
    takes = {"patch": PreferenceChangesBody}
    answers = {"get": {200: PreferencesBody}, "patch": {200: PreferencesBody}}

    def get(self, request: Request) -> Answer:
        return Answer(preferences_body(get_preferences(member_of(request))))

    def patch(self, request: Request) -> Answer:
        body: PreferenceChangesBody = self.body(request)
        changed = change_preferences(member_of(request), body.changes(), now=clock.now())
        return Answer(preferences_body(changed))


class MyCard(Door):
    """The rotating code to show at the till, and the number of the bar code."""

    scope = "member"
    answers = {"get": {200: CardBody}}

    def get(self, request: Request) -> Answer:
        card = get_card(member_of(request), now=clock.now())
        return Answer(CardBody(payload=card.payload, valid_until=card.valid_until, card=card.number))
