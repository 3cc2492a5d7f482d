"""Others who come between: deeds in transactions of their own that end only when somebody waits for them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from threading import Event
from time import sleep
from typing import Any

from django.db import DatabaseError, connection, transaction

Deed = Callable[[], Any]
FOR_ME = "pg_backend_pid() = ANY (pg_blocking_pids(pid))"


@contextmanager
def others_at_it(*chains: Sequence[Deed]) -> Iterator[None]:
    """While the block runs, deeds of others stand in its way; all are over when it ends.

    The first deed of each chain is done, and not committed, when the block begins. It is committed when somebody waits
    for it, and the next one is begun. So who writes the same things in the opposite order meets one after the other, a
    new one at every try.
    """
    is_over = Event()
    linked = [[_Link(deed, is_over) for deed in chain] for chain in chains]
    with ThreadPoolExecutor(sum(map(len, chains))) as threads:
        for links in linked:
            for before, link in pairwise([None, *links]):
                if before is not None:
                    before.following = link
                threads.submit(link.hold, before)
        try:
            assert all(links[0].is_done.wait(20) for links in linked)
            yield
        finally:
            is_over.set()


class _Link:
    """One deed of a chain."""

    def __init__(self, deed: Deed, is_over: Event) -> None:
        self.is_done, self.is_wanted = Event(), Event()
        self.following: _Link | None = None
        self._deed = deed
        self._is_over = is_over

    def hold(self, before: "_Link | None") -> None:
        """Do it, and commit when somebody waits for it and the next one waits in turn."""
        try:
            while before is not None and not before.is_wanted.wait(0.01):
                if self._is_over.is_set():
                    return
            with transaction.atomic():
                self._deed()
                self.is_done.set()
                wait_for_waiting(which=FOR_ME, unless=self._is_over)
                self.is_wanted.set()
                if self.following is not None:
                    wait_for_waiting(2, unless=self._is_over)
        except DatabaseError:
            pass  # the others were faster
        finally:
            connection.close()


def wait_for_waiting(
    count: int = 1, *, which: str = "true", unless: Event | None = None, patience_s: int = 20
) -> None:
    """Until so many others of this database wait for locks, or that has happened."""
    for _ in range(patience_s * 100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_stat_clear_snapshot(), count(*) FROM pg_stat_activity"
                f" WHERE datname = current_database() AND wait_event_type = 'Lock' AND {which}"
            )
            if cursor.fetchone()[1] >= count or (unless is not None and unless.is_set()):
                return
        sleep(0.01)
    raise AssertionError("Nobody waits.")


def nobody_else_is_connected() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return bool(cursor.fetchone()[0] == 0)
