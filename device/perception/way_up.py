"""Whether a face is followed the right way up, where the detector answers on it both ways.

A mask, or a hand before the mouth, leaves a forehead that passes for a chin and hair that passes for a beard: on a man
in a mask the detector is sure of 0.74 upright and of 0.66 upside down, the second is surer in a quarter of the frames,
and the landmark networks find a face in both. One frame decides nothing there, a second of them does.
"""

from __future__ import annotations

CLEAR = 0.85
"""From this score on a face is the right way up: faces without a mask have 0.86 to 0.97 then, and up to 0.8 if not."""
LOOKS = 20
"""In so many frames after a face was found both ways up the detector is asked again."""
SURER = 0.3
"""Sum of the scores by which it was surer of the other way, frame after frame, that decides."""
NOT_FOUND = 0.5
"""Score of a way in which it finds nothing: its own bound."""


class WayUp:
    """Follows how sure the detector is of both ways, from the moment a face was found."""

    def __init__(self) -> None:
        self._left = 0
        self._surer = 0.0

    @property
    def is_open(self) -> bool:
        """Whether that is still to be seen."""
        return self._left > 0

    def begin(self, found: float, other: float | None) -> None:
        """A face was found with this score, and with the other one the other way up."""
        self._left = LOOKS if other is not None and found < CLEAR else 0
        self._surer = 0.0

    def is_other(self, followed: float | None, other: float | None) -> bool:
        """Take in the scores of the way that is followed and of the other; whether the other is the right one."""
        self._left -= 1
        ahead = (NOT_FOUND if other is None else other) - (NOT_FOUND if followed is None else followed)
        self._surer = max(self._surer + ahead, 0.0)
        return self._surer >= SURER
