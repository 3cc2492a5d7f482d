"""How often a caller may call: a fixed window of a minute, counted in the process, so that counting costs nothing.

With several worker processes a caller may reach the sum of their windows; these limits keep one broken client from
starving the rest. Doors that guard secrets (sign-in codes) count exactly, in `config.ground.api.exact_limits`.
"""

import time
from threading import Lock

from django.conf import settings

from config.ground.refusals import TooManyRequests

WINDOW_S = 60
MOST_CALLERS = 50_000


class Window:
    """Counts per caller within the running minute; forgets everybody when it ends."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: dict[str, int] = {}
        self._lock = Lock()

    def count(self, name: str, now_s: float) -> int:
        """How often the caller came in this minute, this time included."""
        minute = int(now_s // WINDOW_S)
        with self._lock:
            if minute != self._minute or len(self._counts) > MOST_CALLERS:
                self._minute = minute
                self._counts = {}
            count = self._counts.get(name, 0) + 1
            self._counts[name] = count
        return count


WINDOW = Window()


def count_call(kind: str, name: str) -> tuple[str, str]:
    """Count one call and say how the window stands, as (`RateLimit-Policy`, `RateLimit`) headers.

    :param kind: `key`, `member` or `anonymous`; picks the limit in `settings.API_CALLS_PER_MINUTE`.
    :raises TooManyRequests: if the window is full.
    """
    quota: int = settings.API_CALLS_PER_MINUTE[kind]
    now_s = time.time()
    count = WINDOW.count(name, now_s)
    left_s = WINDOW_S - int(now_s % WINDOW_S)
    if count > quota:
        raise TooManyRequests(
            f"At most {quota} calls a minute. Try again in {left_s} s.", retry_after_s=left_s
        )
    return f'"{kind}";q={quota};w={WINDOW_S}', f'"{kind}";r={quota - count};t={left_s}'
