"""Time in tests: waiting for something to come true, and a clock that is set by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence


def eventually(condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
    """Whether ``condition`` comes true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def settled(count: Callable[[], int], rest_s: float = 0.3, timeout_s: float = 10.0) -> int:
    """A count that has begun, once it has stayed the same for ``rest_s``."""
    at_rest, since = 0, time.monotonic()
    deadline = since + timeout_s
    while at_rest == 0 or time.monotonic() - since < rest_s:
        assert time.monotonic() < deadline, f"it did not come to rest: {at_rest}"
        time.sleep(0.005)
        if (now := count()) != at_rest:
            at_rest, since = now, time.monotonic()
    return at_rest


def usual_longest(took_s: Sequence[float]) -> float:
    """The third longest of many times: a busy machine takes the processor away once or twice."""
    return sorted(took_s)[-3]


def within(limit_s: float, attempt: Callable[[], float], tries: int = 5) -> bool:
    """Whether an attempt takes less than ``limit_s``: other work on the machine may spoil one, but not every one."""
    return any(attempt() < limit_s for _ in range(tries))


class Clock:
    """Seconds, as they are set."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s
