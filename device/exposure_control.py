"""Lowers the exposure of a camera while the watched face is overlit, and gives it back when the face has become dim.

A camera sets its exposure by the whole picture: in a dark cabin a face near the lamp burns out, and its lids with it.
Where the source lets nobody change it, that is noted, so that the lamp can be turned away.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wakeful.device.alerts.output import Output
from wakeful.device.messages import DriverState
from wakeful.device.perception.pipeline import Sighting
from wakeful.device.supervision.notes import Notes
from wakeful.sensors.frame import Frame

OVERLIT = "overlit"
SATURATED, SAMPLES = 250, 24
MOST_SATURATED = 0.25
"""Share of saturated pixels beyond which a face is overlit. Of 105 faces in clips and cars the most is 0.07; at twice
their light the median is 0.35, where lids are still read, at five times 0.93, where half of the faces are missed."""
BURNT_OUT = 0.5
"""The same of the middle of a picture in which nobody is found: at most 0.12 in 384 pictures of clips and cars; where
five and eight times their light hides the face, at least 0.63. Exposure is lowered on that account once, until a face
was seen again: the seat may be empty."""
DIM = 80.0
"""Mean grey level of a face below which exposure is given back: one step brings it to 114, far from overlit."""
STEP, LEAST = 0.7, 1.0 / 16.0
"""Each step multiplies the exposure by this; no lower than that share of the camera's own in all."""
PERIOD_NS = 300_000_000
"""Between two looks: until then a camera has carried out the step before."""
REOPENED_NS = 1_500_000_000
"""After a pause as long as this a camera was opened again, and has its own exposure."""
DIM_LOOKS, AWAY_LOOKS = 7, 17
"""Looks in a row at a dim face, two seconds, and at nobody, five, after which exposure is given back."""


class ExposureControl(Output):
    """Watches the light of the face in a few frames a second.

    Args:
        ask: as ``wakeful.sensors.source.expose`` with its source.
        notes: gets ``overlit`` while the exposure is lowered or should be.

    Attributes:
        share: of the camera's own exposure, as asked for.
    """

    def __init__(self, ask: Callable[[float | None], bool], notes: Notes) -> None:
        self._ask = ask
        self._notes = notes
        self._looked_ns: int | None = None
        self._dim = self._away = 0
        self._searched = False
        self.share = 1.0

    def state(self, state: DriverState) -> None:
        """Nothing: the picture is what counts."""

    def frame(self, frame: Frame, sighting: Sighting) -> None:
        """A look at the face of this frame, if it is time for one."""
        if self._looked_ns is not None and 0 <= frame.t_ns - self._looked_ns < PERIOD_NS:
            return
        if self._looked_ns is not None and frame.t_ns - self._looked_ns > REOPENED_NS:
            self.share = 1.0
        self._looked_ns = frame.t_ns
        seen = sighting.observation
        share = saturated(frame, sighting)
        overlit = share > MOST_SATURATED if seen.face else share > BURNT_OUT and not self._searched
        self._searched = self._searched and not seen.face
        self._away = 0 if seen.face or overlit else self._away + 1
        dim = seen.face and not overlit and seen.brightness is not None and seen.brightness < DIM
        self._dim = self._dim + 1 if dim else 0
        if overlit:
            self._lower()
        elif self.share == 1.0:
            self._notes.clear(OVERLIT)
        elif self._away >= AWAY_LOOKS:
            self._searched = True
            self._give_back()
        elif self._dim >= DIM_LOOKS:
            self._raise()

    def close(self) -> None:
        """Gives the camera its own exposure again."""
        if self.share < 1.0:
            self._give_back()

    def _lower(self) -> None:
        if self.share * STEP >= LEAST and self._ask(STEP):
            self.share *= STEP
            self._notes.set(
                OVERLIT, "the face is overlit: the exposure of the camera is lowered; a weaker lamp is better"
            )
        else:
            self._notes.set(
                OVERLIT,
                "the face is overlit, and the exposure is fixed, at its end or not to be had: turn the lamp away, or "
                "lower [source] exposure",
            )

    def _raise(self) -> None:
        self._dim = 0
        if self.share / STEP > 0.99:
            self._give_back()
        elif self._ask(1.0 / STEP):
            self.share /= STEP

    def _give_back(self) -> None:
        self._ask(None)
        self.share, self._dim, self._away = 1.0, 0, 0
        self._notes.clear(OVERLIT)


def saturated(frame: Frame, sighting: Sighting) -> float:
    """Share of saturated pixels of the face; without one, of the middle of the picture."""
    face, image = sighting.landmarks, frame.image
    height, width = image.shape[:2]
    if face is None:
        x0, y0, x1, y1 = width // 4, height // 4, width - width // 4, height - height // 4
    else:
        most = np.array([width - 1, height - 1])
        points = face.points[:, :2]
        (x0, y0), (x1, y1) = (np.clip(edge, 0, most).astype(int).tolist() for edge in (points.min(0), points.max(0)))
    green = image[y0 : y1 + 1 : max((y1 - y0) // SAMPLES, 1), x0 : x1 + 1 : max((x1 - x0) // SAMPLES, 1), 1]
    return float(np.count_nonzero(green >= SATURATED)) / green.size
