"""Booking a return that was decided under the wallet's lock: the rows it writes, in one statement."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import connection

from config.ground.ids import new_ref
from config.outbox.registry import subscribers_of
from loyalty.events import PurchaseReturned
from loyalty.queries.returns import Facts
from loyalty.rules.return_told import Return, head_text, state_after
from loyalty.rules.returns import Undoing
from loyalty.rules.voucher_returns import vouchers_back
from loyalty.services.standings import steps_taken

Row = dict[str, object]


def book_return(
    told: Return,
    facts: Facts,
    coming: Mapping[int, int],
    undoing: Undoing,
    *,
    is_history: bool = False,
    now: datetime,
) -> str:
    """Write a return with all that it undoes. The wallet has been locked since `facts` were read.

    :param coming: position -> how many of the line come back.
    :param is_history: it happened long ago, so nobody is told of it now.
    :return: the answer as JSON text.
    """
    ref = new_ref("ret")
    left = sum(line.quantity - line.returned for line in facts.bought.lines) - sum(coming.values())
    state = state_after(told, facts.state, left)
    entries, moves = _movements(told, ref, facts, undoing)
    back = vouchers_back(facts.vouchers, undoing.refund_minor, is_whole=not left)
    document = {
        "r": {
            "ref": ref,
            "order_id": facts.order_id,
            "member_id": facts.member_id,
            "place_id": told.place_id,
            "till_id": told.till_id,
            "kind": told.kind,
            "number": told.number,
            "fingerprint": told.fingerprint(),
            "returned_at": told.returned_at,
            "refund_minor": undoing.refund_minor,
            "lines": [{"position": position, "quantity": count} for position, count in coming.items()],
            "state": state,
        },
        "wallet_id": facts.wallet_id,
        "member_id": facts.member_id,
        "programme_id": facts.programme_id,
        "order_ref": facts.order_ref,
        "entries": entries,
        "moves": moves,
        "spent_on": facts.spent_on,
        **_counted_less(facts, undoing, is_whole=not left, now=now),
        "offers": [] if left else _offers_used(facts),
        "vouchers": back,
        "actor": told.actor,
        **_undone(undoing, head_text(told, ref, state, facts.currency, undoing, back=back)),
        "news": [] if is_history else [_news(told, ref, facts, undoing, is_whole=not left)],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_book_return(%s::jsonb, %s)", [msgspec.json.encode(document).decode(), now]
        )
        return str(cursor.fetchone()[0])


def _undone(undoing: Undoing, head: str) -> Row:
    """What is remembered of the points. `head`: the answer, open at its end."""
    return {
        "left": [{"entry_id": entry_id, "points": points} for entry_id, points in undoing.left.items()],
        "reversal": {
            "points_taken": undoing.taken,
            "points_expired": undoing.expired,
            "points_missing": undoing.missing,
            "points_given": undoing.given,
            "head": head,
        },
    }


def _counted_less(facts: Facts, undoing: Undoing, *, is_whole: bool, now: datetime) -> Row:
    """What no longer counts towards tiers, and the standings that end with it."""
    return {
        "standings_ended": steps_taken(facts, undoing, is_whole=is_whole, now=now),
        "qualifying_minor": undoing.qualifying_minor,
        "qualifying_points": undoing.qualifying_points,
        "visits": int(is_whole),
    }


def _movements(told: Return, ref: str, facts: Facts, undoing: Undoing) -> tuple[list[Row], list[Row]]:
    """An entry for the points that were spent, and one for each award that is undone, with the moves of each.

    Awards of other purchases are those that their returns had left.
    """
    rules = {each.entry_id: each.rule_version_id for each in facts.bought.earned}
    rules |= {each.entry_id: each.rule_version_id for each in facts.bought.forgiven}
    elsewhere = {each.entry_id: each.order_ref for each in facts.bought.forgiven}
    entries: list[Row] = []
    moves: list[Row] = []
    for undone in dict.fromkeys(move.entry_id for move in undoing.moves):
        mine = [move for move in undoing.moves if move.entry_id == undone]
        cause, reason = f"return:{ref}:{undone}", f"earned by what came back with {told.number}"
        if undone is None:
            cause, reason = f"return:{ref}", f"had paid for what came back with {told.number}"
        elif undone in elsewhere:
            cause, reason = f"left:return:{ref}:{undone}", f"left by a return, there again with {told.number}"
        entries.append(
            {
                "kind": "reverse_spend" if undone is None else "reverse_earn",
                "points": sum(move.points for move in mine),
                "cause": cause,
                "order_ref": elsewhere.get(undone, facts.order_ref) if undone else facts.order_ref,
                "rule_version_id": rules[undone] if undone else None,
                "undoes_id": undone,
                "actor": told.actor,
                "reason": reason,
                "happened_at": told.returned_at,
            }
        )
        moves += [{"e": len(entries), "lot_id": move.lot_id, "points": move.points} for move in mine]
    return entries, moves


def _offers_used(facts: Facts) -> list[str]:
    """Refs of the personal offers that earned for this purchase."""
    return [
        each.rule.removeprefix("offer:") for each in facts.bought.earned if each.rule.startswith("offer:")
    ]


def _news(told: Return, ref: str, facts: Facts, undoing: Undoing, *, is_whole: bool) -> Row:
    event = PurchaseReturned(
        return_ref=ref,
        order_ref=facts.order_ref,
        programme_code=facts.programme_code,
        placed_at=facts.placed_at,
        returned_at=told.returned_at,
        refund_minor=undoing.refund_minor,
        points_taken=undoing.taken,
        points_given=undoing.given,
        is_whole=is_whole,
    )
    return {
        "name": event.name,
        "member_id": facts.member_id,
        "payload": event,
        "happened_at": told.returned_at,
        "subscribers": subscribers_of(PurchaseReturned),
    }
