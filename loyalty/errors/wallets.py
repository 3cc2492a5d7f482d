"""What is refused of points that lie in wallets: holds, transfers, corrections."""

from config.ground.refusals import InvalidInput, NotFound, Refusal


class ProofNeeded(Refusal):
    """`above`: up to so many points need none."""

    status = 403
    code = "proof_needed"
    title = "The member has to prove that it is them"


class CorrectionNotFound(NotFound):
    code = "correction_not_found"
    title = "There is no such correction"


class CorrectionDecided(Refusal):
    status = 409
    code = "correction_decided"
    title = "This correction was decided before"


class OwnWallet(Refusal):
    status = 403
    code = "own_wallet"
    title = "Nobody corrects their own points: ask a colleague"


class TransferToOneself(InvalidInput):
    code = "transfer_to_oneself"
    title = "Nobody gives points to themselves"


class TransfersNotAllowed(Refusal):
    status = 409
    code = "transfers_not_allowed"
    title = "In this programme nobody gives points away"


class TransferExceeds(Refusal):
    """`left` points can be given: of those that can be spent, and of those for today."""

    status = 409
    code = "transfer_exceeds"
    title = "Fewer points can be given"


class TransferContentDiffers(Refusal):
    status = 409
    code = "transfer_content_differs"
    title = "This number was told before with another receiver or number of points"


class HoldContentDiffers(Refusal):
    """`hold_ref` is the hold that the reference stands for."""

    status = 409
    code = "hold_content_differs"
    title = "This reference stands for a hold of another number of points"


class HoldNotFound(NotFound):
    code = "hold_not_found"
    title = "There is no hold by this reference"


class HoldHasEnded(Refusal):
    """`state` says how: captured, released or lapsed."""

    status = 409
    code = "hold_has_ended"
    title = "This hold is over"


class HoldExceeded(Refusal):
    """`held` points are there to be captured."""

    status = 409
    code = "hold_exceeded"
    title = "The hold holds fewer points"


class PointsSetAside(Refusal):
    status = 409
    code = "points_set_aside"
    title = "Points are set aside for a purchase that is being paid. Try again when it is over"
