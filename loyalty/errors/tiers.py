"""What is refused of ladders, tiers and benefits."""

from config.ground.refusals import NotFound, Refusal


class LadderNotValid(Refusal):
    status = 422
    code = "ladder_not_valid"
    title = "Nobody can climb this ladder"


class TierNotGiven(Refusal):
    status = 422
    code = "tier_not_given"
    title = "The tier cannot be given like this"


class BenefitNotFound(NotFound):
    code = "benefit_not_found"
    title = "The member has no such benefit"


class BenefitNotUsable(Refusal):
    """`detail` is a sentence that a cashier can read out."""

    status = 409
    code = "benefit_not_usable"
    title = "This benefit cannot be used now"


class BookingNotFound(NotFound):
    code = "booking_not_found"
    title = "There is no such booking"


class BookingNotOpen(Refusal):
    status = 409
    code = "booking_not_open"
    title = "This booking was used or cancelled before"
