"""What the teacher, Google's face_landmarks_detector, gives for the training pictures: 478 points with depth.

The label file of the faces holds 126 points of the teacher at full source resolution. Here it reads the stored
pictures again, plain and mirrored, for the other points and for the depth; the 126 keep their places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.training.geometry import Crop, cut, level_square
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]

POINTS = 478
INPUT_PX = 256
SCALE = 1.5
"""The region that the teacher sees is this much larger than the mesh, as in tracking."""
MESH = 468
RIGHT_OUTER, LEFT_OUTER = 33, 263
USUAL_GREY, MAX_GAIN = 100.0, 3.0
"""Dark crops are brightened as the monitor does (``device.perception.region.brightened``)."""

Network = Callable[[Array], tuple[Array, float]]


@dataclass(frozen=True, slots=True)
class Reading:
    """Points [478, 3] in picture pixels, mean of the plain and the mirrored run; lower presence (logit) of both."""

    points: Array
    presence: float


def open_teacher(file: Path) -> Network:
    """The teacher's file in LiteRT: a crop float32 [1, 256, 256, 3] red-green-blue, 0 to 1, to points and presence."""
    from ai_edge_litert.interpreter import Interpreter

    network = Interpreter(model_path=str(file), num_threads=1)
    network.allocate_tensors()
    into = network.get_input_details()[0]["index"]
    points, presence = (network.get_output_details()[i]["index"] for i in (0, 1))

    def run(crop: Array) -> tuple[Array, float]:
        network.set_tensor(into, crop)
        network.invoke()
        return network.get_tensor(points).reshape(POINTS, 3), float(network.get_tensor(presence).reshape(-1)[0])

    return run


def read(
    network: Network, picture: NDArray[np.uint8], start: Crop, flip: NDArray[np.intp] | None, *, sure: bool = False
) -> Reading:
    """Reads a face, plain and mirrored.

    Args:
        picture: uint8 [h, w, 3] blue-green-red.
        start: the level square around the face.
        flip: for each point its twin after a flip; None for the plain run alone.
        sure: ``start`` is the mesh's own square; else the face is read once more before, to find that.
    """
    crop = start.moved(0.0, 0.0, SCALE) if sure else around(_run(network, picture, start.moved(0.0, 0.0, SCALE))[0])
    plain, presence = _run(network, picture, crop)
    if flip is None:
        return Reading(plain, presence)
    other, presence_too = _run(network, picture, Crop(crop.x_px, crop.y_px, crop.width_px, crop.angle_rad, True))
    return Reading((plain + other[flip]) / 2.0, min(presence, presence_too))


def around(mesh: Array, scale: float = SCALE) -> Crop:
    """The region of a mesh [478, >=2]."""
    x_px, y_px, side, angle = level_square(mesh[:MESH], mesh[RIGHT_OUTER], mesh[LEFT_OUTER])
    return Crop(x_px, y_px, side * scale, angle)


def _run(network: Network, picture: NDArray[np.uint8], crop: Crop) -> tuple[Array, float]:
    crop = Crop(crop.x_px, crop.y_px, crop.width_px, crop.angle_rad, crop.mirrored, columns=INPUT_PX, rows=INPUT_PX)
    pixels: Any = cut(picture, crop)
    mean = sum(cv2.mean(pixels)[:3]) / 3.0
    if mean < USUAL_GREY:
        pixels = cv2.convertScaleAbs(pixels, alpha=min(MAX_GAIN, USUAL_GREY / max(mean, 1.0)))
    rgb: Any = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    points, presence = network(rgb[np.newaxis].astype(np.float32) / 255.0)
    return crop.back(points), presence


def twins(meshes: Iterable[Array]) -> NDArray[np.intp]:
    """For each of the 478 points the one that takes its place in a mirrored picture.

    Found on the mean of level meshes and its mirror image: the mesh is symmetric. The rim of each iris is ordered by
    the picture (right, top, left, bottom), so it keeps its order and only right and left change within it.
    """
    mean = np.mean([around(mesh).points(mesh) - 56.0 * np.array([1, 1, 0]) for mesh in meshes], axis=0)
    mirror = mean * np.array([-1.0, 1.0, 1.0])
    cost = np.square(mean[:, None, :] - mirror[None]).sum(axis=-1)
    found: NDArray[np.intp] = cost.argmin(axis=1)
    return found
