"""Recognises a lamp that lights one frame of every two, three or four, and the dark frames between its flashes.

Infra-red lamps flash to save heat, and to tell their light from that of the sun. The frames without the lamp show a
face as badly as no lamp would, and made of both kinds, eyes seem to open and close.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

PERIODS = (2, 3, 4)
WINDOW = 16
"""Frames in which the pattern must hold without an exception, half a second at 30 frames per second. What else changes
light so fast (leaves, lamps along the road, mains) does not keep step with the frames."""
FEWEST = 3
"""Frames of each kind that are seen in that time: a slow monitor may happen to read the lit ones alone."""
DARK = 0.7
"""A frame is dark below this share of the level of lit ones, which is half of the light where all of the picture is lit
by the lamp."""
_ROOTS = np.sqrt(np.arange(256, dtype=np.float32))


def level_of(sample: NDArray[np.uint8]) -> float:
    """How light a picture is: mean root of its grey levels.

    So neither a bright window outweighs the cabin that the lamp lights, nor the dark around it a face in its light.
    """
    return float(_ROOTS[sample].mean())


class Strobe:
    """Follows the level of one source's frames.

    Attributes:
        period: one in so many frames is lit; 0 where all are alike.
        lit_fps: lit frames per second, 0 where unknown.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[int, int, float]] = deque(maxlen=WINDOW)
        self.period = 0
        self.lit_fps = 0.0

    def is_dark(self, seq: int, t_ns: int, level: float) -> bool:
        """Whether the newest frame lies between two flashes.

        Args:
            seq: number of the frame in its source; those that nobody read count too.
        """
        self._recent.append((seq, t_ns, level))
        levels = [level for _, _, level in self._recent]
        bound = DARK * max(levels)
        if min(levels) > bound:
            self.period = 0
        elif not self.period:
            self.period = self._found()
        return self.period > 0 and level <= bound

    def _found(self) -> int:
        if len(self._recent) < WINDOW:
            return 0
        (first, begun_ns, _), (last, ended_ns, _) = self._recent[0], self._recent[-1]
        for period in PERIODS:
            kinds: list[list[float]] = [[] for _ in range(period)]
            for seq, _, level in self._recent:
                kinds[seq % period].append(level)
            darkest = [min(kind, default=math.inf) for kind in kinds]
            lit = darkest.index(max(darkest))
            others = [level for number, kind in enumerate(kinds) if number != lit for level in kind]
            if min(map(len, kinds)) >= FEWEST and max(others) <= DARK * darkest[lit]:
                seconds = (ended_ns - begun_ns) / 1e9
                self.lit_fps = (last - first) / seconds / period if seconds > 0.0 else 0.0
                return period
        return 0
