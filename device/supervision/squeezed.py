"""Reports images that are squeezed: angles, gaze and lid openings in them are wrong, which does not show in these."""

from __future__ import annotations

from collections import deque
from statistics import median

from wakeful.device.alerts.output import Output
from wakeful.device.messages import DriverState
from wakeful.device.perception.pipeline import Sighting
from wakeful.device.perception.proportion import is_squeezed, proportion_of
from wakeful.device.supervision.notes import Notes
from wakeful.sensors.frame import Frame

SQUEEZED = "squeezed"
EVERY_NS = 1_000_000_000
READINGS = 10
"""A face in profile, or half hidden, has odd proportions for a moment: the median of ten seconds with a face counts."""


class SqueezedImages(Output):
    """Notes ``squeezed`` while the faces in the images are flatter or narrower than those of people."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._read: deque[float] = deque(maxlen=READINGS)
        self._next_ns: int | None = None

    def frame(self, frame: Frame, sighting: Sighting) -> None:
        face = sighting.landmarks
        # A clock that has jumped back far begins a new second.
        early = self._next_ns is not None and self._next_ns - EVERY_NS <= frame.t_ns < self._next_ns
        if face is None or early:
            return
        self._next_ns = frame.t_ns + EVERY_NS
        self._read.append(proportion_of(face.points))
        if len(self._read) < READINGS:
            return
        if is_squeezed(median(self._read)):
            self._notes.set(
                SQUEEZED,
                'the images are squeezed: set [source] aspect to their width over height, as in "4:3"; '
                "wakeful doctor --placement names it",
            )
        else:
            self._notes.clear(SQUEEZED)

    def state(self, state: DriverState) -> None: ...
