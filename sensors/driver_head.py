"""The synthetic driver's head as a surface in space, and how it turns, opens its mouth and falls into a picture.

The portrait is one photograph, so every pixel of it was given a depth, and the head became a closed surface of points
(``wakeful.sensors.driver_surface``). ``HeadSurface.project`` opens the jaw, turns the head on its neck and answers, for
each pixel of the picture, which texel is seen there. ``cv2.remap`` then paints it.

Frames. Portrait frame: x to the right of the picture, y down, z away from the camera, centimetres, as photographed.
Head frame: the same axes, turned so that the face looks straight into the camera. Camera frame: OpenCV's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.sensors.driver_visibility import Projection, visible

Array = NDArray[Any]

NEAREST_CM = 10.0
"""Nothing nearer to the camera is drawn."""
PIVOT_CM = (0.0, 6.5, 4.5)
"""Where the head turns, in the portrait frame: in the neck, below the skull and behind the throat."""
MOUTH_OPEN_DEG = 18.0
"""Turn of the jaw about its hinge at ``mouth = 1``."""
JAW_HINGE_CM = (1.0, 3.0)
"""Height and depth of the jaw's hinge, in front of the ear."""
JAW_BACK_SHARE = 0.3
"""How much of the turn's way back the chin takes: throat and tongue are in its way."""
LIPS_CLOSED_AT = 0.2
"""The portrait smiles with parted lips, which is about this opening; below it the lower lip covers the teeth."""
CAVITY_DEPTH_CM = (1.0, 5.5)
"""How far behind the teeth the inside of the mouth is drawn, at ``mouth`` 0 and 1; always behind the chin."""
RIGHT_PUPIL, LEFT_PUPIL = 468, 473


