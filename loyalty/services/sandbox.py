"""A sandbox's clock: it moves freely, but never back into days whose entries are sealed."""

from datetime import UTC, datetime, time, timedelta

from django.db.models import Max

from config.ground import services
from loyalty.errors import DayIsSealed
from loyalty.models import Seal


def move_clock(*, to: datetime, real_now: datetime) -> None:
    """Let every process go on from `to`.

    :raises NotASandbox: where purchases are real.
    :raises DayIsSealed: if that day, or a later one, is sealed in any programme.
    """
    services.ensure_sandbox()
    _ensure_open(to)
    services.move_clock(to=to, real_now=real_now)


def set_clock_right(*, real_now: datetime) -> None:
    """Let every process tell the real time again.

    :raises NotASandbox: where it never told another.
    :raises DayIsSealed: if today, or a later day, is sealed in any programme.
    """
    services.ensure_sandbox()
    _ensure_open(real_now)
    services.set_clock_right()


def _ensure_open(at: datetime) -> None:
    last = Seal.objects.aggregate(on=Max("sealed_on"))["on"]
    if last is None:
        return
    opens_at = datetime.combine(last + timedelta(days=1), time(), UTC)
    if at < opens_at:
        raise DayIsSealed(
            f"The ledger is sealed up to {last}. Choose a moment from {opens_at:%Y-%m-%dT%H:%M:%SZ} on, "
            "or begin a new sandbox.",
            earliest=opens_at,
        )
