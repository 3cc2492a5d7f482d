"""How much goodwill a colleague may give, and gave."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from django.db.models import Max

from loyalty.models import GoodwillLimit, Voucher
from loyalty.rules.vouchers import VoucherDefinition, worth_of


def goodwill_limit_of(roles: Collection[str], programme_id: int) -> int:
    """What these roles may give one member in a day, in minor units: the highest of their limits."""
    limits = GoodwillLimit.objects.filter(programme_id=programme_id, role__in=roles)
    found: int | None = limits.aggregate(most=Max("worth_minor"))["most"]
    return found or 0


def sum_goodwill(member_id: int, programme_id: int, *, by: str, since: datetime) -> int:
    """The worth of the goodwill that a colleague gave a member since a moment; what was revoked is not counted."""
    given = Voucher.objects.filter(
        member_id=member_id,
        series__programme_id=programme_id,
        series__is_goodwill=True,
        issued_by=by,
        issued_at__gt=since,
        revoked_at=None,
    )
    definitions = given.values_list("series__definition", flat=True)
    return sum(worth_of(msgspec.convert(said, VoucherDefinition)) or 0 for said in definitions)
