"""One picture and when it was taken: what every source hands to the monitor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.sensors.mounting import Cut


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured picture.

    Attributes:
        image: uint8 [height, width, 3], blue-green-red as OpenCV has it, as the camera sees it unless the user
            has it corrected (``wakeful.sensors.mounting``). A new array each, which nobody
            writes to once it is handed on, so that whoever wants it may keep it.
        t_ns: capture time, ns. Live sources: ``time.monotonic_ns()`` at the grab. Files played ``fast``: the file's
            own time stamp. Files played in real time: start of playing plus the file's own time stamp.
        seq: number of the frame in its source, counted from 0; a gap is a frame that was dropped.
        cut: where it was cut from a larger picture; None where it is the whole one.
    """

    image: NDArray[np.uint8]
    t_ns: int
    seq: int
    cut: Cut | None = None
