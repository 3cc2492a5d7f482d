"""What loyalty refuses. Each says what to do."""

from config.ground.refusals import InvalidInput, NotFound, Refusal
from loyalty.errors.wallets import (
    CorrectionDecided as CorrectionDecided,
    CorrectionNotFound as CorrectionNotFound,
    HoldContentDiffers as HoldContentDiffers,
    HoldExceeded as HoldExceeded,
    HoldHasEnded as HoldHasEnded,
    HoldNotFound as HoldNotFound,
    OwnWallet as OwnWallet,
    PointsSetAside as PointsSetAside,
    ProofNeeded as ProofNeeded,
    TransferContentDiffers as TransferContentDiffers,
    TransferExceeds as TransferExceeds,
    TransfersNotAllowed as TransfersNotAllowed,
    TransferToOneself as TransferToOneself,
)


class PassesNotIssued(NotFound):
    """There is no certificate or account by which passes could be signed, or no card that one could show."""

    code = "passes_not_issued"
    title = "No pass is issued for this card"


class InsufficientPoints(Refusal):
    status = 409
    code = "insufficient_points"
    title = "The member has fewer points to spend than asked for"


class PointsExceedPayable(Refusal):
    status = 409
    code = "points_exceed_payable"
    title = "The points are worth more than what is to be paid"


class LinesDoNotAddUp(Refusal):
    status = 422
    code = "lines_do_not_add_up"
    title = "The amounts of the purchase do not add up"


class TooManyPoints(Refusal):
    """`most` points can be earned by one purchase."""

    status = 422
    code = "too_many_points"
    title = "The rules give more points than one purchase can earn"


class PaymentsDoNotAddUp(Refusal):
    status = 422
    code = "payments_do_not_add_up"
    title = "The payments do not sum to what is to be paid"


class WrongCurrency(Refusal):
    status = 422
    code = "wrong_currency"
    title = "This programme runs in another currency"


class OrderNotToCollect(Refusal):
    status = 409
    code = "order_not_to_collect"
    title = "The goods of this purchase are not to be collected"


class CollectionOutOfTime(Refusal):
    status = 422
    code = "collection_out_of_time"
    title = "The goods were collected before they were bought, or will be"


class PlacedInTheFuture(Refusal):
    status = 422
    code = "placed_in_the_future"
    title = "The purchase lies in the future"


class NumberMissing(Refusal):
    status = 422
    code = "number_missing"
    title = "A till names receipt_number, a web shop order_number"


class NoPlace(Refusal):
    status = 403
    code = "key_without_place"
    title = "This key belongs to no store or web shop"


class PlaceMissing(InvalidInput):
    code = "place_missing"
    title = "This key stands for a whole programme: name the place of each purchase"


class DayIsSealed(Refusal):
    code = "day_is_sealed"
    title = "The ledger of this day is sealed: nothing more can be written on it"


class ReceiptContentDiffers(Refusal):
    status = 409
    code = "receipt_content_differs"
    title = "This receipt number was booked before with other content"


class ReceiptOfAnotherTill(Refusal):
    status = 409
    code = "receipt_of_another_till"
    title = "This very purchase was booked by another till of the same store"


class OrderNotFound(NotFound):
    code = "order_not_found"
    title = "There is no order by this reference"


class PurchaseOfAnother(Refusal):
    status = 409
    code = "purchase_of_another"
    title = "This purchase belongs to another member"


class ReceiptAmbiguous(Refusal):
    status = 409
    code = "receipt_ambiguous"
    title = "Several tills of this place gave this receipt number"


class ReturnExceedsPurchase(InvalidInput):
    code = "return_exceeds_purchase"
    title = "More would come back than was bought and not yet returned"


class ReturnedAtNotPossible(InvalidInput):
    code = "returned_at_not_possible"
    title = "Nothing comes back before it was bought, or in the future"


class NothingLeftToReturn(Refusal):
    status = 409
    code = "nothing_left_to_return"
    title = "Everything of this purchase came back before"


class ReturnContentDiffers(Refusal):
    status = 409
    code = "return_content_differs"
    title = "This return number was booked before with other content"


