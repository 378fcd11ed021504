"""How sleepy somebody blinks: the last blinks against this person's own first ones.

Long before eyes stay shut, more and more blinks are long (Caffier, Erdmann & Ullsperger, Eur. J. Appl. Physiol. 89,
2003: 202 ms alert, 259 ms drowsy) and start from lids that hang. Both are counted in standard deviations of this
person's own alert blinks, averaged over the last ones and weighed by coefficients that were fitted to people
(``wakeful.device.state.profile.BlinksSection``). How many blinks there are, and how often, counts nowhere.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from statistics import fmean

from wakeful.device.drivers import BlinkBaseline
from wakeful.device.state.blinks import Blink
from wakeful.device.state.profile import BlinksSection
from wakeful.frozen import dataclass

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


class OwnSleepiness:
    """Learns this person's first blinks, and compares the last ones with them.

    They are compared from ``BlinksSection.own_least`` blinks on. What was learned of ``BlinksSection.own`` is never
    changed again. What was learned in an earlier drive can only make somebody sleepier (``recall``).

    Args:
        known: what was learned of this person before; then nothing is learned.

    Attributes:
        usual: of this person's blinks as far as they are known; None with too few of them.
    """

    def __init__(self, section: BlinksSection, known: BlinkBaseline | None = None) -> None:
        self._section = section
        self._last: deque[Blink] = deque(maxlen=section.window)
        self._own: list[Blink] = []
        self.usual = known
        self._recalled: BlinkBaseline | None = None
        self._learned = known is not None

    @property
    def learned(self) -> BlinkBaseline | None:
        """What is usual of this person's blinks, once it changes no more."""
        return self.usual if self._learned else None

    def restart(self) -> None:
        """Time starts again, with the same person."""
        self._last.clear()

    def recall(self, known: BlinkBaseline | None) -> None:
        """What was learned of this person in an earlier drive, and fits; None: it no longer counts."""
        self._recalled = known

    def add(self, blink: Blink) -> Deviation | None:
        """A blink is over; gives how it deviates from this person's own, None while too few of these are known."""
        self._last.append(blink)
        if not self._learned and blink.duration_s <= LONGEST_OWN_S:
            self._learn(blink)
        found = [deviation(blink, usual) for usual in self._baselines()]
        return max(found, key=lambda one: one.duration, default=None)

    def at(self, t_ns: int) -> Sleepiness:
        """How sleepy this person blinks now."""
        while self._last and self._last[0].end_ns <= t_ns - WINDOW_NS:
            self._last.popleft()
        found = [
            sleepiness_of([deviation(blink, usual) for blink in self._last], self._section)
            for usual in self._baselines()
        ]
        return Sleepiness(
            max((one.p for one in found if one.p is not None), default=None),
            len(self._last) / self._section.window,
            max((one.long_share for one in found if one.long_share is not None), default=None),
        )

    def is_long(self, blink: Deviation) -> bool:
        """Whether it is one of the long blinks."""
        return blink.duration > self._section.long_sd

    def _baselines(self) -> list[BlinkBaseline]:
        return [usual for usual in (self.usual, self._recalled) if usual is not None]

    def _learn(self, blink: Blink) -> None:
        self._own.append(blink)
        if len(self._own) >= min(self._section.own_least, self._section.own):
            self.usual = baseline_of(self._own)
        if len(self._own) >= self._section.own:
            self._learned = True
            self._own.clear()


def sleepiness_of(blinks: Sequence[Deviation], section: BlinksSection) -> Sleepiness:
    """What these last blinks say."""
    coverage = len(blinks) / section.window
    if len(blinks) < section.least:
        return Sleepiness(coverage=coverage)
    low, high = DURATION_LIMITS
    duration = fmean(min(max(blink.duration, low), high) for blink in blinks)
    shallow = fmean(min(max(-blink.depth / SHALLOW_LIMIT, 0.0), 1.0) for blink in blinks)
    odds = section.intercept + section.duration * duration + section.shallow * shallow
    long = sum(blink.duration > section.long_sd for blink in blinks)
    return Sleepiness(1.0 / (1.0 + math.exp(-odds)), coverage, long / section.window)


def baseline_of(own: Sequence[Blink]) -> BlinkBaseline:
    """What is usual of a person who blinked so."""
    durations = [blink.duration_s for blink in own]
    duration_s, duration_sd_s = _mean_and_spread(durations, USUAL_SPREAD * fmean(durations))
    return BlinkBaseline(
        duration_s, duration_sd_s, *_mean_and_spread([blink.depth for blink in own], USUAL_DEPTH_SPREAD)
    )


def deviation(blink: Blink, own: BlinkBaseline) -> Deviation:
    """How a blink deviates from this person's own."""
    return Deviation((blink.duration_s - own.duration_s) / own.duration_sd_s, (blink.depth - own.depth) / own.depth_sd)


def kss_estimate(sleepiness: float | None) -> float | None:
    """1 (very alert) to 9 (fighting sleep) on the Karolinska Sleepiness Scale: an estimate, no measure."""
    return None if sleepiness is None else 1.0 + 8.0 * sleepiness


def _mean_and_spread(values: list[float], usual: float) -> tuple[float, float]:
    mean = fmean(values)
    squares = sum((value - mean) ** 2 for value in values) + PRIOR_WEIGHT * usual**2
    return mean, math.sqrt(squares / (len(values) - 1 + PRIOR_WEIGHT))
