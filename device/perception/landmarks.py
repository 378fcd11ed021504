"""The landmarks of one face, whichever networks read them: one interface, two readers.

``v2`` (Google's face_landmarks_detector, 478 points) reads eyelids best. ``mesh+iris`` needs only networks that the
package index carries: the 468-point mesh for the face and the iris network for each eye, since the mesh alone hardly
sees a closed eye.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wakeful import ConfigError, ModelError
from wakeful.device.messages import ReaderTraits
from wakeful.device.perception.network import Loader, load
from wakeful.device.perception.region import Region
from wakeful.device.stages import Stages
from wakeful.models import registry

# Corners of the eyes in the 468-point mesh, of the person's right and left eye: outer, inner.
RIGHT_CORNERS = (33, 133)
LEFT_CORNERS = (263, 362)
# Places of the eye contours in the mesh, in the order of ``Eye.contour``.
RIGHT_CONTOUR = np.array([33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173])
LEFT_CONTOUR = np.array([263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398])
# One face's region in the next picture is this much larger than its landmarks (MediaPipe's face landmark graphs).
TRACKING_SCALE = 1.5

READERS = {
    "v2": ("wakeful.device.perception.landmarks_v2", "V2Reader", ("face_landmarks_detector",)),
    "mesh+iris": (
        "wakeful.device.perception.landmarks_mesh_iris",
        "MeshIrisReader",
        ("face_landmark", "iris_landmark"),
    ),
}


class NetworkOutputError(ModelError, ArithmeticError):
    """A network answered with numbers that are none (NaN or infinite)."""


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye in picture pixels.

    Attributes:
        contour: float32 [16, 2]: 0 outer corner, 1 to 7 lower lid, 8 inner corner, 9 to 15 upper lid, both lids counted
            from outside to inside, so that point 8 + i lies above point i.
        iris: float32 [5, 2]: centre and four points of the rim.
    """

    contour: NDArray[np.float32]
    iris: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceLandmarks:
    """One face.

    Attributes:
        points: float32 [468, 3]: MediaPipe's face mesh; picture pixels, depth in the same unit, smaller is nearer.
        left, right: the person's own left and right eye.
        presence: the network's belief that this is a face, 0 to 1.
        unread: ``left`` or ``right``: the eye whose lids and iris were not read; its contour is the mesh's, which is
            good for drawing and hardly sees a closed eye.
    """

    points: NDArray[np.float32]
    left: Eye
    right: Eye
    presence: float
    unread: str = ""


class LandmarkReader(Protocol):
    """Networks that read the landmarks of the face in a region.

    Attributes:
        stages: told when the part of the work that is no more ``landmarks`` is done.
        iris_drawn: width of the iris as this reader draws it over its true one.
    """

    traits: ReaderTraits
    iris_drawn: float
    stages: Stages

    def __call__(self, image: NDArray[np.uint8], region: Region) -> FaceLandmarks | None:
        """Landmarks of the face in ``region`` of a blue-green-red picture; None where there is no face.

        Raises:
            NetworkOutputError: the network answered NaN.
        """
        ...


def load_reader(name: str, min_presence: float = 0.5, threads: int = 1, load: Loader = load) -> LandmarkReader:
    """The reader of that name; ``auto`` takes v2 where its file is in the cache, else mesh+iris.

    Raises:
        ConfigError: there is no such reader.
        ModelError: a network file is missing or corrupt.
    """
    module, cls, _ = READERS[which_reader(name)]
    reader: LandmarkReader = getattr(import_module(module), cls)(min_presence, threads, load)
    return reader


def which_reader(name: str) -> str:
    """``v2`` or ``mesh+iris`` for any of the names that ``load_reader`` takes."""
    if name == "auto":
        return "v2" if all(registry.available(network) for network in READERS["v2"][2]) else "mesh+iris"
    if name not in READERS:
        raise ConfigError(f"unknown landmark reader {name!r}; choose auto, {' or '.join(READERS)}")
    return name


def require_finite(numbers: NDArray[np.float32], network: str) -> NDArray[np.float32]:
    """``numbers`` themselves, checked. One sum is enough: NaN and infinity survive it."""
    if not np.isfinite(numbers.sum()):
        raise NetworkOutputError(f"{network} answered NaN; check its file with `wakeful models verify`")
    return numbers


def sigmoid(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(logit, -60.0, 60.0))))
