"""The expression over time: smoothed, reported when it has held, and the distress that it may show.

Single readings flicker; a mean over a second does not. Everything counts in capture time, so that frames that are
missing or late change nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from operator import mul

from wakeful.frozen import dataclass

# A reading speaks for the time since the one before it, but for no longer than this: beyond, nobody looked.
MAX_WEIGHT_S = 0.5
DISTRESS_BOUNDS: Mapping[str, float] = {"anger": 0.5, "disgust": 0.4, "fear": 0.4, "sadness": 0.5}


@dataclass(frozen=True, slots=True)
class ExpressionStep:
    """What is known of the expression after one frame.

    Attributes:
        p: smoothed probabilities in the order of the classes; empty while unknown.
        expression: the class that last held long enough; None while unknown.
        changed: with this frame ``expression`` became another than was last reported.
    """

    p: tuple[float, ...] = ()
    expression: str | None = None
    changed: bool = False


class ExpressionTracker:
    """Smooths readings over a window and says when the class that leads has changed and held.

    Args:
        classes: names in the order of the probabilities.
        smooth_s: length of the window; without a reading for as long, the expression is unknown.
        hold_s: how long another class must lead before it is reported.
    """

    def __init__(self, classes: Sequence[str], smooth_s: float = 1.0, hold_s: float = 0.5) -> None:
        self._classes = tuple(classes)
        self._window_ns = round(smooth_s * 1e9)
        self._hold_ns = round(hold_s * 1e9)
        self._readings: deque[tuple[int, float, tuple[float, ...]]] = deque()
        self._smoothed: tuple[float, ...] | None = None
        self._told: str | None = None
        self._leading: str | None = None
        self._leading_since_ns = 0

    def step(self, t_ns: int, p: Sequence[float] | None) -> ExpressionStep:
        """Take in one frame; ``p`` is None in frames whose expression was not read.

        Raises:
            ValueError: ``p`` has another length than there are classes.
        """
        if p is not None:
            self._add(t_ns, tuple(p))
        while self._readings and t_ns - self._readings[0][0] >= self._window_ns:
            self._readings.popleft()
            self._smoothed = None
        if not self._readings:
            self._leading = None
            return ExpressionStep()
        if self._smoothed is None:
            self._smoothed = self._mean()
        changed = self._follow(t_ns, self._classes[self._smoothed.index(max(self._smoothed))])
        return ExpressionStep(self._smoothed, self._told, changed)

    def _add(self, t_ns: int, p: tuple[float, ...]) -> None:
        if len(p) != len(self._classes):
            raise ValueError(f"{len(p)} probabilities for {len(self._classes)} expressions")
        gap_s = (t_ns - self._readings[-1][0]) / 1e9 if self._readings else MAX_WEIGHT_S
        self._readings.append((t_ns, min(gap_s, MAX_WEIGHT_S), p))
        self._smoothed = None

    def _mean(self) -> tuple[float, ...]:
        weights = [weight for _, weight, _ in self._readings]
        total = sum(weights)
        columns = zip(*(p for _, _, p in self._readings), strict=True)
        return tuple([sum(map(mul, weights, column)) / total for column in columns])

    def _follow(self, t_ns: int, leading: str) -> bool:
        """Whether ``leading`` has now led for long enough to be reported as something new."""
        if leading != self._leading:
            self._leading, self._leading_since_ns = leading, t_ns
        if leading == self._told or t_ns - self._leading_since_ns < self._hold_ns:
            return False
        self._told = leading
        return True


@dataclass(frozen=True, slots=True)
class Distress:
    """A distressed expression that has held long enough to be worth a word."""

    expression: str
    p: float
    start_ns: int
    duration_s: float


class DistressWatch:
    """Tells anger, fear, disgust or sadness whose smoothed probability has stayed above its bound.

    An expression that is unknown for a moment neither ends nor lengthens it; unknown for ``forget_s``, it ends.

    Args:
        classes: names in the order of the probabilities.
        bounds: by class name; classes without one are never distress.
        hold_s: how long above the bound.
    """

    def __init__(
        self,
        classes: Sequence[str],
        bounds: Mapping[str, float] = DISTRESS_BOUNDS,
        hold_s: float = 10.0,
        forget_s: float = 2.0,
    ) -> None:
        self._bounds = {i: bounds[name] for i, name in enumerate(classes) if name in bounds}
        self._classes = tuple(classes)
        self._hold_s = hold_s
        self._forget_ns = round(forget_s * 1e9)
        self._above_ns: dict[int, int] = {}
        self._started_ns: dict[int, int] = {}
        self._last_ns: int | None = None

    def step(self, t_ns: int, p: Sequence[float]) -> Distress | None:
        """Take in one frame's smoothed probabilities (empty: unknown); the strongest distress that has held, if any."""
        if self._last_ns is not None and t_ns - self._last_ns >= self._forget_ns:
            self._above_ns.clear()
        if not p:
            return None
        gap_ns = 0 if self._last_ns is None else min(t_ns - self._last_ns, round(MAX_WEIGHT_S * 1e9))
        self._last_ns = t_ns
        for i, bound in self._bounds.items():
            if p[i] <= bound:
                self._above_ns.pop(i, None)
            elif i in self._above_ns:
                self._above_ns[i] += gap_ns
            else:
                self._above_ns[i], self._started_ns[i] = 0, t_ns
        held = [i for i, above_ns in self._above_ns.items() if above_ns / 1e9 >= self._hold_s]
        if not held:
            return None
        worst = max(held, key=lambda i: p[i])
        return Distress(self._classes[worst], p[worst], self._started_ns[worst], self._above_ns[worst] / 1e9)
