"""What is refused about rewards and redemptions."""

from config.ground.refusals import NotFound, Refusal


class RewardNotFound(NotFound):
    code = "reward_not_found"
    title = "There is no such reward"


class RewardNotRedeemable(Refusal):
    """`reason`: as in `/me/rewards`; `missing_points`: so many more would do."""

    code = "reward_not_redeemable"
    title = "The member cannot have this reward now"


class RedemptionNotFound(NotFound):
    code = "redemption_not_found"
    title = "There is no redemption by this reference"


class RedemptionContentDiffers(Refusal):
    code = "redemption_content_differs"
    title = "This number was redeemed before with other content"


class RedemptionNotChanged(Refusal):
    """`state`: of the redemption. `reason`: cancelled, handed_over, attended, voucher_used, voucher_reserved, too_late,
    not_next, cash_due or no_cash_due."""

    code = "redemption_not_changed"
    title = "This cannot be done with the redemption now"
