"""What members refuses, and why."""

from config.ground.refusals import InvalidInput, NotFound, NotSignedIn, Refusal


class MemberNotFound(NotFound):
    code = "member_not_found"
    title = "No member is known by this"


class IdentityNotValid(InvalidInput):
    """A phone number, address, card number or other identity that cannot be anybody's.

    `reason` in the facts is a stable word: `empty`, `not_a_number`, `no_country`, `too_short`, `too_long`,
    `no_such_number`, `has_extension`, `not_an_address`, `wrong_check_digit`, `not_a_card`, `not_an_id`.
    """

    code = "identity_not_valid"
    title = "This cannot be anybody's identity"


class ImportNotReadable(InvalidInput):
    code = "import_not_readable"
    title = "This file cannot be read as a table"


class ImportNotThere(NotFound):
    code = "import_not_found"
    title = "There is no such import"


class ImportNotReady(Refusal):
    """It is at another step: being read, applied already, undone ..."""

    status = 409
    code = "import_not_ready"
    title = "The import is at another step"


class ImportTooOld(Refusal):
    """What it did is let go after its days, and nobody can tell any more what was there before."""

    status = 409
    code = "import_too_old"
    title = "What the import did is not kept any more"


class IdentityMissing(InvalidInput):
    code = "identity_missing"
    title = "A member needs at least one of phone, email, card or external id"


class SeveralIdentities(InvalidInput):
    code = "several_identities"
    title = "Name one phone, email, card or external id at a time"


class SameMember(InvalidInput):
    code = "same_member"
    title = "This is the member who is to have it; name the one who has it now"


class BirthdayNotValid(InvalidInput):
    code = "birthday_not_valid"
    title = "There is no such birthday"


class PreferenceNotValid(InvalidInput):
    code = "preference_not_valid"
    title = "These preferences do not fit together"


class AttributeNotKnown(InvalidInput):
    code = "attribute_not_known"
    title = "There is no such attribute"


class AttributeNotYours(InvalidInput):
    code = "attribute_not_yours"
    title = "Members do not change this attribute themselves"


class AttributeNotValid(InvalidInput):
    code = "attribute_not_valid"
    title = "This attribute does not take such a value"


class IdentitiesOfTwoMembers(Refusal):
    """The identities given for one person belong to different members; `conflicts` says which to whom."""

    status = 409
    code = "identities_of_two_members"
    title = "These identities belong to different members"


class IdentityTaken(Refusal):
    status = 409
    code = "identity_taken"
    title = "This identity belongs to another member"


class IdentityNotHeld(Refusal):
    """The member it is to be taken from does not go by it; nobody's identity is moved by mistake."""

    status = 409
    code = "identity_not_held"
    title = "This member does not go by this identity"


class MemberNotActive(Refusal):
    status = 409
    code = "member_not_active"
    title = "This member was merged or erased"


class AttributeChangedMeanwhile(Refusal):
    """What was said since is not overwritten by who has not read it."""

    status = 409
    code = "attribute_changed_meanwhile"
    title = "Something else was said meanwhile"


class MergeWithOneself(InvalidInput):
    code = "merge_with_oneself"
    title = "A member cannot be merged with themselves"


class MergeNotFound(NotFound):
    code = "merge_not_found"
    title = "There is no such merge"


class MergeUnderWay(Refusal):
    """One of the two is being merged, or taken apart, at this moment."""

    status = 409
    code = "merge_under_way"
    title = "A merge of this member is under way. Try again in a minute"


class MergeUndone(Refusal):
    status = 409
    code = "merge_undone"
    title = "This merge was undone already"


class CardCodeNotValid(InvalidInput):
    """The rotating code is damaged, forged, or older than its minute."""

    code = "card_code_not_valid"
    title = "This card code is not valid; show the card again"


class OfflineCardsNotIssued(NotFound):
    """There is no key by which devices could be certified."""

    code = "offline_cards_not_issued"
    title = "No card that tills verify without a network is issued here"


class CodeNotValid(NotSignedIn):
    """Wrong, used, expired or tried too often: one answer for all, so that nothing can be learnt from it."""

    code = "code_not_valid"
    title = "This code is not valid; ask for a new one"


class NoWayToProve(Refusal):
    status = 409
    code = "no_way_to_prove"
    title = "This member has no phone or e-mail to send a code to; scan their rotating code"


class TokenNotKnown(NotSignedIn):
    code = "token_not_known"
    title = "This token is not known or has run out. Refresh it, or sign in again"


class RefreshTokenNotValid(NotSignedIn):
    code = "refresh_token_not_valid"
    title = "This refresh token is not valid; sign in again"


class UnsubscribeLinkNotValid(NotFound):
    code = "unsubscribe_link_not_valid"
    title = "This link is not complete or was changed"


class PreferenceLinkNotValid(NotFound):
    code = "preference_link_not_valid"
    title = "This link is not complete or was changed"


class PreferenceLinkOver(NotFound):
    code = "preference_link_over"
    title = "This link has run out; use the one of the newest message"


class PairAlreadyDecided(Refusal):
    status = 409
    code = "pair_already_decided"
    title = "Somebody has decided about these two members already"


class ErasureNotFound(NotFound):
    code = "erasure_not_found"
    title = "No erasure of this member is under way"


class ErasureBegun(Refusal):
    """Too late, or decided already."""

    status = 409
    code = "erasure_begun"
    title = "This erasure does not wait any more"


class ErasureNeedsAnotherPerson(Refusal):
    status = 409
    code = "erasure_needs_another_person"
    title = "Another colleague has to agree to this erasure"


class CopyNotReady(NotFound):
    code = "copy_not_ready"
    title = "There is no copy of the data to fetch; ask for one, or wait until it is made"


class NoHousehold(NotFound):
    code = "no_household"
    title = "This member is in no household"


class HouseholdPersonNotFound(NotFound):
    code = "household_person_not_found"
    title = "Nobody in this household goes by this ref"


class InvitationNotValid(NotFound):
    """Wrong, used, taken back or past its days: one answer for all, so that nothing can be learnt from it."""

    code = "invitation_not_valid"
    title = "This invitation is not valid; ask for a new one"


class HouseholdTaken(Refusal):
    status = 409
    code = "household_taken"
    title = "This member is in a household already; leave it first"


class HouseholdFull(Refusal):
    status = 409
    code = "household_full"
    title = "This household has no place left"


class NotTheHead(Refusal):
    status = 403
    code = "not_the_head"
    title = "Only the head of the household may do this"


class HeadStays(Refusal):
    """The head is an adult who is there: another has to be the head first."""

    status = 409
    code = "head_stays"
    title = "The head of a household is an adult; hand it over to another first"
