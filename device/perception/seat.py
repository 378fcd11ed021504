"""Where the watched person sits: as it was set, or as it was learned from where the face has been."""

from __future__ import annotations

import math
from collections import deque
from typing import Literal

from wakeful.frozen import dataclass

Box = tuple[float, float, float, float]

# The side of a driver reaches beyond the middle of the picture: people lean, and cameras are rarely mounted in between.
SIDE_REACH = 0.6
SIDES: dict[str, Box] = {"left": (0.0, 0.0, SIDE_REACH, 1.0), "right": (1.0 - SIDE_REACH, 0.0, 1.0, 1.0)}
# A place is what the face did over the last minutes, in samples so far apart; longer between two, nobody was followed.
SAMPLE_NS = 1_000_000_000
MAX_GAP_NS = 3_000_000_000
WINDOW_SAMPLES = 180
LEARNED_S = 60.0
"""A place is known once a face was followed for this long; a baseline of open eyes is learned for as long."""
SAME_PLACE = 0.8
"""A face is in a place whose edge is nearer than this many face widths: two heads side by side are further apart."""
SAME_SIZE = 1.0
"""... and whose usual size it has, at most twice or half of it (as a power of two)."""
# Rare positions at the edge of what was seen do not widen a place.
EDGE = 0.05


@dataclass(frozen=True, slots=True)
class Seat:
    """What is set about the person to watch.

    Attributes:
        region: the centre of the watched face lies in it: x0, y0, x1, y1 as shares of the picture; None: anywhere.
        kept: people keep their seats, as in a vehicle; False where they come and go, as before a robot.
    """

    region: Box | None = None
    kept: bool = True

    @classmethod
    def of(cls, side: Literal["left", "right"] | None, region: Box | None = None) -> Seat:
        """The seat of the settings; ``side`` is that of the picture."""
        return cls(region or (SIDES[side] if side else None))

    def has(self, centre: tuple[float, float], width_px: int, height_px: int) -> bool:
        """Whether a face with this centre, pixels, may be the one to watch."""
        if self.region is None:
            return True
        x0, y0, x1, y1 = self.region
        return x0 <= centre[0] / width_px <= x1 and y0 <= centre[1] / height_px <= y1


class Place:
    """Where the face of one person has been over the last minutes, in pixels of the picture.

    Attributes:
        watched_s: how long the face was followed in all.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float, float]] = deque(maxlen=WINDOW_SAMPLES)
        self._sampled_ns: int | None = None
        self.watched_s = 0.0
        self.x = self.y = self.size_px = 0.0
        self.centres: Box = (0.0, 0.0, 0.0, 0.0)

    @property
    def learned(self) -> bool:
        """Whether enough was seen to know it."""
        return self.watched_s >= LEARNED_S

    @property
    def reach(self) -> Box:
        """Where the centre of a face in this place lies: x0, y0, x1, y1 in pixels."""
        x0, y0, x1, y1 = self.centres
        wide = SAME_PLACE * self.size_px
        return x0 - wide, y0 - wide, x1 + wide, y1 + wide

    def see(self, t_ns: int, centre: tuple[float, float], size_px: float) -> bool:
        """The face is here; True if this moment was one of the samples."""
        if self._sampled_ns is not None and 0 <= t_ns - self._sampled_ns < SAMPLE_NS:
            return False
        if self._sampled_ns is not None and 0 < t_ns - self._sampled_ns <= MAX_GAP_NS:
            self.watched_s += (t_ns - self._sampled_ns) / 1e9
        self._sampled_ns = t_ns
        self._samples.append((*centre, size_px))
        x, y, size = (sorted(values) for values in zip(*self._samples, strict=True))
        first, middle = int(EDGE * len(x)), len(x) // 2
        self.centres = x[first], y[first], x[-1 - first], y[-1 - first]
        self.x, self.y, self.size_px = x[middle], y[middle], size[middle]
        return True

    def resize(self, x_by: float, y_by: float) -> None:
        """The picture shows the same, larger or smaller by these factors."""
        by = math.sqrt(x_by * y_by)
        resized = [(x * x_by, y * y_by, size * by) for x, y, size in self._samples]
        self._samples = deque(resized, maxlen=WINDOW_SAMPLES)
        x0, y0, x1, y1 = self.centres
        self.centres = x0 * x_by, y0 * y_by, x1 * x_by, y1 * y_by
        self.x, self.y, self.size_px = self.x * x_by, self.y * y_by, self.size_px * by

    def misfit(self, centre: tuple[float, float], size_px: float) -> float:
        """How badly a face fits: 0 for the usual centre and size, 1 for a face width away, or twice the size."""
        away = math.dist(centre, (self.x, self.y)) / max(size_px, self.size_px, 1.0)
        return math.hypot(away, self._scale(size_px))

    def holds(self, centre: tuple[float, float], size_px: float) -> bool:
        """Whether a face is where this person's may be."""
        x0, y0, x1, y1 = self.centres
        outside = math.hypot(max(x0 - centre[0], 0.0, centre[0] - x1), max(y0 - centre[1], 0.0, centre[1] - y1))
        return outside < SAME_PLACE * max(size_px, self.size_px) and abs(self._scale(size_px)) <= SAME_SIZE

    def _scale(self, size_px: float) -> float:
        return math.log2(max(size_px, 1.0) / max(self.size_px, 1.0))
