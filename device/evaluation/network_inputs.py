"""The inputs of the networks on real faces: the sets that conversion calibrates and evaluates with.

Pictures come from a folder of the user's: ``keypoints68.zip`` (faces cut out, JPEG, with their sets and subjects in
``keypoints68.npz``), ``clips/`` (videos) and ``ferplus.npz``; what is absent is left out. People and videos are split
once and for all: nothing is used for both calibration and evaluation. The files are made from published sets (HELEN,
YouTube Faces, FER+).
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.face_detector import FaceDetector
from wakeful.device.perception.landmarks import (
    LEFT_CORNERS,
    NETWORK_READERS,
    READERS,
    RIGHT_CORNERS,
    TRACKING_SCALE,
    load_reader,
)
from wakeful.device.perception.network import Network, load
from wakeful.device.perception.region import around
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.models import registry
from wakeful.models.expression.data import load as load_faces
from wakeful.models.expression.data import paper_labels
from wakeful.models.expression.face import standardise
from wakeful.sensors.camera import open_source
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2
from wakeful.sensors.source import EndOfSource

Purpose = Literal["calibration", "judgement"]
Picture = NDArray[np.uint8]

FACES = "keypoints68"
CLIPS = "clips"
FERPLUS = "ferplus.npz"
PICTURE = (480, 640)
BACKGROUND = 128
STILLS = 160
FRAME_EVERY_NS = 2_000_000_000
MAX_AGE_S = 1.0
EXPRESSION_CALIBRATION = 1024
SEED = 0


@dataclass(frozen=True, slots=True)
class InputSet:
    """Inputs of one network.

    Attributes:
        name: where they come from, without any path.
        tensors: float32 [N, ...], each as the network takes it.
        labels: [N] what is right, where somebody said so.
    """

    network: str
    name: str
    tensors: NDArray[np.float32]
    labels: NDArray[np.int64] | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(np.ascontiguousarray(self.tensors, "<f4").tobytes()).hexdigest()

    def first(self, count: int) -> InputSet:
        """``count`` of them, evenly spread."""
        chosen = np.linspace(0, len(self.tensors) - 1, min(count, len(self.tensors))).round().astype(int)
        labels = None if self.labels is None else self.labels[chosen]
        return InputSet(
            self.network, f"{self.name}, {len(chosen)} of {len(self.tensors)}", self.tensors[chosen], labels
        )


def face_inputs(folder: Path, purpose: Purpose) -> dict[str, InputSet]:
    """What detector and landmark networks are given, by network; a reader whose files are missing is left out.

    Raises:
        ConfigError: the folder has neither faces nor clips, or no face was found in them.
    """
    given: dict[str, list[NDArray[np.float32]]] = {}

    def listening(name: str, threads: int = 1) -> Network:
        return _Listening(load(name, threads), given.setdefault(name, []))

    detector = FaceDetector(load=listening)
    # The project's own networks are given crops of faces whose points are known: ``crop_inputs``.
    borrowed = [name for name in NETWORK_READERS if name != "wakeful"]
    ready = [name for name in borrowed if all(map(registry.available, READERS[name].networks))]
    readers = [load_reader(name, load=listening) for name in ready]
    count = 0
    for picture in chain(stills(folder, purpose), frames(folder, purpose)):
        count += 1
        for found in detector(picture)[:1]:
            for reader in readers:
                face = reader(Frame(picture, 0, 0), found.region())
                if face is None:
                    continue
                # And once more as in all later frames, where the landmarks of the last one say where to look.
                eyes = face.points[RIGHT_CORNERS[0]], face.points[LEFT_CORNERS[0]]
                reader(Frame(picture, 0, 0), around(face.points, *eyes, TRACKING_SCALE))
    if not all(given.values()):
        raise ConfigError(f"{folder} contains no images of faces: it needs {FACES}.zip and .npz, or {CLIPS}/")
    name = f"HELEN, YouTube Faces and clips, {purpose}: {count} pictures"
    return {network: InputSet(network, name, np.concatenate(tensors)) for network, tensors in given.items()}


class _Listening:
    """A network that keeps a copy of what it is given."""

    def __init__(self, network: Network, recorded: list[NDArray[np.float32]]) -> None:
        self.input_shape = network.input_shape
        self._network, self._recorded = network, recorded

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self._recorded.append(tensor.copy())
        return self._network(tensor)


def expression_inputs(folder: Path, purpose: Purpose) -> InputSet:
    """Standardised faces of FER+: training faces to calibrate, the whole test set with its labels to evaluate."""
    if not (folder / FERPLUS).is_file():
        raise ConfigError(f"{folder} has no {FERPLUS}: make it with `wakeful data build ferplus`")
    faces = load_faces(folder / FERPLUS)
    if purpose == "calibration":
        train = faces.of("train")
        chosen = np.random.default_rng(SEED).permutation(len(train))[:EXPRESSION_CALIBRATION]
        return InputSet("expression", "FER+ training faces", standardise(train.images[chosen]))
    test = faces.of("test")
    labels = paper_labels(test.votes)
    labelled = labels >= 0
    return InputSet("expression", "FER+ test faces", standardise(test.images[labelled]), labels[labelled])


def stills(folder: Path, purpose: Purpose) -> Iterator[Picture]:
    """Cut-out faces, each enlarged or reduced and put somewhere into a grey picture [480, 640, 3]."""
    archive = folder / f"{FACES}.zip"
    if not archive.is_file():
        return
    rng = np.random.default_rng(SEED)
    with zipfile.ZipFile(archive) as files:
        for name in rng.permutation(_still_names(folder, purpose))[:STILLS]:
            coded = np.frombuffer(files.read(f"images/{name}.jpg"), np.uint8)
            yield _placed(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8), rng)


def _still_names(folder: Path, purpose: Purpose) -> list[str]:
    """Equally many of each set; HELEN's own split, and every second person of YouTube Faces."""
    with np.load(folder / f"{FACES}.npz", allow_pickle=False) as packed:
        names, sets, subjects = packed["name"], packed["set"], packed["subject"]
    people = np.unique(subjects[sets == "ytf"])
    mine = people[::2] if purpose == "calibration" else people[1::2]
    helen = np.sort(names[sets == ("helen-train" if purpose == "calibration" else "helen-test")])
    videos = [np.sort(names[subjects == person])[0] for person in mine]  # one picture of each person
    half = STILLS // 2
    rng = np.random.default_rng(SEED)
    return [str(name) for part in (helen, np.array(videos)) for name in rng.permutation(part)[:half]]


def _placed(face: Picture, rng: np.random.Generator) -> Picture:
    height, width = PICTURE
    side = int(rng.integers(160, 440))
    top, left = int(rng.integers(0, height - side)), int(rng.integers(0, width - side))
    picture = np.full((height, width, 3), BACKGROUND, np.uint8)
    picture[top : top + side, left : left + side] = cv2.resize(face, (side, side), interpolation=cv2.INTER_LINEAR)
    return picture


def frames(folder: Path, purpose: Purpose) -> Iterator[Picture]:
    """A frame every two seconds of every second clip."""
    files = sorted(one for one in (folder / CLIPS).glob("*") if one.suffix in {".mp4", ".avi", ".gif"})
    for file in files[::2] if purpose == "calibration" else files[1::2]:
        next_ns = 0
        with closing(open_source(str(file.resolve()), pace="fast")) as source:
            while True:
                try:
                    frame = source.read_latest(MAX_AGE_S)
                except EndOfSource:
                    break
                if frame.t_ns >= next_ns:
                    next_ns = frame.t_ns + FRAME_EVERY_NS
                    yield frame.image
