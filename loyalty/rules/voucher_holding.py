"""Whether a voucher may be used for a purchase; and if not, why, in words that a cashier can read out."""

from datetime import datetime, tzinfo

from config.ground.amounts import money
from config.ground.words import counted, day_words
from loyalty.rules.conditions import Condition
from loyalty.rules.holding import Occasion, Unmet
from loyalty.rules.voucher_codes import is_mistyped, normal_form
from loyalty.rules.voucher_facts import Brought, VoucherNow
from loyalty.rules.vouchers import Series


def unmet_by(brought: Brought, occasion: Occasion, *, is_named: bool) -> Unmet | None:
    """The first thing that keeps a voucher from being used; None if it may be.

    :param is_named: a member is named.
    """
    now, series = brought.now, brought.series
    if now is None or series is None:
        return _unknown(brought.told_as)
    return (
        unusable(brought, occasion.basket.placed_at, occasion.local.tzinfo, is_named=is_named)
        or _beside_points(series, occasion)
        or first_unmet(series, occasion)
    )


def unusable(brought: Brought, at: datetime, zone: tzinfo | None, *, is_named: bool) -> Unmet | None:
    """What keeps a voucher from being used at a moment, whatever is bought: it is unknown, used, over, another's ..."""
    now, series = brought.now, brought.series
    if now is None or series is None:
        return _unknown(brought.told_as)
    return (
        _whose(brought, series, is_named=is_named)
        or _spent(now, series, zone)
        or _reserved(now, zone)
        or _when(now, series, at, zone)
    )


def first_unmet(
    series: Series, occasion: Occasion, *, undecided: tuple[type[Condition], ...] = ()
) -> Unmet | None:
    """The first of its conditions that does not hold.

    :param undecided: kinds of conditions that are not asked.
    """
    for condition, test in zip(series.definition.conditions, series.tests, strict=True):
        if not isinstance(condition, undecided) and (unmet := test(occasion)) is not None:
            return unmet
    return None


def _unknown(told_as: str) -> Unmet:
    if is_mistyped(normal_form(told_as)):
        return Unmet("voucher_mistyped", f"{told_as} is no voucher's code: a letter is wrong. Read it again.")
    return Unmet("voucher_unknown", f"There is no voucher {told_as} here.")


def _whose(brought: Brought, series: Series, *, is_named: bool) -> Unmet | None:
    if not is_named and brought.is_personal:
        return Unmet("voucher_personal", "It belongs to a member: name the member first.")
    if not is_named and series.definition.uses_per_member is not None:
        return Unmet("voucher_personal", "It is for members alone: name the member first.")
    if brought.is_personal and not brought.is_of_buyer:
        return Unmet("voucher_of_another", "It belongs to another member.")
    return None


def _spent(now: VoucherNow, series: Series, zone: tzinfo | None) -> Unmet | None:
    """What was used up, revoked, or given away."""
    limits = series.definition
    if now.is_revoked:
        return Unmet("voucher_revoked", "It was withdrawn, and is not valid any more.")
    if now.max_uses is not None and now.uses >= now.max_uses:
        return Unmet("voucher_used", _used_up(now, zone))
    if limits.uses_per_member is not None and now.uses_of_member >= limits.uses_per_member:
        times = counted(limits.uses_per_member, "time")
        return Unmet("voucher_used", f"The member has used it {times}, as often as one member may.")
    if limits.uses_in_all is not None and now.uses_in_all >= limits.uses_in_all:
        return Unmet("voucher_used", "All there were have been used.")
    if series.is_gift_card and not now.left_minor:
        return Unmet("gift_card_empty", "Nothing is left on it.")
    return None


def _used_up(now: VoucherNow, zone: tzinfo | None) -> str:
    if now.max_uses == 1 and now.last_use is not None:
        return f"It was used on {_day(now.last_use.at, zone)} at {now.last_use.place}."
    return f"It was used {counted(now.uses, 'time')}, as often as it may be."


def _reserved(now: VoucherNow, zone: tzinfo | None) -> Unmet | None:
    is_taken = now.max_uses is not None and now.uses + now.reserved_uses >= now.max_uses
    if now.reserved_until is None or not (is_taken or (now.left_minor is not None and not now.free_minor)):
        return None
    until = now.reserved_until.astimezone(zone)
    return Unmet("voucher_reserved", f"It is reserved for another order until {until:%H:%M}.")


def _when(now: VoucherNow, series: Series, at: datetime, zone: tzinfo | None) -> Unmet | None:
    """Expiry is a fact of time, by the moment of the purchase."""
    starts = max(filter(None, (now.valid_from, series.definition.starts_at)))
    ends = min(filter(None, (now.valid_until, series.definition.ends_at)), default=None)
    if at < starts:
        return Unmet("voucher_not_yet", f"It is valid from {_day(starts, zone)} on.")
    if ends is not None and at >= ends:
        return Unmet("voucher_expired", f"It was valid until {last_moment(ends, zone)}.")
    return None


def _beside_points(series: Series, occasion: Occasion) -> Unmet | None:
    if series.definition.stacking.not_with_points and occasion.basket.spend_points:
        return Unmet("not_with_points", "It cannot be used where points pay a part.")
    return None


def over_budget(brought: Brought, takes_off: int, currency: str) -> Unmet | None:
    """Why a series can no longer pay for what a voucher of it would take off; None if it can."""
    assert brought.now is not None  # noqa: S101 - asked of vouchers that may be used
    assert brought.series is not None  # noqa: S101 - as above
    budget = brought.series.definition.budget_minor
    if budget is None or brought.now.given_minor + takes_off <= budget:
        return None
    left = money(max(budget - brought.now.given_minor, 0), currency)
    return Unmet("budget_spent", f"All that was set aside for it has been given: {left} is left.")


def last_moment(ends: datetime, zone: tzinfo | None) -> str:
    """The last day on which something was valid, or the moment where it ended within a day."""
    local = ends.astimezone(zone)
    if (local.hour, local.minute) != (0, 0):
        return f"{day_words(local.date())}, {local:%H:%M}"
    return day_words(local.date().fromordinal(local.toordinal() - 1))


def _day(at: datetime, zone: tzinfo | None) -> str:
    return day_words(at.astimezone(zone).date())
