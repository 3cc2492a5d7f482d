"""The evening that gold members book: a few seats, all taken, and somebody who waits for one."""

from contextlib import suppress
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from campaigns.demo import shop
from campaigns.queries.demo import list_richest
from loyalty.errors.tiers import BenefitNotUsable
from loyalty.queries.benefits import list_benefits_in_hand
from loyalty.services.benefits import book_benefit, open_date

SEATS = 4
GUESTS = SEATS + 2
LOOKED_AT = 60
BEGINS = time(18)
LASTS = timedelta(hours=2)
SATURDAY = 5


@transaction.atomic
def hold_evening(programme_id: int, now: datetime, *, actor: str) -> None:
    """Open the evening, and book for the first who may come; once."""
    zone = ZoneInfo(shop.TIMEZONE)
    today = now.astimezone(zone).date()
    saturday = today + timedelta(days=(SATURDAY - today.weekday()) % 7 or 7)
    starts_at = datetime.combine(saturday, BEGINS, tzinfo=zone)
    is_new = open_date(
        programme_id,
        shop.TASTING,
        starts_at=starts_at,
        ends_at=starts_at + LASTS,
        where="Tea room on the first floor",
        seats=SEATS,
    )
    guests = 0 if is_new else GUESTS
    for member_id in list_richest(programme_id, limit=LOOKED_AT):
        for held in list_benefits_in_hand(member_id, programme_id, now=now):
            if held.code != shop.TASTING or guests == GUESTS:
                continue
            with suppress(BenefitNotUsable):
                book_benefit(held.ref, member_id=member_id, date_id=held.dates[0].id, actor=actor, now=now)
            guests += 1
