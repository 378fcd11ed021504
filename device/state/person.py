"""What is known of one person: learned while driving, kept between drives, dropped when somebody else sits down."""

from __future__ import annotations

from collections import deque

# Somebody who was away for this long may have been replaced.
AWAY_NS = 3_000_000_000
# The eyes that come back are compared over this long.
COMPARE_NS = 3_000_000_000
# ... and by no fewer looks at them open.
MIN_LOOKS = 10
# Eyes that differ by more than this share of the learned ones are another person's.
CLEARLY_DIFFERENT = 0.25


class SwapWatch:
    """Notices that another person sits there: a seat that was empty, and then clearly different eyes."""

    def __init__(self) -> None:
        self._seen_ns: int | None = None
        self._back_ns: int | None = None
        self._aspects: deque[float] = deque(maxlen=300)

    def see(self, t_ns: int, *, face: bool, open_aspect: float | None, learned: float | None) -> bool:
        """Take in one moment; True when somebody else was recognised.

        Args:
            open_aspect: mean aspect of the eyes if they are seen and not closed.
            learned: the same of the person learned so far; None while nobody is.
        """
        if not face:
            return False
        if self._seen_ns is not None and t_ns - self._seen_ns >= AWAY_NS:
            self._back_ns = t_ns
            self._aspects.clear()
        self._seen_ns = t_ns
        if self._back_ns is None or learned is None:
            return False
        if open_aspect is not None:
            self._aspects.append(open_aspect)
        if t_ns - self._back_ns < COMPARE_NS or len(self._aspects) < MIN_LOOKS:
            return False
        self._back_ns = None
        typical = sorted(self._aspects)[len(self._aspects) // 2]
        return abs(typical / learned - 1.0) > CLEARLY_DIFFERENT
