"""People for recognition, without pixels: the colour of a frame says whose face it shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.device.identity.gallery import Gallery
from wakeful.device.identity.template_file import Template
from wakeful.device.messages import Observation
from wakeful.device.perception.landmarks import Eye, FaceLandmarks
from wakeful.device.perception.pipeline import Sighting
from wakeful.sensors.frame import Frame

NETWORK = "network 1"
THRESHOLD = 0.5
FPS = 10


def direction(person: int, look: int = 0) -> NDArray[np.float32]:
    """The embedding of a person; looks of one person differ a little."""
    numbers = np.zeros(128, np.float32)
    numbers[person], numbers[100 + look % 20] = 0.9, float(np.sqrt(1.0 - 0.81))
    return numbers


def template(name: str, person: int, looks: int = 3, network: str = NETWORK) -> Template:
    return Template(name, network, np.stack([direction(person, look) for look in range(looks)]), "2026-11-29")


def gallery(*templates: Template) -> Gallery:
    return Gallery(templates, THRESHOLD)


class ColourEmbedder:
    """Takes the blue of the first pixel for the person."""

    version = NETWORK
    threshold = THRESHOLD

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, image: NDArray[np.uint8], face: FaceLandmarks) -> NDArray[np.float32]:
        self.calls += 1
        return direction(int(image[0, 0, 0]), int(image[0, 0, 1]))


def frame_of(person: int, t_s: float) -> Frame:
    """A frame with this person in it."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[0, 0] = person, round(t_s * FPS) % 20, 0
    return Frame(image, round(t_s * 1e9), round(t_s * FPS))


def sighting_of(frame: Frame, yaw_deg: float = 0.0, points: NDArray[np.float32] | None = None) -> Sighting:
    """The face in it, as perception reads it."""
    eye = Eye(np.zeros((16, 2), np.float32), np.zeros((5, 2), np.float32))
    mesh = np.zeros((468, 3), np.float32) if points is None else points
    seen = Observation(frame.t_ns, frame.seq, face=True, face_px=120.0, yaw_deg=yaw_deg, pitch_deg=0.0)
    return Sighting(seen, FaceLandmarks(mesh, eye, eye, 1.0))
