"""Who: the tables of members and the law that holds them."""

from members.models.attributes import Attribute, AttributeKind, AttributeValue, AttributeWords, SeenBy
from members.models.colleagues import Colleague
from members.models.consents import Consent, ConsentEvent
from members.models.duplicates import CommonName, LikelyPair, LikenessWeights, PairState, SearchKey
from members.models.households import (
    Household,
    HouseholdInvitation,
    HouseholdPlace,
    HouseholdRole,
    InvitationAnswer,
    LimitPeriod,
    PlaceEnd,
)
from members.models.identities import Identity, IdentityMove
from members.models.imports import ImportedMember, ImportRow, ImportState, MemberImport, RowState, UndoneHow
from members.models.members import Member
from members.models.merges import Merge, MergeState
from members.models.preferences import Preference
from members.models.privacy import (
    DataExport,
    ErasureReceipt,
    ErasureRequest,
    ErasureState,
    ExportFetch,
    ExportState,
)
from members.models.sign_in import AccessToken, CodePurpose, Presence, RefreshToken, SignIn, SignInCode

__all__ = [
    "AccessToken",
    "Attribute",
    "AttributeKind",
    "AttributeValue",
    "AttributeWords",
    "CodePurpose",
    "Colleague",
    "CommonName",
    "Consent",
    "ConsentEvent",
    "DataExport",
    "ErasureReceipt",
    "ErasureRequest",
    "ErasureState",
    "ExportFetch",
    "ExportState",
    "Household",
    "HouseholdInvitation",
    "HouseholdPlace",
    "HouseholdRole",
    "Identity",
    "IdentityMove",
    "ImportRow",
    "ImportState",
    "ImportedMember",
    "InvitationAnswer",
    "LikelyPair",
    "LikenessWeights",
    "LimitPeriod",
    "Member",
    "MemberImport",
    "Merge",
    "MergeState",
    "PairState",
    "PlaceEnd",
    "Preference",
    "Presence",
    "RefreshToken",
    "RowState",
    "SearchKey",
    "SeenBy",
    "SignIn",
    "SignInCode",
    "UndoneHow",
]
