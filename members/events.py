"""What members announces. Nothing here names a person: who it was says the event's `member_id`."""

from typing import ClassVar

from config.outbox.events import Event


class MemberEnrolled(Event, frozen=True, kw_only=True):
    """Somebody became a member.

    :ivar place_code: the store or web shop where it happened, "" for none; so with `programme_code`.
    :ivar referral_code: of the member who brought them, as it was told; "" for none.
    """

    name: ClassVar[str] = "members.member_enrolled"
    member_ref: str
    via: str
    place_code: str = ""
    programme_code: str = ""
    referral_code: str = ""


class MemberChanged(Event, frozen=True, kw_only=True):
    """Names, language, birthday, identities, preferences or attributes of a member are different now.

    :ivar is_of_wishes: preferences or attributes alone are.
    """

    name: ClassVar[str] = "members.member_changed"
    member_ref: str
    is_of_wishes: bool = False


class ProfileCompleted(Event, frozen=True, kw_only=True):
    """A member has filled in everything that the house asks for. Told again when they had taken something away, or the
    house asked for more: who counts it counts it once."""

    name: ClassVar[str] = "members.profile_completed"
    member_ref: str


class MemberMerged(Event, frozen=True, kw_only=True):
    """The member this is about goes by another from now on, `into_ref`; their own ref leads there."""

    name: ClassVar[str] = "members.member_merged"
    member_ref: str
    into_ref: str


class MemberParted(Event, frozen=True, kw_only=True):
    """A merge was undone: the member this is about is themselves again, and `from_ref` somebody else."""

    name: ClassVar[str] = "members.member_parted"
    member_ref: str
    from_ref: str


class HouseholdJoined(Event, frozen=True, kw_only=True):
    """The member this is about has a place in a household from now on."""

    name: ClassVar[str] = "members.household_joined"
    household_ref: str


class HouseholdLeft(Event, frozen=True, kw_only=True):
    """The member this is about has no place in a household any more.

    :ivar because: left, expelled, merged, parted, erased or dissolved.
    """

    name: ClassVar[str] = "members.household_left"
    household_ref: str
    because: str


class ConsentChanged(Event, frozen=True, kw_only=True):
    """A member gave or withdrew consent."""

    name: ClassVar[str] = "members.consent_changed"
    channel: str
    purpose: str
    is_given: bool


class MemberSignedIn(Event, frozen=True, kw_only=True):
    """A member signed in to an app that said by which names its device or session was told of before; "" for none."""

    name: ClassVar[str] = "members.member_signed_in"
    device: str = ""
    session: str = ""


class SignInCodeRequested(Event, frozen=True, kw_only=True):
    """Somebody asked for a one-time code, whether or not there is such a member."""

    name: ClassVar[str] = "members.sign_in_code_requested"
    request_id: int


class MemberErased(Event, frozen=True, kw_only=True):
    """Nothing is held of a person any more; forget them wherever else they are known by this ref."""

    name: ClassVar[str] = "members.member_erased"
    member_ref: str
