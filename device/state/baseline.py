"""The person's own open eye, so that an opening can be given as a share of it.

Learned over the first minute in which eyes are seen and not closed; afterwards it follows the last minute freely
upwards, but falls to no less than a fixed share of what was learned: a tiring driver cannot teach it away.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

# The baseline is the aspect that an open eye exceeds in a quarter of the time: brows raised now and then stay out.
QUANTILE = 0.75
SAMPLE_S = 0.2
WINDOW_SAMPLES = 300
# Until this much is seen, the baseline leans on an average open eye: height over width of the lid opening, as either
# reader measures it over the development clips (0.25 to 0.34).
AVERAGE_ASPECT = 0.28
PRIOR_SAMPLES = 5
# Lids that hang from the first second on are not taken for open ones: narrower eyes than this are not believed.
NARROWEST_ASPECT = 0.65 * AVERAGE_ASPECT


class OpenEyeBaseline:
    """The aspect of one open eye.

    Args:
        learn_s: seen time it takes to learn.
        floor: share of the learned value below which the baseline never falls.
        learned: what was learned of this person before.
    """

    def __init__(self, learn_s: float, floor: float, learned: float | None = None) -> None:
        self._learn_samples = max(1, round(learn_s / SAMPLE_S))
        self._floor = floor
        self._recent: deque[float] = deque()
        self._sorted: list[float] = []
        self._samples = 0 if learned is None else self._learn_samples
        self.learned = learned
        self._recalled = 0.0
        self._next_ns: int | None = None
        self.aspect = AVERAGE_ASPECT if learned is None else learned

    @property
    def progress_pct(self) -> float:
        """How much of it is learned, 0 to 100."""
        return min(100.0, 100.0 * self._samples / self._learn_samples)

    def recall(self, learned: float | None) -> None:
        """What was learned of this person in earlier drives, which fits: a further floor; None takes it away."""
        self._recalled = learned or 0.0

    def add(self, t_ns: int, aspect: float) -> None:
        """The eye was seen, not closed, with this aspect."""
        if self._next_ns is not None and t_ns < self._next_ns:
            return
        self._next_ns = t_ns + round(SAMPLE_S * 1e9)
        self._remember(aspect)
        self._samples += 1
        typical = max(NARROWEST_ASPECT, self._sorted[int(QUANTILE * len(self._sorted))])
        if self.learned is None:
            trust = min(1.0, self._samples / PRIOR_SAMPLES)
            aspect = trust * typical + (1.0 - trust) * AVERAGE_ASPECT
            if self._samples >= self._learn_samples:
                self.learned = aspect
        else:
            aspect = max(typical, self._floor * self.learned)
        self.aspect = max(aspect, self._floor * self._recalled)

    def _remember(self, aspect: float) -> None:
        self._recent.append(aspect)
        insort(self._sorted, aspect)
        if len(self._recent) > WINDOW_SAMPLES:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft())]

    def restart(self) -> None:
        """Time starts again; what was learned is kept."""
        self._next_ns = None


def opening(aspect: float | None, baseline: float, closed_ratio: float) -> float | None:
    """0 closed to 1 open, unknown where the aspect is.

    Args:
        aspect: measured lid distance over width.
        baseline: the same of this person's open eye.
        closed_ratio: share of ``baseline`` that the landmark reader still measures in a closed eye.
    """
    if aspect is None:
        return None
    share = (aspect / baseline - closed_ratio) / (1.0 - closed_ratio)
    return min(1.0, max(0.0, share))
