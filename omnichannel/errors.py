"""What this floor refuses, and in which words."""

from config.ground.refusals import InvalidInput, NotFound, NotSignedIn, Refusal


class ProgrammeNotFound(NotFound):
    code = "programme_not_found"
    title = "There is no such programme"


class PlaceNotFound(NotFound):
    code = "store_not_found"
    title = "There is no such store or web shop"


class TillNotFound(NotFound):
    code = "till_not_found"
    title = "There is no such till"


class ProductNotFound(NotFound):
    code = "product_not_found"
    title = "There is no such product"


class MessageNotFound(NotFound):
    code = "message_not_found"
    title = "There is no such message"


class KeyNotFound(NotFound):
    code = "key_not_found"
    title = "There is no such key"


class KeyAlreadyRevoked(Refusal):
    """A revoked key can be neither rotated nor revoked again: make a new one."""

    code = "key_already_revoked"
    title = "This key is revoked; make a new one"


class ScopeNotKnown(InvalidInput):
    code = "scope_not_known"
    title = "A key cannot have this scope"


class KeyNotKnown(NotSignedIn):
    code = "key_not_known"
    title = "This key is not known here"


class KeyRevoked(NotSignedIn):
    code = "key_revoked"
    title = "This key was revoked"


class KeyExpired(NotSignedIn):
    code = "key_expired"
    title = "This key has ended; ask for its successor"


class ProgrammeNotNamed(InvalidInput):
    """A key of the whole house must say which programme it means."""

    code = "programme_not_named"
    title = "Say which programme is meant: ?programme=..."


class ProgrammeNotValid(InvalidInput):
    code = "programme_not_valid"
    title = "A programme cannot be so"


class PlaceCodeTaken(Refusal):
    code = "store_code_taken"
    title = "There is a store with this code already"


class TillCodeTaken(Refusal):
    code = "till_code_taken"
    title = "There is a till with this code already"


class EventTypeNotFound(NotFound):
    code = "event_type_not_found"
    title = "There is no such event type"


class EventTypeNotValid(InvalidInput):
    code = "event_type_not_valid"
    title = "An event type cannot be so"


class InteractionNotFound(NotFound):
    code = "interaction_not_found"
    title = "There is no such interaction"


class PromiseWithoutWords(InvalidInput):
    code = "promise_without_words"
    title = "Say what was promised for that day"


class NothingPromised(Refusal):
    code = "nothing_promised"
    title = "Nothing was promised there"


class CaseNotFound(NotFound):
    code = "case_not_found"
    title = "There is no such service case"


class CaseOfAnotherMember(InvalidInput):
    """What was said with one person never stands on the page of another."""

    code = "case_of_another_member"
    title = "This service case is another member's"


class CaseChangedMeanwhile(Refusal):
    """Look at it again before changing it: what a colleague wrote is not overwritten."""

    code = "case_changed_meanwhile"
    title = "Somebody else changed this case meanwhile"


class CaseStateOutOfOrder(Refusal):
    code = "case_state_out_of_order"
    title = "The case cannot go there from where it is"


class SurveyNotFound(NotFound):
    code = "survey_not_found"
    title = "There is no such survey"


class SurveyNotValid(InvalidInput):
    code = "survey_not_valid"
    title = "A survey cannot be so"


class SurveyChangedMeanwhile(Refusal):
    """Open it anew: what a colleague asks is not overwritten."""

    code = "survey_changed_meanwhile"
    title = "Somebody else changed this survey meanwhile"


class SurveyLinkNotValid(NotFound):
    code = "survey_link_not_valid"
    title = "This link is not complete or was changed"


class SurveyAnswered(Refusal):
    code = "survey_answered"
    title = "This was answered before"


class SurveyOver(Refusal):
    code = "survey_over"
    title = "This survey is over"
