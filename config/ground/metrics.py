"""What is measured, for Prometheus: how often and how fast each door answers, and gauges other packages add.

Behind a web server with several worker processes counts are shared through files (`config.ground.shared_counts`), and
the worker that is scraped adds them up. In tests and commands they are kept in the process. Gauges are read from the
database at each scrape, so they are the same whichever worker is asked.
"""

import os
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from config.ground.shared_counts import FOLDER_VARIABLE

BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

_ANSWERS = Histogram(
    "regulars_door_seconds",
    "How long doors took to answer.",
    ["door", "method", "status"],
    buckets=BUCKETS_S,
)
_children: dict[tuple[str, str, int], Histogram] = {}

Labelled = Mapping[str, float]
Reading = Callable[[], Labelled]


class _Gauges(Collector):
    """Gauges read at the moment of the scrape."""

    def __init__(self) -> None:
        self.readings: dict[str, tuple[str, str, Reading]] = {}

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        for name, (words, label, read) in self.readings.items():
            family = GaugeMetricFamily(name, words, labels=[label])
            for value_of_label, value in read().items():
                family.add_metric([value_of_label], value)
            yield family


_GAUGES = _Gauges()


def observe_answer(door: str, method: str, status: int, seconds: float) -> None:
    """Note that a door answered."""
    key = (door, method, status)
    child = _children.get(key)
    if child is None:
        child = _children[key] = _ANSWERS.labels(door, method, str(status))
    child.observe(seconds)


def add_gauge(name: str, words: str, *, label: str, read: Reading) -> None:
    """Have `/metrics` show what `read` gives for each value of the label; for `apps.ready()`.

    :param name: in Prometheus' way, with its unit: `regulars_outbox_oldest_seconds`.
    """
    _GAUGES.readings[name] = (words, label, read)


def exposition() -> bytes:
    """Everything measured, in Prometheus' text format."""
    registry = CollectorRegistry()
    if FOLDER_VARIABLE in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(REGISTRY)
    registry.register(_GAUGES)
    return generate_latest(registry)
