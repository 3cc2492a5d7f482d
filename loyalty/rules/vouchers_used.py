"""Which of the vouchers that are brought to a purchase are used, and what each takes off: a part of settling it.

They come before points that are spent, and before rules count what was paid. A gift card is no discount: it pays, after
points, what is left to pay.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from config.ground.amounts import money
from loyalty.rules.amounts import Amounts
from loyalty.rules.awards import NotApplied
from loyalty.rules.basket import Line
from loyalty.rules.holding import Occasion, Unmet
from loyalty.rules.stacking import Combination, Rival, best_combination
from loyalty.rules.voucher_cuts import cuts_of, positions_of
from loyalty.rules.voucher_facts import Brought, VoucherNow
from loyalty.rules.voucher_holding import over_budget, unmet_by
from loyalty.rules.vouchers import Series


class VoucherUsed(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher and what it gives for this purchase, in minor units; `lines` are positions in the basket.

    :ivar amount_minor: taken off the lines, or paid by a gift card.
    """

    now: VoucherNow
    series: Series
    amount_minor: int
    lines: list[int]
    because: str


@dataclass(frozen=True, slots=True)
class Cut:
    """The lines with what vouchers took off added to their discounts, and what they earn no points for.

    :ivar earns_nothing: positions.
    """

    lines: list[Line]
    used: list[VoucherUsed]
    left_out: list[NotApplied]
    earns_nothing: frozenset[int]
    gift_cards: list[Brought]


@dataclass(frozen=True, slots=True)
class _Fit:
    brought: Brought
    now: VoucherNow
    series: Series
    rival: Rival


def cut_by_vouchers(
    brought: Sequence[Brought], occasion: Occasion, nets: Sequence[int], currency: str, *, is_named: bool
) -> Cut:
    """Use the best legal combination of the vouchers that may be used.

    :param occasion: the purchase as it is before any voucher.
    :param nets: what its lines cost.
    """
    lines, left_out = occasion.basket.lines, list[NotApplied]()
    fits: list[_Fit] = []
    gift_cards: list[Brought] = []
    seen: set[int] = set()
    for each in brought:
        if each.now is not None:
            if each.now.id in seen:
                continue
            seen.add(each.now.id)
        unmet = unmet_by(each, occasion, is_named=is_named)
        if unmet is None and each.now is not None and each.series is not None:
            if each.series.is_gift_card:
                gift_cards.append(each)
                continue
            positions = positions_of(each.series, lines)
            alone = sum(cuts_of(each.series, lines, positions, nets=nets, left=nets))
            unmet = _nothing_off(positions, alone) or over_budget(each, alone, currency)
            if unmet is None:
                fits.append(_Fit(each, each.now, each.series, Rival(each.series, positions, alone)))
                continue
        if unmet is not None:
            left_out.append(not_used(each, unmet))
    fits.sort(key=lambda fit: (fit.rival.stacking.order, fit.now.valid_until is None, fit.now.id))
    best = best_combination([fit.rival for fit in fits], lines, nets)
    chosen = set(best.chosen)
    left_out += [
        not_used(fit.brought, _beaten(fit, [fits[each] for each in best.chosen]))
        for number, fit in enumerate(fits)
        if number not in chosen
    ]
    return _cut(lines, fits, best, left_out=left_out, gift_cards=gift_cards, currency=currency)


def not_used(brought: Brought, unmet: Unmet) -> NotApplied:
    """A voucher that was brought and is not used."""
    because = f"{brought.series.name}: {unmet.because}" if brought.series else unmet.because
    return NotApplied(
        what=f"voucher {brought.spelled}", code=unmet.code, because=because, missing=unmet.missing
    )


def paid_by_gift_cards(cards: Sequence[Brought], to_pay: int, currency: str) -> list[VoucherUsed]:
    """What gift cards pay of so much, those that end first in front."""
    used = []
    for card in sorted(cards, key=_ends_first):
        assert card.now is not None  # noqa: S101 - cut_by_vouchers found them usable
        assert card.series is not None  # noqa: S101 - as above
        paid = min(card.now.free_minor, to_pay)
        to_pay -= paid
        if paid:
            left = money(card.now.free_minor - paid, currency)
            because = f"{card.series.name}: {money(paid, currency)} paid by gift card, {left} is left on it"
            used.append(
                VoucherUsed(now=card.now, series=card.series, amount_minor=paid, lines=[], because=because)
            )
    return used


def _ends_first(card: Brought) -> tuple[bool, float, int]:
    assert card.now is not None  # noqa: S101 - asked of cards that are known
    until = card.now.valid_until
    return until is None, until.timestamp() if until else 0.0, card.now.id


def _nothing_off(positions: Sequence[int], alone: int) -> Unmet | None:
    if not positions:
        return Unmet("no_matching_line", "nothing in this basket belongs to it.")
    return None if alone else Unmet("nothing_to_take_off", "there is nothing to take off.")


def _beaten(fit: _Fit, winners: Sequence[_Fit]) -> Unmet:
    """Why a voucher that may be used is not in the best combination."""
    for other in winners:
        name = other.series.name
        if fit.rival.stacking.group and fit.rival.stacking.group == other.rival.stacking.group:
            return Unmet("not_combinable", f"it is not used together with {name}, which takes more off.")
        if other.rival.stacking.is_alone:
            return Unmet("not_combinable", f"{name} is used alone, and takes more off.")
    if fit.rival.stacking.is_alone:
        return Unmet("not_combinable", "it is used alone, and others take more off together.")
    return Unmet("nothing_more_off", "beside the others it would take nothing more off.")


def _cut(
    lines: Sequence[Line],
    fits: Sequence[_Fit],
    best: Combination,
    *,
    left_out: list[NotApplied],
    gift_cards: list[Brought],
    currency: str,
) -> Cut:
    """Take the chosen vouchers off, one after the other, as far as they go together."""
    off = [0] * len(lines)
    used: list[VoucherUsed] = []
    earns_nothing: set[int] = set()
    most = best.most
    nets = best.nets
    for number in best.chosen:
        fit = fits[number]
        left = [net - cut for net, cut in zip(nets, off, strict=True)]
        cuts = cuts_of(fit.series, lines, fit.rival.positions, nets=nets, left=left, most=most)
        total = sum(cuts)
        if total == 0:
            left_out.append(not_used(fit.brought, _beaten(fit, [])))
            continue
        most -= total
        off = [before + cut for before, cut in zip(off, cuts, strict=True)]
        on = [position for position, cut in enumerate(cuts) if cut]
        if fit.rival.stacking.earns_nothing:
            earns_nothing.update(on)
        because = f"{fit.series.name}: {money(total, currency)} off"
        used.append(
            VoucherUsed(now=fit.now, series=fit.series, amount_minor=total, lines=on, because=because)
        )
    return Cut(
        lines=[_discounted(line, cut, net) for line, cut, net in zip(lines, off, nets, strict=True)],
        used=used,
        left_out=left_out,
        earns_nothing=frozenset(earns_nothing),
        gift_cards=gift_cards,
    )


def _discounted(line: Line, cut: int, net: int) -> Line:
    """The line with more discount; the tax contained in it shrinks with what it costs, rounded down."""
    if not cut:
        return line
    return msgspec.structs.replace(
        line, discount_minor=line.discount_minor + cut, tax_minor=line.tax_minor * (net - cut) // net
    )


def amounts_before(lines: Sequence[Line], nets: Sequence[int]) -> Amounts:
    """What conditions of vouchers ask for: the price after the till's discounts, before vouchers and points."""
    return Amounts(lines, nets, nets)
