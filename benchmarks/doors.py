"""The hot doors beside their floors, in turns, on one server."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from benchmarks.load import Sample, run_load

CLIENTS = 16
ROUNDS = 3
SECONDS = 4.0
WARM_UP_S = 1.5


@dataclass(frozen=True)
class Side:
    """One of two that are compared: where it listens and what is sent to it."""

    port: int
    requests: Callable[[], Iterable[bytes]]
    clients: int = CLIENTS
    orders_each: int = 1


@dataclass(frozen=True)
class Row:
    """A line of the table. Rates per second; latencies in milliseconds, medians of the rounds."""

    what: str
    beside: str
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    floor_per_second: float
    floor_p99_ms: float
    ratio: float
    target: float | None


def compare(
    what: str, door: Side, floor: Side, *, beside: str, target: float | None = None, rounds: int = ROUNDS
) -> Row:
    """Run both in turns, several rounds; the ratio is the median of the rounds' ratios.

    :param beside: what the door is compared with, in words.

    :raises RuntimeError: the door answered something else than success.
    """
    for side in (door, floor):
        run_load(side.port, side.requests(), clients=side.clients, seconds=WARM_UP_S)
    doors, floors = [], []
    for _ in range(rounds):
        floors.append(_successful(floor, what))
        doors.append(_successful(door, what))
    rates = [sample.per_second * door.orders_each for sample in doors]
    floor_rates = [sample.per_second * floor.orders_each for sample in floors]
    return Row(
        what=what,
        beside=beside,
        per_second=median(rates),
        p50_ms=median(sample.percentile_ms(50) for sample in doors),
        p95_ms=median(sample.percentile_ms(95) for sample in doors),
        p99_ms=median(sample.percentile_ms(99) for sample in doors),
        floor_per_second=median(floor_rates),
        floor_p99_ms=median(sample.percentile_ms(99) for sample in floors),
        ratio=median(ours / theirs for ours, theirs in zip(rates, floor_rates, strict=True)),
        target=target,
    )


def _successful(side: Side, what: str) -> Sample:
    sample = run_load(side.port, side.requests(), clients=side.clients, seconds=SECONDS)
    failed = {status: count for status, count in sample.statuses.items() if status not in (200, 201)}
    if failed:
        raise RuntimeError(f"{what}: answered {failed}")
    return sample
