"""Booking with several hands: members do not touch each other, so several can be booked at once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar
from zlib import crc32

from django.db import connections

T = TypeVar("T")
R = TypeVar("R")


class Hands:
    """Threads with a database connection each. With one hand everything happens in the caller's thread."""

    def __init__(self, executors: Sequence[ThreadPoolExecutor]) -> None:
        self._executors = executors

    def share(self, work: Callable[[list[T]], list[R]], items: Sequence[T], keys: Sequence[str]) -> list[R]:
        """Do the work in parts, at the same time; what has the same key stays together and in order.

        :param work: answers with one result per item.
        :return: the results in the order of the items.
        """
        return self.begin(work, items, keys)()

    def begin(
        self, work: Callable[[list[T]], list[R]], items: Sequence[T], keys: Sequence[str]
    ) -> Callable[[], list[R]]:
        """As `share`, but do not wait. Of what was begun one after the other with the same key, so it is done.

        :return: waits, and gives the results.
        """
        if not self._executors:
            done = work(list(items))
            return lambda: done
        parts: list[list[int]] = [[] for _ in self._executors]
        for position, key in enumerate(keys):
            parts[crc32(key.encode()) % len(parts)].append(position)
        waiting = [
            executor.submit(work, [items[position] for position in part])
            for executor, part in zip(self._executors, parts, strict=True)
        ]

        def results() -> list[R]:
            each: dict[int, R] = {}
            for part, future in zip(parts, waiting, strict=True):
                each.update(zip(part, future.result(), strict=True))
            return [each[position] for position in range(len(items))]

        return results

    def each(self, work: Callable[[int, int], R]) -> list[R]:
        """Let every hand do its part at the same time: `work(part, parts)`, parts counted from 0."""
        if not self._executors:
            return [work(0, 1)]
        parts = len(self._executors)
        waiting = [executor.submit(work, part, parts) for part, executor in enumerate(self._executors)]
        return [future.result() for future in waiting]


@contextmanager
def open_hands(count: int) -> Iterator[Hands]:
    """So many hands until the end of the block; their connections are closed after it."""
    executors = [ThreadPoolExecutor(1) for _ in range(count)] if count > 1 else []
    try:
        yield Hands(executors)
    finally:
        for executor in executors:
            executor.submit(connections.close_all)
            executor.shutdown()
