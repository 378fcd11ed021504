"""Draws several people in one picture: the head of the synthetic driver at each of their places.

For what concerns more than one face: who is followed when two cross, what each further face costs. It is one
photographed person many times over, without bodies, so nobody here can be recognised by their looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np

from wakeful.frozen import dataclass
from wakeful.sensors.driver_face import FOCAL_PX, HEIGHT_PX, WIDTH_PX, DriverPose, Picture, draw_head, exposed

WALL_GREY = (150.0, 70.0)
"""Of the wall behind the people, above and below."""


@dataclass(frozen=True, slots=True)
class Stand:
    """One person and where the middle of the face is, cm from the camera: to the right in the picture, down, away."""

    x_cm: float
    y_cm: float
    z_cm: float
    pose: DriverPose = field(default_factory=DriverPose)

    @property
    def centre_px(self) -> tuple[float, float]:
        """The middle of the face in the picture."""
        return WIDTH_PX / 2 + self.x_cm * self.px_per_cm, HEIGHT_PX / 2 + self.y_cm * self.px_per_cm

    @property
    def px_per_cm(self) -> float:
        """Scale of the picture there."""
        return FOCAL_PX / self.z_cm


def render_group(people: Sequence[Stand], seed: int = 0) -> Picture:
    """The camera's image, uint8 [480, 640, 3], blue-green-red, noise by ``seed``: the nearer hide the farther."""
    rows = np.linspace(*WALL_GREY, HEIGHT_PX, dtype=np.float32).astype(np.uint8)
    picture = np.tile(rows[:, np.newaxis, np.newaxis], (1, WIDTH_PX, 3))
    for stand in sorted(people, key=lambda one: -one.z_cm):
        draw_head(picture, stand.pose, np.array([stand.x_cm, stand.y_cm, stand.z_cm], np.float32))
    return exposed(picture, DriverPose(), seed)
