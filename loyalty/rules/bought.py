"""A purchase as returns meet it: its lines, what they earned and paid, and where its points are now."""

from datetime import datetime

import msgspec


class BoughtLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it was bought. Minor units; `total_minor` is net of discounts, `paid_minor` of points too.

    :ivar returned: how many came back before.
    """

    position: int
    sku: str
    name: str
    category: str
    department: str
    quantity: int
    total_minor: int
    paid_minor: int
    returned: int


class Earned(msgspec.Struct, frozen=True, kw_only=True):
    """An entry by which the purchase earned.

    :ivar lines: positions of the lines that it was earned by.
    :ivar taken: points of it that were taken back before.
    :ivar weights: how much each of `lines` brought of it, in proportion; None or empty: as much as was paid for it.
    """

    entry_id: int
    rule: str
    rule_version_id: int | None
    points: int
    lines: list[int]
    taken: int
    weights: list[int] | None = None


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """Points that the purchase spent out of a lot, and how many of them went back into it before.

    :ivar is_pooled: they were another's of the household, and pay nothing that this member owes.
    """

    lot_id: int
    points: int
    given: int
    expires_at: datetime | None
    is_pooled: bool = False


class LotNow(msgspec.Struct, frozen=True, kw_only=True):
    """A lot with points that can still be used.

    :ivar is_own: the purchase itself filled it.
    """

    id: int
    remaining: int
    available_from: datetime
    expires_at: datetime | None
    is_own: bool


class Forgiven(msgspec.Struct, frozen=True, kw_only=True):
    """Points of an award of another purchase that its return did not find, and left with the member."""

    entry_id: int
    points: int
    order_ref: str
    rule_version_id: int | None


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase and what became of its points, read under the wallet's lock. Of one that moved no points its lines and
    what they earned say all.

    :ivar points_spent: points that paid `points_paid_minor` of it; `points_given` of them came back before.
    :ivar debt: points that the member owes.
    :ivar qualifying_minor: what it counted towards tiers.
    :ivar held: points of `lots` that are set aside for other purchases.
    :ivar expired: points it earned that ran out.
    :ivar expired_counted: those of them that earlier returns took as taken back.
    :ivar forgiven: what returns left with the member after the purchase had spent its points.
    :ivar lots: of the wallet, its own, those it drew, and of the others those that expire first, as many as it needs.
    """

    lines: list[BoughtLine]
    earned: list[Earned]
    points_spent: int = 0
    points_given: int = 0
    points_paid_minor: int = 0
    qualifying_minor: int = 0
    debt: int = 0
    drawn: list[Drawn] = []
    expired: int = 0
    expired_counted: int = 0
    held: int = 0
    lots: list[LotNow] = []
    forgiven: list[Forgiven] = []
