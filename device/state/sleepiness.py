"""How sleepy somebody blinks: the last blinks against this person's own first ones.

Long before eyes stay shut, more and more blinks are long (Caffier, Erdmann & Ullsperger, Eur. J. Appl. Physiol. 89,
2003: 202 ms alert, 259 ms drowsy) and start from lids that hang. Both are counted in standard deviations of this
person's own alert blinks, averaged over the last ones and weighed by coefficients that were fitted to people
(``wakeful.device.state.profile.BlinksSection``). How many blinks there are, and how often, counts nowhere.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from statistics import fmean

from wakeful.device.state.blinks import Blink
from wakeful.device.state.profile import BlinksSection

LONGEST_OWN_S = 0.5
"""Longer closures are no ordinary blinks (Schleicher et al., Ergonomics 51, 2008) and do not teach what is usual."""
WINDOW_NS = 600_000_000_000
"""Older blinks say nothing of now; the drives that the coefficients were fitted to last as long."""
DURATION_LIMITS = (-2.0, 5.0)
SHALLOW_LIMIT = 2.0
"""Beyond these, in standard deviations, a blink counts no more: one closure of a minute is not ten of six seconds."""
PRIOR_WEIGHT = 5.0
USUAL_SPREAD = 0.25
USUAL_DEPTH_SPREAD = 0.08
"""Few blinks say little of their spread: as much as five more is what is usual, a quarter of the mean duration, and
this much depth."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A blink in standard deviations of this person's own: longer is positive, shallower is negative."""

    duration: float
    depth: float


@dataclass(frozen=True, slots=True)
class Sleepiness:
    """What the last blinks say. Figures are None below the least number of blinks.

    Attributes:
        p: probability of "drowsy", as the people of the fit rated themselves.
        coverage: how many of the blinks that it is meant to rest on were measured, 0 to 1.
        long_share: share of long ones among the last ``BlinksSection.window``; those not there yet count as none.
    """

    p: float | None = None
    coverage: float = 0.0
    long_share: float | None = None


class SleepinessWindow:
    """The last blinks, as deviations."""

    def __init__(self, section: BlinksSection) -> None:
        self._section = section
        self._last: deque[tuple[int, Deviation]] = deque(maxlen=section.window)

    def add(self, t_ns: int, blink: Deviation) -> None:
        """A blink was over."""
        self._last.append((t_ns, blink))

    def at(self, t_ns: int) -> Sleepiness:
        """What the blinks of the last minutes say."""
        while self._last and self._last[0][0] <= t_ns - WINDOW_NS:
            self._last.popleft()
        section, blinks = self._section, [blink for _, blink in self._last]
        coverage = len(blinks) / section.window
        if len(blinks) < section.least:
            return Sleepiness(coverage=coverage)
        low, high = DURATION_LIMITS
        duration = fmean(min(max(blink.duration, low), high) for blink in blinks)
        shallow = fmean(min(max(-blink.depth / SHALLOW_LIMIT, 0.0), 1.0) for blink in blinks)
        odds = section.intercept + section.duration * duration + section.shallow * shallow
        long = sum(blink.duration > section.long_sd for blink in blinks)
        return Sleepiness(1.0 / (1.0 + math.exp(-odds)), coverage, long / section.window)


class OwnSleepiness:
    """Learns this person's first blinks, and compares all with them; what was learned is never changed again."""

    def __init__(self, section: BlinksSection) -> None:
        self._section = section
        self._own: list[Blink] = []
        self._duration: tuple[float, float] | None = None
        self._depth = (0.0, 1.0)
        self.restart()

    def restart(self) -> None:
        """Time starts again, with the same person."""
        self._window = SleepinessWindow(self._section)
        if self._duration is None:
            self._own.clear()

    def add(self, blink: Blink) -> Deviation | None:
        """A blink is over; gives how it deviates from this person's own, None while these are being learned."""
        if self._duration is None:
            if blink.duration_s <= LONGEST_OWN_S:
                self._own.append(blink)
            if len(self._own) == self._section.own:
                self._learn()
            return None
        deviation = self._deviation(blink)
        self._window.add(blink.end_ns, deviation)
        return deviation

    def at(self, t_ns: int) -> Sleepiness:
        """How sleepy this person blinks now."""
        return self._window.at(t_ns)

    def is_long(self, blink: Deviation) -> bool:
        """Whether it is one of the long blinks."""
        return blink.duration > self._section.long_sd

    def _learn(self) -> None:
        durations = [blink.duration_s for blink in self._own]
        self._duration = _mean_and_spread(durations, USUAL_SPREAD * fmean(durations))
        self._depth = _mean_and_spread([blink.depth for blink in self._own], USUAL_DEPTH_SPREAD)
        for blink in self._own:
            self._window.add(blink.end_ns, self._deviation(blink))
        self._own.clear()

    def _deviation(self, blink: Blink) -> Deviation:
        assert self._duration is not None
        (duration, duration_sd), (depth, depth_sd) = self._duration, self._depth
        return Deviation((blink.duration_s - duration) / duration_sd, (blink.depth - depth) / depth_sd)


def kss_estimate(sleepiness: float | None) -> float | None:
    """1 (very alert) to 9 (fighting sleep) on the Karolinska Sleepiness Scale: an estimate, no measure."""
    return None if sleepiness is None else 1.0 + 8.0 * sleepiness


def _mean_and_spread(values: list[float], usual: float) -> tuple[float, float]:
    mean = fmean(values)
    squares = sum((value - mean) ** 2 for value in values) + PRIOR_WEIGHT * usual**2
    return mean, math.sqrt(squares / (len(values) - 1 + PRIOR_WEIGHT))
