"""The landmarks of one face, whichever networks read them: one interface, four readers.

``wakeful`` runs the networks of this project: face, both eyes, mouth; it alone gives the states of the lids. ``v2``
(Google's face_landmarks_detector, 478 points) was their teacher. ``mesh+iris`` needs only networks that the package
index carries: the 468-point mesh for the face and the iris network for each eye, since the mesh alone hardly sees a
closed eye. ``mediapipe`` runs the network of ``v2`` inside Google's own library, for comparison with it; it is never
chosen unless it is named.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wakeful.device.messages import ReaderTraits, Unreadable
from wakeful.device.perception.network import Loader, load
from wakeful.device.perception.region import Region, around
from wakeful.device.stages import Stages
from wakeful.errors import ConfigError, ModelError
from wakeful.frozen import dataclass
from wakeful.sensors.frame import Frame

# Corners of the eyes in the 468-point mesh, of the person's right and left eye: outer, inner.
RIGHT_CORNERS = (33, 133)
LEFT_CORNERS = (263, 362)
# The region of a face in the next frame is this much larger than its landmarks (MediaPipe's face landmark graphs).
TRACKING_SCALE = 1.5


@dataclass(frozen=True, slots=True)
class ReaderEntry:
    """Where a landmark reader is found, and what it needs.

    Attributes:
        networks: names in the registry of the networks that it runs through a ``Loader``; none where it brings a
            runtime of its own, which no ``--runtime`` changes.
    """

    module: str
    cls: str
    networks: tuple[str, ...] = ()


READERS = {
    "wakeful": ReaderEntry("wakeful.device.perception.landmarks_wakeful", "WakefulReader", ("face", "lids", "mouth")),
    "v2": ReaderEntry("wakeful.device.perception.landmarks_v2", "V2Reader", ("face_landmarks_detector",)),
    "mesh+iris": ReaderEntry(
        "wakeful.device.perception.landmarks_mesh_iris", "MeshIrisReader", ("face_landmark", "iris_landmark")
    ),
    "mediapipe": ReaderEntry("wakeful.device.perception.landmarks_mediapipe", "MediaPipeReader"),
}
# Those whose networks wakeful runs itself: what is converted, calibrated and trained on.
NETWORK_READERS = tuple(name for name, entry in READERS.items() if entry.networks)


class NetworkOutputError(ModelError, ArithmeticError):
    """A network answered NaN or infinity."""


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye, in pixels of the image.

    Attributes:
        contour: float32 [16, 2]: 0 outer corner, 1 to 7 lower lid, 8 inner corner, 9 to 15 upper lid, both lids counted
            from outside to inside, so that point 8 + i lies above point i.
        iris: float32 [5, 2]: centre and four points of the rim.
        aspect: mean lid gap over the eye's width as it appears, where a network gives it beside the contour.
        spread: expected error of the lid points, in widths of the eye, from a network that says so.
        states: logits of open, lowered, narrowed and closed lids, from a network that tells them apart.
        clear: logit that nothing keeps the eye from being read, from a network that says so.
        hidden: what would keep it from being read, if anything, by that network.
    """

    contour: NDArray[np.float32]
    iris: NDArray[np.float32]
    aspect: float | None = None
    spread: float | None = None
    states: NDArray[np.float32] | None = None
    clear: float | None = None
    hidden: Unreadable | None = None

    @property
    def along(self) -> tuple[float, float]:
        """From the outer to the inner corner, pixels."""
        (x0, y0), (x1, y1) = self.contour[0].tolist(), self.contour[8].tolist()
        return x1 - x0, y1 - y0


@dataclass(frozen=True, slots=True)
class FaceLandmarks:
    """One face.

    Attributes:
        points: float32 [468, 3]: MediaPipe's face mesh; pixels of the image, depth in the same unit, smaller is nearer.
        left, right: the person's own left and right eye.
        presence: the network's score for a face being there, 0 to 1.
        unread: ``left`` or ``right``: the eye whose lids and iris were not read; its contour is the mesh's, which is
            good for drawing and hardly sees a closed eye.
        mouth_aspect: height over width of the inner lips, where a network gives it beside the points.
        brightness: mean grey level of the face, 0 to 255, where the reader has it at hand.
    """

    points: NDArray[np.float32]
    left: Eye
    right: Eye
    presence: float
    unread: str = ""
    mouth_aspect: float | None = None
    brightness: float | None = None

    @property
    def region(self) -> Region:
        """Where to look for this face in the next frame."""
        return around(self.points, self.points[RIGHT_CORNERS[0]], self.points[LEFT_CORNERS[0]], TRACKING_SCALE)


@dataclass(frozen=True, slots=True)
class Glance:
    """What a reader makes of a place in which a face may be.

    Attributes:
        region: where it would be, as ``FaceLandmarks.region``.
        logit: mean logit of its presence over crops that differ.
    """

    region: Region
    logit: float


class LandmarkReader(Protocol):
    """Networks that read the landmarks of the face in a region.

    Attributes:
        found_presence: a face that was not followed before counts at once from this presence on, and with less once it
            was read in several frames running.
        iris_drawn: width of the iris as this reader draws it, over its true width.
        rates_eyes: it fills ``Eye.clear``.
        reads_each_eye: it runs a network for each eye, so leaving one out saves time.
        stages: notified when a part of the work is done.
    """

    traits: ReaderTraits
    found_presence: float
    iris_drawn: float
    rates_eyes: bool
    reads_each_eye: bool
    stages: Stages

    def __call__(self, frame: Frame, region: Region, *, one_eye: bool = False) -> FaceLandmarks | None:
        """Landmarks of the face in ``region`` of the frame; None where there is no face.

        Args:
            one_eye: read only the eye that is turned to the camera; no effect unless ``reads_each_eye``.

        Raises:
            NetworkOutputError: the network answered NaN.
        """
        ...

    def glance(self, frame: Frame, region: Region) -> Glance | None:
        """What a face in the region would be like, however little it looks like one; None where it is none for sure.

        Only asked of readers with a ``found_presence``.
        """
        ...

    def close(self) -> None:
        """Releases what the reader holds of a native library."""
        ...


def load_reader(name: str, min_presence: float = 0.5, threads: int = 1, load: Loader = load) -> LandmarkReader:
    """The reader of that name; ``auto`` takes wakeful.

    Raises:
        ConfigError: there is no such reader.
        ModelError: a network file is missing or corrupt.
    """
    entry = READERS[which_reader(name)]
    reader: LandmarkReader = getattr(import_module(entry.module), entry.cls)(min_presence, threads, load)
    return reader


def which_reader(name: str) -> str:
    """The reader's own name for any name that ``load_reader`` takes, ``auto`` among them."""
    if name == "auto":
        return "wakeful"
    if name not in READERS:
        raise ConfigError(f"unknown landmark reader {name!r}; choose auto, {', '.join(READERS)}")
    return name


def require_finite(numbers: NDArray[np.float32], network: str) -> NDArray[np.float32]:
    """Returns ``numbers`` after checking them. One sum of squares is enough: NaN and infinity survive it."""
    if not math.isfinite(np.vdot(numbers, numbers)):
        raise NetworkOutputError(f"{network} answered NaN; check its file with `wakeful models verify`")
    return numbers


def softmax(logits: Sequence[float]) -> tuple[float, ...]:
    """Probabilities of logits."""
    most = max(logits)
    powers = [math.exp(logit - most) for logit in logits]
    whole = sum(powers)
    return tuple([power / whole for power in powers])


def sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(logit, -60.0), 60.0)))
