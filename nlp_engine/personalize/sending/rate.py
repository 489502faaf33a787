"""How often calls are made: a token bucket, and the pauses between tries of a call."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable


class TokenBucket:
    """Gives so many tokens a second to any number of threads.

    Args:
        rate: Tokens per second.
        capacity: How many may gather while nobody takes one.
        clock: Gives the time in seconds.
    """

    def __init__(
        self, rate: float, capacity: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._capacity, self._clock = rate, capacity, clock
        self._tokens = capacity
        self._counted_at = clock()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Take a token; gives the seconds to wait until it is there."""
        with self._lock:
            self._fill()
            self._tokens -= 1
            return max(0.0, -self._tokens / self._rate)

    def pause(self, seconds: float) -> None:
        """Give no further token for so many seconds."""
        with self._lock:
            self._fill()
            self._tokens = min(self._tokens, 1 - seconds * self._rate)

    def _fill(self) -> None:
        now = self._clock()
        gained = (now - self._counted_at) * self._rate
        self._tokens = min(self._capacity, self._tokens + gained)
        self._counted_at = now


def pause_seconds(
    tries: int, longest: float, random: random.Random, *, first: float = 0.2
) -> float:
    """How long to wait after so many tries that failed: exponential, with full jitter."""
    return random.uniform(0, min(longest, first * 2.0 ** min(tries - 1, 32)))
