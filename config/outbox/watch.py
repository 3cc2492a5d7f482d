"""What operators see of the outbox: whether the relay keeps up, and what waits or has died."""

from collections.abc import Mapping

from config.ground import clock, health, metrics
from config.outbox import queries

LATE_S = 60


def look_at_relay() -> health.Finding:
    """Whether something fresh has waited so long that no relay can be running."""
    age_s = round(queries.find_oldest_waiting(clock.now()), 1)
    facts = {"oldest_waiting_s": age_s}
    if age_s > LATE_S:
        return health.Finding(
            False,
            f"News has waited for {age_s:.0f} s; is `manage.py relay` running? Nothing is lost, effects come late.",
            facts=facts,
        )
    return health.Finding(True, "The relay keeps up.", facts=facts)


def add_to_watch() -> None:
    """Have `/readyz` and `/metrics` show the outbox."""
    health.add_check("relay", look_at_relay)
    metrics.add_gauge(
        "regulars_outbox_waiting", "Deliveries not learnt yet.", label="subscriber", read=_waiting
    )
    metrics.add_gauge(
        "regulars_outbox_dead", "Deliveries given up after too many attempts.", label="subscriber", read=_dead
    )
    metrics.add_gauge(
        "regulars_outbox_oldest_seconds", "Age of the oldest waiting event.", label="subscriber", read=_oldest
    )


def _waiting() -> Mapping[str, float]:
    return {name: one.waiting for name, one in queries.get_backlogs(clock.now()).items()}


def _dead() -> Mapping[str, float]:
    return {name: one.dead for name, one in queries.get_backlogs(clock.now()).items()}


def _oldest() -> Mapping[str, float]:
    return {name: one.oldest_s for name, one in queries.get_backlogs(clock.now()).items()}
