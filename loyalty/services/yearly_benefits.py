"""Benefits of each year: granted anew to those who hold the tier on, or who held it before it brought them."""

from datetime import datetime

from config.ground.ids import new_ref
from loyalty.models import BenefitGrant
from loyalty.queries.yearly_benefits import Due, list_due
from loyalty.rules.benefits import begins_anew
from loyalty.rules.compile import Programme
from loyalty.rules.lots import midnight_after

ROWS = 2_000


def grant_anew(programme: Programme, span: tuple[int, int], *, now: datetime, soon: datetime) -> int:
    """Grant what members are due of the wallets above the first until the second of the span. Safe to repeat, any
    number at once: what begins on a day is granted once.

    :param soon: what begins until then is granted now, so that nobody is without it for a day.
    :return: how many were due.
    """
    zone = programme.terms.zone
    grants = []
    for due in list_due(programme.terms.programme_id, span, now=now, soon=soon):
        begins = _begins(due, programme, now, soon)
        if begins is not None and begins < due.held_until:
            grants.append(
                BenefitGrant(
                    wallet_id=due.wallet_id,
                    member_id=due.member_id,
                    benefit_id=due.benefit_id,
                    cause=f"tier:{due.tier_code}:{due.benefit_id}:{begins.astimezone(zone).date()}",
                    granted_at=begins,
                    valid_until=midnight_after(begins, due.valid_days, zone),
                    ref=new_ref("ben"),
                )
            )
    BenefitGrant.objects.bulk_create(grants, batch_size=ROWS, ignore_conflicts=True)
    return len(grants)


def _begins(due: Due, programme: Programme, now: datetime, soon: datetime) -> datetime | None:
    if due.granted_at is None or due.valid_until is None:
        return now
    return begins_anew(due.granted_at, due.valid_until, until=soon, zone=programme.terms.zone)
