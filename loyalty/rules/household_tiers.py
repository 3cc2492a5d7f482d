"""Which tiers a household gives: everybody stands as high as anybody of it stands by their own. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from loyalty.rules.tiers import Ladder, Standing

Held = Mapping[int, Sequence[Standing]]
"""Of each member, what they hold by their own, be it reached or given."""


def tiers_shared(ladder: Ladder, own: Held, *, now: datetime) -> dict[int, dict[int, datetime]]:
    """Of each member, the tiers that the household gives them, and until when: as long as another stands that high.

    What they hold by their own as long, or what lies below a tier that is given as long, stays out. So at any moment
    from `now` on, all who are told stand as high as the one who stands highest; nobody has to do anything when a
    standing ends.

    :param own: of everybody in the household, those who hold nothing as well.
    :return: member id -> tier id -> until when.
    """
    ends = {member_id: _ends(ladder, held, now) for member_id, held in own.items()}
    shared: dict[int, dict[int, datetime]] = {}
    for member_id, mine in ends.items():
        others = [theirs for other, theirs in ends.items() if other != member_id]
        covered, tiers = now, {}
        for rank in range(len(ladder.steps) - 1, 0, -1):
            until = max((theirs[rank] for theirs in others), default=now)
            covered = max(covered, mine[rank])
            if until > covered:
                tiers[ladder.steps[rank].id] = covered = until
        shared[member_id] = tiers
    return shared


def _ends(ladder: Ladder, held: Sequence[Standing], now: datetime) -> list[datetime]:
    """By rank: until when somebody stands at least there from now on, without a gap; now where they do not."""
    ranks = {step.id: rank for rank, step in enumerate(ladder.steps)}
    ends = []
    for rank in range(len(ladder.steps)):
        until = now
        for each in sorted(held, key=lambda one: one.from_at):
            if ranks.get(each.tier_id, 0) >= max(rank, 1) and each.from_at <= until:
                until = max(until, each.until_at)
        ends.append(until)
    return ends
