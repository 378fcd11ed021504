"""Landmarks by the networks of this project: the face, then both eyes and the mouth from crops of their own.

A face of 112 pixels shows lids and shut lips too coarsely, so these are cut again from the frame, where the points of
the face say. Everything is grey, and the crops are standardised: exposure does not matter to the networks.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wakeful.device.messages import ReaderTraits, Unreadable
from wakeful.device.perception.grey_crop import Grey, GreyPart, Placed, standardise, standardised
from wakeful.device.perception.landmarks import (
    LEFT_CORNERS,
    RIGHT_CORNERS,
    TRACKING_SCALE,
    Eye,
    FaceLandmarks,
    Glance,
    require_finite,
    sigmoid,
)
from wakeful.device.perception.network import Loader, load
from wakeful.device.perception.region import Region, around
from wakeful.device.stages import UNWATCHED
from wakeful.frozen import dataclass
from wakeful.models.face.points import LEFT_EYE, RIGHT_EYE
from wakeful.models.lids import layout as lids_layout
from wakeful.models.mouth import layout as mouth_layout
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

FACE_PX, FACE_SCALE = 112, 1.35
"""Size of the crop; see ``models/face/net``."""
FACE_INSIDE = slice(round(FACE_PX * (1.0 - 1.0 / FACE_SCALE) / 2.0), round(FACE_PX * (1.0 + 1.0 / FACE_SCALE) / 2.0))
"""Rows and columns of the face's crop that its points span."""
LEAST_SPREAD, LEAST_EYE_SPREAD = 8.0, 6.0
"""Grey levels; a crop with a smaller deviation is not stretched any further, as in training."""
MESH_POINTS = 468
CONTOUR, IRIS = slice(0, lids_layout.LIDS), slice(lids_layout.LIDS, lids_layout.LIDS + lids_layout.IRIS)
HIDDEN = tuple(
    {"dark": Unreadable.DARK, "glare": Unreadable.GLARE, "blur": Unreadable.BLUR}.get(name, Unreadable.OCCLUDED)
    for name in lids_layout.READABLE[1:]
)
"""What the network's reasons are called in observations."""
LIPS = np.array(mouth_layout.LIPS)
MOUTH_ANCHORS = np.array([61, 291, 0, 17, 13, 14])
"""The mouth's crop lies around the mean of these."""
FOLLOWED = 0.4
"""Share of the least presence from which on a followed face counts: heads that are bowed and turned, with shut eyes
behind glasses, have less than others, and what is no face hardly ever has a tenth."""
LITTLE_SPREAD, LITTLE_RELIEF, LEAST_SHADING = 0.2, 0.05, 1.2
"""A crop of little spread, as a share of its brightness, may be what a decoder shows after it has lost its references:
edges and eyes without the light and shade of a face, which the network takes for one now and then. See ``is_residue``:
relief below ``LITTLE_RELIEF`` of the brightness, and shading below this many times the edges. Of 97 faces in clips and
cars none has so little relief, and of 281 of them in fog and glare 2 so little shading; residues made of these faces
have at most 0.62 of it, those of a broken recording at most 1.17."""
SHADING_CELLS, EDGE_PX = 8, 28
MOVED, RESIZED = 0.12, 1.2
"""A face whose own square lies this much of its side away from where it was looked for, or is this much larger or
smaller, is read again there: the networks learned crops as tracking lays them."""


