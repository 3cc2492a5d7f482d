"""What a household can spend: doors for members' own apps and for integrations."""

from django.http import HttpResponse
from rest_framework.request import Request

from config.ground import clock
from config.ground.api.bodies import Body
from config.ground.api.caller import member_of
from config.ground.api.door import Answer, Door
from loyalty.api.wallets import WhichProgramme, programme_for
from loyalty.queries.history import find_home_programme, find_member_id
from loyalty.queries.pools import find_household_points
from loyalty.queries.wallets import get_wallet
from members.queries.households import get_place


class HouseholdPointsBody(Body, frozen=True, kw_only=True):
    """Points that the member can spend now: their `own`, and those of the others that they may draw beside them.

    `limit_left`: of the limit that the head has set, so much is left in its period; null without one.
    """

    own: int
    drawable: int
    spendable: int
    limit_left: int | None


class MyHouseholdPoints(Door):
    """What the member can spend with their household, in one programme."""

    scope = "member"
    params = {"get": WhichProgramme}
    answers = {"get": {200: HouseholdPointsBody}}

    def get(self, request: Request) -> HttpResponse:
        member_id = member_of(request)
        return _points(member_id, find_home_programme(member_id, self.query(request).programme)[0])


class MemberHouseholdPoints(Door):
    """What a member can spend with their household, for integrations."""

    scope = "members"
    params = {"get": WhichProgramme}
    answers = {"get": {200: HouseholdPointsBody}}

    def get(self, request: Request, ref: str) -> HttpResponse:
        member_id = find_member_id(ref)
        return _points(member_id, programme_for(request, member_id, self.query(request).programme))


def _points(member_id: int, programme_id: int) -> HttpResponse:
    now = clock.now()
    get_place(member_id)
    own = get_wallet(member_id, programme_id, now=now).spendable
    points = find_household_points(member_id, programme_id, now=now)
    drawable = points.drawable if points else 0
    return Answer(
        HouseholdPointsBody(
            own=own,
            drawable=drawable,
            spendable=own + drawable,
            limit_left=points.limit_left if points else None,
        )
    )