@dataclass(frozen=True)
class HeadSurface:
    """The head's points and what moves them.

    Attributes:
        texture: uint8 [H, W, 3], blue, green, red.
        landmarks: float32 [478, 2], where MediaPipe's face landmarks lie, in texels.
        under_jaw: float32 [h, W], the texture's lowest rows: 1 on the neck, where an open jaw casts its shadow.
        texels_per_cm: scale of the texture.
        straighten: float32 [3, 3], portrait frame to head frame.
        gaze_deg: where the eyes look in the photograph, against the head: to the person's left, up.
        points: float32 [3, N], cm from the pivot, portrait frame, mouth as photographed.
        normals: float32 [3, N], outward.
        uv: float32 [2, N], texels.
        turning: float32 [N], 1 for what turns with the head, falling to 0 at the foot of the neck.
        jaw: float32 [N], 1 for what hangs on the jaw.
        narrowing: float32 [N], cm to move sideways at ``mouth = 1``.
        closing: float32 [N], cm to move down (negative: up) to close the photographed lips.
        cavity: float32 [N], 1 for the inside of the mouth.
    """

    texture: Array
    landmarks: Array
    under_jaw: Array
    texels_per_cm: float
    straighten: Array
    gaze_deg: tuple[float, float]
    points: Array
    normals: Array
    uv: Array
    turning: Array
    jaw: Array
    narrowing: Array
    closing: Array
    cavity: Array

    def project(
        self, rotation: Array, pivot_cm: Array, mouth: float, focal_px: float, size: tuple[int, int]
    ) -> Projection | None:
        """See the head from the camera; None if nothing of it is in the picture.

        Args:
            rotation: float32 [3, 3], head frame to camera frame.
            pivot_cm: float32 [3], the pivot in the camera frame.
            mouth: 0 closed to 1 yawning.
            focal_px: focal length; the principal point is the middle of the picture.
            size: width and height of the picture.
        """
        found = self._in_view(rotation, pivot_cm, mouth, focal_px, size)
        if found is None:
            return None
        seen, (x, y, z) = found
        return visible(x, y, z, self.uv[:, seen], self.cavity[seen])

    def _in_view(
        self, rotation: Array, pivot_cm: Array, mouth: float, focal_px: float, size: tuple[int, int]
    ) -> tuple[Array, tuple[Array, Array, Array]] | None:
        """The numbers of the points that face the camera in or near the picture; x, y in pixels, and distance in cm."""
        points = self._with_mouth(mouth)
        turn = rotation @ self.straighten
        placed = _turned(turn, points)
        placed -= points
        placed *= self.turning
        placed += points
        placed += pivot_cm[:, None]
        facing: Array = sum(_along(row, self.normals) * to for row, to in zip(turn, placed, strict=True))
        if mouth < LIPS_CLOSED_AT / 2:
            # Closed lips hide it; gaps between points must not betray it.
            facing += self.cavity * 1e3
        scale = focal_px / placed[2]
        x = placed[0] * scale + size[0] / 2
        y = placed[1] * scale + size[1] / 2
        beyond_x, beyond_y = size[0] / 4, size[1] / 4
        seen = np.flatnonzero(
            (facing < 0)
            & (placed[2] > NEAREST_CM)
            & (x > -beyond_x)
            & (x < size[0] + beyond_x)
            & (y > -beyond_y)
            & (y < size[1] + beyond_y)
        )
        return (seen, (x[seen], y[seen], placed[2, seen])) if seen.size else None

    def eye_plane(self, width_cm: float, height_cm: float, before_cm: float) -> Array:
        """A rectangle around the eyes, upright in the head frame: float32 [4, 3], cm from the pivot, from top left on.

        Args:
            before_cm: how far it is before the pupils.
        """
        right, left = self._at(RIGHT_PUPIL), self._at(LEFT_PUPIL)
        x, y, z = (right + left) / 2 - (0.0, 0.0, before_cm)
        half_x, half_y = width_cm / 2, height_cm / 2
        return np.array(
            [
                [x - half_x, y - half_y, z],
                [x + half_x, y - half_y, z],
                [x + half_x, y + half_y, z],
                [x - half_x, y + half_y, z],
            ],
            np.float32,
        )

    def _at(self, landmark: int) -> Array:
        """Where a landmark lies on the surface, head frame, cm from the pivot."""
        away = (
            np.where(self.normals[2] < 0, 0, np.inf)
            + np.abs(self.uv[0] - self.landmarks[landmark, 0])
            + np.abs(self.uv[1] - self.landmarks[landmark, 1])
        )
        point: Array = self.straighten @ self.points[:, int(np.argmin(away))]
        return point

    def _with_mouth(self, mouth: float) -> Array:
        """The points with the jaw opened about its hinge, the corners drawn in, or the lips closed."""
        angle = math.radians(MOUTH_OPEN_DEG) * mouth
        hinge = np.array(JAW_HINGE_CM, np.float32) - np.array(PIVOT_CM[1:], np.float32)
        down, back = self.points[1] - hinge[0], self.points[2] - hinge[1]
        sin, cos_1 = math.sin(angle), math.cos(angle) - 1.0
        closed = max(0.0, 1.0 - mouth / LIPS_CLOSED_AT)
        sunk = CAVITY_DEPTH_CM[0] + mouth * (CAVITY_DEPTH_CM[1] - CAVITY_DEPTH_CM[0])
        moved = self.points.copy()
        moved[0] += mouth * self.narrowing
        moved[1] += self.jaw * (cos_1 * down - sin * back) + closed * self.closing
        moved[2] += JAW_BACK_SHARE * self.jaw * (sin * down + cos_1 * back) + self.cavity * sunk
        return moved


def _turned(matrix: Array, points: Array) -> Array:
    """``matrix @ points`` without BLAS, whose threads cost more than so small a product."""
    turned = np.empty_like(points)
    for number, row in enumerate(matrix):
        turned[number] = _along(row, points)
    return turned


def _along(row: Array, points: Array) -> Array:
    along: Array = row[0] * points[0] + row[1] * points[1] + row[2] * points[2]
    return along
