"""Who: the tables of members and the law that holds them."""

from members.models.colleagues import Colleague
from members.models.consents import Consent, ConsentEvent
from members.models.identities import Identity
from members.models.members import Member
from members.models.preferences import Preference
from members.models.sign_in import AccessToken, CodePurpose, Presence, RefreshToken, SignIn, SignInCode

__all__ = [
    "AccessToken",
    "CodePurpose",
    "Colleague",
    "Consent",
    "ConsentEvent",
    "Identity",
    "Member",
    "Preference",
    "Presence",
    "RefreshToken",
    "SignIn",
    "SignInCode",
]
