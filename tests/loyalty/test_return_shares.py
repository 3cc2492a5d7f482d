"""The arithmetic of returns: nothing is lost or made by any way of splitting one."""

from datetime import UTC, datetime

import msgspec
from hypothesis import given, strategies as st

from loyalty.rules.bought import Bought, BoughtLine, Drawn, Earned, LotNow
from loyalty.rules.return_shares import undone_by
from loyalty.rules.returns import undo

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@st.composite
def purchases(draw: st.DrawFn) -> Bought:
    """Purchases whose points are all still in their lot."""
    lines = []
    for position in range(draw(st.integers(1, 4))):
        total = draw(st.integers(0, 5_000))
        lines.append(
            BoughtLine(
                position=position,
                sku=f"S{position}",
                name="",
                category="",
                department="",
                quantity=draw(st.integers(1, 9)),
                total_minor=total,
                paid_minor=total - draw(st.integers(0, total)),
                returned=0,
            )
        )
    skus = range(len(lines))
    earned = [
        Earned(
            entry_id=number,
            rule=f"r{number}",
            rule_version_id=number,
            points=draw(st.integers(1, 900)),
            lines=(own := draw(st.lists(st.sampled_from(skus), min_size=1, unique=True))),
            taken=0,
            weights=draw(st.none() | st.lists(st.integers(0, 50), min_size=len(own), max_size=len(own))),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    paid_by_points = sum(line.total_minor - line.paid_minor for line in lines)
    drawn = [
        Drawn(lot_id=100 + number, points=draw(st.integers(1, 300)), given=0, expires_at=None)
        for number in range(draw(st.integers(1, 3)) if paid_by_points else 0)
    ]
    own = LotNow(
        id=1, remaining=sum(each.points for each in earned), available_from=NOW, expires_at=None, is_own=True
    )
    return Bought(
        lines=lines,
        earned=earned,
        points_spent=sum(each.points for each in drawn),
        points_given=0,
        points_paid_minor=paid_by_points,
        qualifying_minor=sum(line.paid_minor for line in lines),
        debt=0,
        drawn=drawn,
        expired=0,
        expired_counted=0,
        lots=[own],
    )


@given(purchases(), st.data())
def test_any_split_of_a_full_return_equals_one_full_return(bought: Bought, data: st.DataObject) -> None:
    pieces = [line.position for line in bought.lines for _ in range(line.quantity)]
    order = data.draw(st.permutations(pieces))
    back = {line.position: 0 for line in bought.lines}
    before = undone_by(bought, back)
    refund = given_back = qualifying = paid_back = 0
    taken = [0] * len(bought.earned)
    for position in order:
        back[position] += 1
        after = undone_by(bought, back)
        steps = [now - was for now, was in zip(after.taken, before.taken, strict=True)]
        assert min([after.refund_minor - before.refund_minor, after.given - before.given, *steps]) >= 0
        assert after.points_paid_minor >= before.points_paid_minor
        refund += after.refund_minor - before.refund_minor
        given_back += after.given - before.given
        qualifying += after.qualifying_minor - before.qualifying_minor
        paid_back += after.points_paid_minor - before.points_paid_minor
        taken = [so_far + step for so_far, step in zip(taken, steps, strict=True)]
        before = after
    assert refund == qualifying == sum(line.paid_minor for line in bought.lines)
    assert (given_back, paid_back) == (bought.points_spent, bought.points_paid_minor)
    assert taken == [each.points for each in bought.earned]


@given(purchases())
def test_a_full_return_moves_what_it_says(bought: Bought) -> None:
    undoing = undo(
        bought, {line.position: line.quantity for line in bought.lines}, owes=False, as_of=NOW, now=NOW
    )
    assert undoing.given == sum(move.points for move in undoing.moves if move.entry_id is None)
    assert -undoing.taken == sum(move.points for move in undoing.moves if move.entry_id is not None)
    assert (undoing.taken, undoing.missing) == (sum(each.points for each in bought.earned), 0)


@given(purchases(), st.integers(0, 2_000), st.integers(0, 2_000), st.booleans())
def test_nothing_is_taken_that_is_not_there_and_the_rest_is_owed_or_missing(
    bought: Bought, own: int, other: int, owes: bool
) -> None:
    earned = sum(each.points for each in bought.earned)
    lots = [
        LotNow(id=1, remaining=min(own, earned), available_from=NOW, expires_at=None, is_own=True),
        LotNow(id=2, remaining=other, available_from=NOW, expires_at=None, is_own=False),
    ]
    spent_otherwise = msgspec.structs.replace(
        bought, points_spent=0, points_paid_minor=0, drawn=[], lots=lots
    )
    undoing = undo(
        spent_otherwise,
        {line.position: line.quantity for line in bought.lines},
        owes=owes,
        as_of=NOW,
        now=NOW,
    )
    there = min(earned, min(own, earned) + other)
    assert undoing.taken - undoing.owed == there
    assert (undoing.owed, undoing.missing) == ((earned - there, 0) if owes else (0, earned - there))
    left = {lot.id: lot.remaining for lot in lots}
    for move in undoing.moves:
        if move.lot_id is not None:
            left[move.lot_id] += move.points
            assert left[move.lot_id] >= 0


@given(purchases(), st.integers(0, 2_000))
def test_points_that_go_back_pay_the_debt_first(bought: Bought, debt: int) -> None:
    owing = msgspec.structs.replace(bought, debt=debt)
    undoing = undo(
        owing, {line.position: line.quantity for line in bought.lines}, owes=True, as_of=NOW, now=NOW
    )
    paid = [move.points for move in undoing.moves if move.entry_id is None and move.lot_id is None]
    assert sum(paid) == min(debt, bought.points_spent)
    assert undoing.given == bought.points_spent
