"""How the monitor's loop itself is doing: what the terminal shows beside the driver."""

from __future__ import annotations

from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class LoopStats:
    """Figures of the loop at one moment.

    Attributes:
        fps: frames analysed per second, lately.
        frame_age_ms: from the capture of the newest frame to the decision on it.
        dropped: frames that were captured and never analysed, so far.
        landmarks: which networks read the face (``wakeful``, ``v2``, ``mesh+iris``).
        runtime: what runs them (``litert``, ``qnn``), "" where that is unknown.
        recording: whether a log of the drive is being written.
    """

    fps: float
    frame_age_ms: float
    dropped: int
    landmarks: str
    runtime: str = ""
    recording: bool = False