class PointsAlreadySpent(Refusal):
    """`missing` points were earned by what comes back, spent since, and are not there to be taken back."""

    status = 409
    code = "points_already_spent"
    title = "The points that these goods earned are spent already"


class ReturnUnexplained(Refusal):
    """`unexplained`: each line with its words."""

    status = 409
    code = "return_unexplained"
    title = "The member bought none of these goods, or brought them back before"


class PurchaseCameBack(Refusal):
    status = 409
    code = "purchase_came_back"
    title = "Some of this purchase was returned before anybody claimed it"


class WalletBusy(Refusal):
    status = 409
    code = "wallet_busy"
    title = "This member's wallet is being changed by others; send the same request again"


class ProgrammeWithoutTerms(Refusal):
    status = 409
    code = "programme_without_terms"
    title = "This programme has no terms yet: an administrator sets them under Points, Programme terms"


class RuleNotValid(Refusal):
    status = 422
    code = "rule_not_valid"
    title = "The rule does not say something the system understands"


class BackTestNotFound(NotFound):
    code = "back_test_not_found"
    title = "There is no back-test by this reference"


class RuleDraftNotFound(NotFound):
    code = "rule_draft_not_found"
    title = "There is no such draft"


class RuleDraftNotOpen(Refusal):
    status = 409
    code = "rule_draft_not_open"
    title = "The draft was decided before"


class RuleDraftChanged(Refusal):
    status = 409
    code = "rule_draft_changed"
    title = "It changed meanwhile: read it again"


class NeedsAnotherPerson(Refusal):
    status = 403
    code = "needs_another_person"
    title = "What one person writes, another one approves"


class ProgrammeFileNotFitting(Refusal):
    status = 422
    code = "programme_file_not_fitting"
    title = "The file does not say a programme that can be here"


class VoucherNotFound(NotFound):
    code = "voucher_not_found"
    title = "There is no such voucher"


class VoucherMistyped(InvalidInput):
    code = "voucher_mistyped"
    title = "This is no voucher's code: a letter is wrong"


class VoucherSeriesTaken(InvalidInput):
    code = "voucher_series_taken"
    title = "There is a series of this code already"


class CodeTaken(InvalidInput):
    code = "code_taken"
    title = "This cannot be the code of a voucher"


class VoucherNotUsable(Refusal):
    """`reason`: as in a settlement's `not_applied`."""

    status = 409
    code = "voucher_not_usable"
    title = "This voucher cannot be used now"


class ReservationNotFound(NotFound):
    code = "reservation_not_found"
    title = "There is no such reservation"


class ReservationHasEnded(Refusal):
    status = 409
    code = "reservation_has_ended"
    title = "This reservation counts no more"


class GoodwillExceeded(Refusal):
    """`left_minor`: what the colleague may still give this member today."""

    status = 403
    code = "goodwill_exceeded"
    title = "This is more goodwill than the role gives in a day"


class MonthCannotClose(Refusal):
    status = 409
    code = "month_cannot_close"
    title = "This month cannot be closed yet"


class AlreadyDecided(Refusal):
    status = 409
    code = "already_decided"
    title = "This was decided before, or nobody asked for it"


class ActNotFound(NotFound):
    code = "act_not_found"
    title = "There is no such act, or it was told a moment ago"


class TermsNotValid(InvalidInput):
    code = "terms_not_valid"
    title = "A programme's terms cannot be so"


class RuleDraftOfAnother(Refusal):
    code = "rule_draft_of_another"
    title = "Somebody else is writing this rule; approve or discard their draft first"


class ChallengeNotFound(NotFound):
    code = "challenge_not_found"
    title = "There is no such challenge"


class ChallengeStarted(Refusal):
    status = 409
    code = "challenge_started"
    title = "What a started challenge asks for stays: end it, and start another one"


class ChallengeNotValid(Refusal):
    status = 422
    code = "challenge_not_valid"
    title = "The challenge cannot be like this"


class ReferralCodeNotFound(NotFound):
    code = "referral_code_not_found"
    title = "Nobody has this code"


class NotAFriend(Refusal):
    status = 409
    code = "not_a_friend"
    title = "A friend is somebody else, who names one code before the first purchase"
