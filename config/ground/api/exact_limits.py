"""Limits that guard secrets: counted exactly, over all processes, in Valkey.

While Valkey is away each process counts for itself: the door stays guarded, if a little wider.
"""

import time
from functools import cache

from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from config.ground.refusals import TooManyRequests

_TIMEOUTS = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}


def count_exactly(what: str, name: str, *, quota: int, window_s: int) -> None:
    """Count one act of somebody within a sliding window.

    :param what: what is counted, e.g. `sign-in-code`.
    :param name: by whom, or for whom. Kept in clear for the length of the window: hash what is personal.
    :raises TooManyRequests: if there were `quota` of them within the last `window_s` seconds.
    """
    limit = RateLimitItemPerSecond(quota, window_s, namespace="regulars")
    if not _is_within(limit, what, name):
        minutes = -(-window_s // 60)
        raise TooManyRequests(
            f"At most {quota} within {minutes} min. Wait a while.", retry_after_s=_wait_s(limit, what, name)
        )


def _is_within(limit: RateLimitItemPerSecond, what: str, name: str) -> bool:
    try:
        return _shared().hit(limit, what, name)
    except StorageError:
        return _own().hit(limit, what, name)


def _wait_s(limit: RateLimitItemPerSecond, what: str, name: str) -> int:
    try:
        window = _shared().get_window_stats(limit, what, name)
    except StorageError:
        window = _own().get_window_stats(limit, what, name)
    return max(1, int(window.reset_time - time.time()) + 1)


@cache
def _shared() -> MovingWindowRateLimiter:
    url: str = settings.CACHE_URL
    options = _TIMEOUTS if url.startswith("redis") else {}
    return MovingWindowRateLimiter(storage_from_string(url, wrap_exceptions=True, **options))


@cache
def _own() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())


def forget_all() -> None:
    """Begin anew, for tests: the next count looks at the settings again."""
    _shared.cache_clear()
    _own.cache_clear()
