"""Every picture is brought upright once, before anybody looks at it: perception, pages and logs know no other.

``wakeful.sensors.mounting`` says what is done.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.frame import Frame
from wakeful.sensors.mounting import Mounting
from wakeful.sensors.opencv import cv2
from wakeful.sensors.source import Source, SourceInfo, Wrapped

TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def corrected(image: NDArray[np.uint8], mounting: Mounting) -> NDArray[np.uint8]:
    """The picture, uint8 [height, width, 3], as ``mounting`` has it; not copied where nothing has to be done."""
    height, width = image.shape[:2]
    # Cut first, so that only what is kept is moved.
    x0, y0, x1, y1 = mounting.part(width, height)
    part = image[y0:y1, x0:x1]
    size = mounting.stretched(width, height, x1 - x0, y1 - y0)
    if size != (x1 - x0, y1 - y0):
        part = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    if mounting.rotate:
        part = cv2.rotate(part, TURNS[mounting.rotate]).astype(np.uint8, copy=False)
    if mounting.mirror:
        part = cv2.flip(part, 1).astype(np.uint8, copy=False)
    return np.ascontiguousarray(part)


class MountedSource(Wrapped):
    """A source whose pictures are corrected as they are read."""

    def __init__(self, source: Source, mounting: Mounting) -> None:
        super().__init__(source)
        self._mounting = mounting

    @property
    def info(self) -> SourceInfo:
        info = self._source.info
        width, height = self._mounting.size(info.width, info.height)
        return replace(info, width=width, height=height)

    def read_latest(self, max_age_s: float) -> Frame:
        frame = self._source.read_latest(max_age_s)
        height, width = frame.image.shape[:2]
        cut = self._mounting.cut(width, height)
        return replace(frame, image=corrected(frame.image, self._mounting), cut=cut)
