"""Refusals of the staff's own pages."""

from config.ground.refusals import Refusal


class CodeDoesNotFit(Refusal):
    status = 422
    code = "code_does_not_fit"
    title = "This code does not fit; each one is good once and for half a minute"


class SecondFactorIsNeeded(Refusal):
    status = 409
    code = "second_factor_is_needed"
    title = "Your role needs a second factor, so it cannot be taken away, only replaced"
