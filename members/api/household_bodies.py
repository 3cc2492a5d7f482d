"""What the doors of households take and answer."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from config.ground.api.bodies import Body
from config.ground.refusals import InvalidInput
from members.models import LimitPeriod
from members.rules.identities import MemberKey
from members.services.households import Limit

Role = Literal["adult", "child"]
Per = Literal["day", "week", "month"]
Points = Annotated[int, Meta(ge=0, le=2**53)]


class HouseholdNameBody(Body, frozen=True, kw_only=True):
    name: Annotated[str, Meta(max_length=100)] = ""


class HouseholdPersonBody(Body, frozen=True, kw_only=True):
    """Somebody in the household, as the others know them. `ref` names them among the household alone.

    `limit_points`: so many points of the others they may use in a day, week or month (`limit_per`); null: no limit.
    """

    ref: str
    called: str
    role: Role
    is_head: bool
    is_me: bool
    limit_points: int | None
    limit_per: Per
    joined_at: datetime


class OpenInvitationBody(Body, frozen=True, kw_only=True):
    """An invitation that nobody has answered yet.

    `limit_points`: as of a person. With `limit_per` null nothing was said: who was in it before has the limit they had.
    """

    ref: str
    role: Role
    limit_points: int | None
    limit_per: Per | None
    expires_at: datetime


class InvitedToBody(OpenInvitationBody, frozen=True, kw_only=True):
    """An invitation for this member, to a household of this name with this head."""

    household: str
    head: str


class HouseholdBody(Body, frozen=True, kw_only=True):
    """A household; `invited` are those who were asked to join it, told to its head alone."""

    ref: str
    name: str
    founded_at: datetime
    people: list[HouseholdPersonBody]
    invited: list[OpenInvitationBody]


class HouseholdStateBody(Body, frozen=True, kw_only=True):
    """The household of the member, null where there is none, and the invitations that they may answer."""

    household: HouseholdBody | None
    invitations: list[InvitedToBody]


class HouseholdInviteBody(Body, frozen=True, kw_only=True):
    """`member`: whoever goes by it finds the invitation in their app too, and nobody else may use its code. Without it
    the code alone lets in. `limit_points` and `limit_per`: as of a person; left out, who comes back keeps theirs.
    """

    member: MemberKey | None = None
    role: Role = "adult"
    limit_points: Points | UnsetType | None = UNSET
    limit_per: Per | None = None


class InvitationBody(OpenInvitationBody, frozen=True, kw_only=True):
    """An invitation with its code, which is told this once: hand it to whoever shall join."""

    code: str


class JoinHouseholdBody(Body, frozen=True, kw_only=True):
    code: Annotated[str, Meta(min_length=1, max_length=40)]


class PersonChangeBody(Body, frozen=True, kw_only=True):
    """What somebody is in the household, and what of the others' points they may use; left out, that stays."""

    role: Role
    limit_points: Points | UnsetType | None = UNSET
    limit_per: Per | None = None


def limit_said(body: HouseholdInviteBody | PersonChangeBody) -> Limit | None:
    """What was said of a limit; None where nothing was.

    :raises InvalidInput: a period without points.
    """
    if body.limit_points is UNSET:
        if body.limit_per is not None:
            raise InvalidInput("Say the limit with its period: limit_points.", pointer="/limit_per")
        return None
    per = LimitPeriod(body.limit_per) if body.limit_per else None
    return Limit(points=body.limit_points, per=per)
