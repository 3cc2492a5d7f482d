"""Vouchers that colleagues give by hand: of series of goodwill, and within the limit of their roles."""

from datetime import datetime, timedelta

from django.db import transaction

from config.ground.amounts import money
from config.ground.ids import new_ref
from loyalty.errors import GoodwillExceeded, VoucherNotFound
from loyalty.models import VoucherSeries
from loyalty.queries.batches import lock_wallets
from loyalty.queries.goodwill import goodwill_limit_of, sum_goodwill
from loyalty.queries.vouchers import compiled
from loyalty.rules.vouchers import worth_of
from loyalty.services.corrections import Colleague, ensure_not_own
from loyalty.services.vouchers import issue_vouchers

LIMITED = timedelta(hours=24)


@transaction.atomic
def give_goodwill(series: VoucherSeries, member_id: int, *, note: str, by: Colleague, now: datetime) -> str:
    """Give a member a voucher of goodwill.

    :param note: why, for those who look at it later.
    :return: the code as people read it.
    :raises VoucherNotFound: it is no series of goodwill, or was revoked.
    :raises OwnWallet: the colleague is this member.
    :raises GoodwillExceeded: it is more than is left of what the colleague's roles give one member in a day.
    """
    if not series.is_goodwill or series.revoked_at is not None:
        raise VoucherNotFound("This is no series of goodwill, or it was revoked.")
    ensure_not_own(member_id, by, "Nobody gives goodwill to themselves: ask a colleague.")
    lock_wallets([member_id], series.programme_id, now=now)
    limit = goodwill_limit_of(by.roles, series.programme_id)
    left = limit - sum_goodwill(member_id, series.programme_id, by=by.name, since=now - LIMITED)
    worth = worth_of(compiled(series).definition)
    if worth is None or worth > left:
        currency = series.programme.currency
        what = money(worth, currency) if worth is not None else "as much as the basket costs"
        raise GoodwillExceeded(
            f"This voucher is worth {what}; you may still give this member {money(max(left, 0), currency)} today.",
            left_minor=max(left, 0),
        )
    cause = f"goodwill:{new_ref('gdw')}:{note}"[:120]
    return issue_vouchers(series.pk, [member_id], cause=cause, by=by.name, now=now)[member_id]