class WakefulReader:
    """Runs the networks ``face``, ``lids`` and ``mouth`` of the registry."""

    # A fifth of the eyes of people whose lids are closed, by hand labels, have less of an open one's (card lids).
    # Wide open mouths of drivers apart are read a tenth smaller than by the teacher, for whom it is 0.7 (card mouth).
    traits = ReaderTraits("wakeful", closed_ratio=0.2, wide_mouth_aspect=0.63)
    # Of 486 scenes without a face one is then taken for a face; all car frames and clips still are (card face).
    found_presence = 0.92
    iris_drawn = 1.07
    rates_eyes = True
    reads_each_eye = False

    def __init__(self, min_presence: float = 0.5, threads: int = 1, load: Loader = load) -> None:
        self._face, self._lids, self._mouth = (load(name, threads) for name in ("face", "lids", "mouth"))
        self._min_presence = FOLLOWED * min_presence
        self.stages = UNWATCHED

    def __call__(self, frame: Frame, region: Region, *, one_eye: bool = False) -> FaceLandmarks | None:
        grey, read = self._in_place(frame, _square(region), self._min_presence)
        if read is None:
            return None
        points = read.points
        self.stages.done("landmarks")
        right, left = self._eyes(grey, points)
        self.stages.done("lids")
        lips, mouth_aspect = self._lips(grey, points)
        points[LIPS, :2] = lips
        points[RIGHT_EYE, :2], points[LEFT_EYE, :2] = right.contour, left.contour
        self.stages.done("mouth")
        return FaceLandmarks(points, left, right, read.presence, mouth_aspect=mouth_aspect, brightness=read.brightness)

    def glance(self, frame: Frame, region: Region) -> Glance | None:
        _, read = self._in_place(frame, _square(region), 0.0)
        _, again = self._in_place(frame, read.square(FACE_SCALE), 0.0) if read else (None, None)
        if read is None or again is None:
            return None
        logits = [logit for one in (read, again) for logit in (one.logit, self._ask(one.crop[:, ::-1])[1])]
        return Glance(again.square(TRACKING_SCALE), sum(logits) / len(logits))

    def close(self) -> None:
        """Nothing is held."""

    def _in_place(self, frame: Frame, square: Region, least: float) -> tuple[GreyPart, FaceRead | None]:
        """The face in the square, read in its own one if that is another, and the grey part in which it lies."""
        grey = GreyPart.around(frame.image, square)
        read = self._points(grey, square, least)
        if read is not None and read.elsewhere:
            square = read.square(FACE_SCALE)
            grey = GreyPart.around(frame.image, square)
            read = self._points(grey, square, least)
        return grey, read

    def _ask(self, crop: Grey) -> tuple[NDArray[np.float32], float]:
        """Mesh and logit of the presence, by the face network."""
        mesh, logit = self._face(standardised(crop, LEAST_SPREAD)[np.newaxis])
        return require_finite(mesh, "face"), require_finite(logit, "face").item()

    def _points(self, grey: GreyPart, square: Region, least: float) -> FaceRead | None:
        """What the face network reads in the square; None where there is no face of at least that presence in it."""
        place = Placed.of(square.x_px, square.y_px, FACE_PX / square.size_px, square.angle_rad, FACE_PX, FACE_PX)
        crop = grey.cut(place, cv2.BORDER_CONSTANT)
        mesh, logit = self._ask(crop)
        presence = sigmoid(logit)
        inside = crop[FACE_INSIDE, FACE_INSIDE]
        mean, spread = (one.item(0) for one in cv2.meanStdDev(inside))
        if presence < least or (spread < LITTLE_SPREAD * mean and is_residue(inside, mean)):
            return None
        unit = mesh.reshape(-1, 3)[:MESH_POINTS]
        return FaceRead(place.to_picture(unit, FACE_PX / 2.0), presence, logit, mean, crop, _elsewhere(unit))

    def _eyes(self, grey: GreyPart, points: NDArray[np.float32]) -> tuple[Eye, Eye]:
        """The right and the left eye, read in one batch; the left one is flipped, so that both have one shape."""
        places = (
            _eye_place(points[RIGHT_CORNERS[0], :2], points[RIGHT_CORNERS[1], :2], mirrored=False),
            _eye_place(points[LEFT_CORNERS[0], :2], points[LEFT_CORNERS[1], :2], mirrored=True),
        )
        crops = np.empty((2, 1, lids_layout.ROWS, lids_layout.COLUMNS), np.float32)
        for place, crop in zip(places, crops, strict=True):
            standardise(grey.cut(place, cv2.BORDER_REPLICATE), LEAST_EYE_SPREAD, crop[0])
        lids, states = self._lids(crops)
        require_finite(lids, "lids")
        require_finite(states, "lids")
        right, left = (_eye(place, one, state) for place, one, state in zip(places, lids, states, strict=True))
        return right, left

    def _lips(self, grey: GreyPart, points: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
        """Points of ``LIPS`` in picture pixels, and the mouth's aspect."""
        (x0, y0, z0), (x1, y1, z1) = points[RIGHT_CORNERS[0]].tolist(), points[LEFT_CORNERS[0]].tolist()
        span = max(math.hypot(x1 - x0, y1 - y0, z1 - z0), 1.0)
        right, down, _ = map(sum, zip(*points[MOUTH_ANCHORS].tolist(), strict=True))
        place = Placed.of(
            right / len(MOUTH_ANCHORS),
            down / len(MOUTH_ANCHORS),
            mouth_layout.SPAN_PX / span,
            math.atan2(y1 - y0, x1 - x0),
            mouth_layout.COLUMNS,
            mouth_layout.ROWS,
        )
        crop = standardised(grey.cut(place, cv2.BORDER_REPLICATE), LEAST_SPREAD)
        out = require_finite(self._mouth(crop[np.newaxis])[0], "mouth")[0]
        lips = place.to_picture(out[mouth_layout.POINTS].reshape(-1, 2), mouth_layout.SPAN_PX)
        return lips, max(out.item(mouth_layout.OPENING), 0.0)


@dataclass(frozen=True, slots=True)
class FaceRead:
    """What the face network says of one crop.

    Attributes:
        points: float32 [468, 3], picture pixels and depth in the same unit.
        logit: of the presence.
        brightness: mean grey level of the face.
        crop: what was read.
        elsewhere: the face lies so far from the middle of the crop that it is to be read again in its own place.
    """

    points: NDArray[np.float32]
    presence: float
    logit: float
    brightness: float
    crop: Grey
    elsewhere: bool

    def square(self, scale: float) -> Region:
        """The one that these points span, enlarged."""
        return around(self.points, self.points[RIGHT_CORNERS[0]], self.points[LEFT_CORNERS[0]], scale)


def is_residue(face: Grey, brightness: float) -> bool:
    """Whether a face has edges but no shading, apart from a slope over all of it.

    Args:
        face: the square that its points span.
        brightness: its mean.
    """
    cells = cv2.resize(face, (SHADING_CELLS, SHADING_CELLS), interpolation=cv2.INTER_AREA).astype(np.float32)
    y, x = np.mgrid[0:SHADING_CELLS, 0:SHADING_CELLS] - (SHADING_CELLS - 1) / 2.0
    cells -= cells.mean() + (x * (cells * x).sum() + y * (cells * y).sum()) / (x * x).sum()
    relief = float(cells.std())
    if relief >= LITTLE_RELIEF * brightness:
        return False
    small = cv2.resize(face, (EDGE_PX, EDGE_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    edges = float((small - cv2.GaussianBlur(small, (0, 0), 1.2)).std())
    return relief < LEAST_SHADING * edges


def _square(region: Region) -> Region:
    """What the face network looks at of a region that tracking or the detector gives."""
    return Region(region.x_px, region.y_px, region.size_px / TRACKING_SCALE * FACE_SCALE, region.angle_rad)


def _elsewhere(unit: NDArray[np.float32]) -> bool:
    """Whether points [N, >=2], in half crop sides about the middle, are not where tracking would have put them."""
    across = np.ascontiguousarray(unit[:, :2].T)
    (left, top), (right, bottom) = across.min(axis=1).tolist(), across.max(axis=1).tolist()
    size = max(right - left, bottom - top) / 2.0 * FACE_SCALE
    away = math.hypot(left + right, top + bottom) / 2.0
    return away > 2.0 * MOVED or not 1.0 / RESIZED < size < RESIZED


def _eye_place(outer: NDArray[np.float32], inner: NDArray[np.float32], *, mirrored: bool) -> Placed:
    """The crop of an eye: level with its corners, the outer one to the left after flipping."""
    (x0, y0), (x1, y1) = outer.tolist(), inner.tolist()
    width = max(math.hypot(x1 - x0, y1 - y0), 1.0)
    sign = -1.0 if mirrored else 1.0
    angle = math.atan2(sign * (y1 - y0), sign * (x1 - x0))
    x_px, y_px = (x0 + x1) / 2.0, (y0 + y1) / 2.0
    return Placed.of(x_px, y_px, lids_layout.EYE_PX / width, angle, lids_layout.COLUMNS, lids_layout.ROWS, mirrored)


def _eye(place: Placed, lids: NDArray[np.float32], states: NDArray[np.float32]) -> Eye:
    placed = place.to_picture(lids[lids_layout.POINTS].reshape(-1, 2), lids_layout.EYE_PX)
    numbers: list[float] = lids.tolist()
    clear, *hidden = numbers[lids_layout.REASON]
    most = max(hidden)
    why = HIDDEN[hidden.index(most)]
    clear -= most + math.log(sum(math.exp(one - most) for one in hidden))
    spread = math.exp(min(numbers[lids_layout.SPREAD.start], 0.0))
    return Eye(placed[CONTOUR], placed[IRIS], max(numbers[lids_layout.OPENING], 0.0), spread, states, clear, why)
