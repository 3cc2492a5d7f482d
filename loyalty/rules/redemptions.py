"""What becomes of a redemption: a voucher is issued, a gift comes to the member, a seat is taken."""

_WAYS = {
    "voucher": ("issued",),
    "gift": ("ordered", "packed", "ready", "handed_over"),
    "experience": ("booked", "attended"),
}
"""Kind of reward -> its states in their order; steps may be left out, never gone back."""

ENDED = frozenset({"handed_over", "attended", "cancelled"})
"""From here nothing leads on."""

TO_WORK_ON = ("ordered", "packed", "ready", "booked")
"""Somebody still has to do something."""


def first_state(kind: str) -> str:
    """The state in which the redemption of a reward of this kind begins."""
    return _WAYS[kind][0]


def later_states(state: str) -> tuple[str, ...]:
    """What a redemption may come to next, the nearest first; cancelling apart.

    >>> later_states("packed")
    ('ready', 'handed_over')
    """
    way = next((way for way in _WAYS.values() if state in way), ())
    return way[way.index(state) + 1 :] if way else ()


def needs_payment(to: str) -> bool:
    """Whether a money part has to be paid before a redemption comes to this state."""
    return to in ("handed_over", "attended")
