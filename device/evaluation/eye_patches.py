"""Patches of eyes for the network that tells whether an eye is seen, cut as the monitor cuts them.

Faces whose eyes are known are shown to the real landmark readers as they are, with lids closed, and with hands and
other things before them. So the readers put their eyes where they put them in a car: beside the true ones, or between
two fingers.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.evaluation.eye_scenes import Portraits, scenes
from wakeful.device.perception.head_pose import HeadPose, head_pose
from wakeful.device.perception.landmarks import (
    LEFT_CORNERS,
    RIGHT_CORNERS,
    TRACKING_SCALE,
    FaceLandmarks,
    LandmarkReader,
    load_reader,
)
from wakeful.device.perception.readability import FAR_EYE_YAW_DEG, MAX_PITCH_DEG, eye_patch
from wakeful.device.perception.region import Region, around
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.models.eyes.data import Eyes
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame

Array = NDArray[Any]
Picture = NDArray[np.uint8]

# Wider than what the network takes, so that training can shift it.
MARGIN_PX = 64
# With the head turned further, the eye that is still read shows too little of itself to learn from.
NEAR_YAW_DEG = 55.0
# Faces of one person of a video, and pictures of the rendered driver.
PER_PERSON, DRIVERS = 3, 1500


@dataclass(frozen=True, slots=True)
class Patch:
    """One eye as the monitor would cut it out.

    Attributes:
        grey: uint8 [MARGIN_PX, MARGIN_PX].
        covered: share of the eye that something lies before, 0 to 1.
        closed: the eye is closed.
        split: ``train``, ``valid`` or ``test``; no person is in two of them.
        source: where the face comes from.
    """

    grey: Picture
    covered: float
    closed: bool
    split: str
    source: str


class Cutter:
    """Reads faces as the monitor does, and cuts their eyes out."""

    def __init__(self) -> None:
        self._readers: list[LandmarkReader] = [load_reader(name) for name in ("v2", "mesh+iris")]

    def read(self, rng: np.random.Generator, picture: Picture, clear: Region) -> tuple[FaceLandmarks, HeadPose] | None:
        """What a reader, mostly v2, makes of a face that was last seen in the region ``clear``."""
        reader = self._readers[0 if rng.random() < 0.7 else 1]
        size = clear.size_px
        region = Region(
            clear.x_px + rng.normal(0.0, 0.02) * size,
            clear.y_px + rng.normal(0.0, 0.02) * size,
            size * rng.uniform(0.9, 1.1),
            clear.angle_rad + rng.normal(0.0, 0.04),
        )
        face = None
        # What is read in a frame says where to look in the next: the place drifts.
        for _ in range(1 + int(rng.integers(2))):
            face = reader(Frame(picture, 0, 0), region)
            if face is None:
                return None
            region = around(face.points, face.points[RIGHT_CORNERS[0]], face.points[LEFT_CORNERS[0]], TRACKING_SCALE)
        height, width = picture.shape[:2]
        if face is None:
            return None
        pose = head_pose(face.points, width, height, 1.6 * max(width, height))
        return None if pose is None else (face, pose)

    def cut(self, picture: Picture, face: FaceLandmarks, pose: HeadPose) -> tuple[Picture | None, Picture | None]:
        """Patches of the person's right and left eye; None for the one behind the nose of a head that is turned far."""
        found: list[Picture | None] = []
        for eye, left in ((face.right, False), (face.left, True)):
            far = pose.yaw_deg > 0.0 if left else pose.yaw_deg <= 0.0
            if abs(pose.yaw_deg) > (FAR_EYE_YAW_DEG if far else NEAR_YAW_DEG) or abs(pose.pitch_deg) > MAX_PITCH_DEG:
                found.append(None)
                continue
            found.append(eye_patch(picture, eye, pose.yaw_deg, left=left, side_px=MARGIN_PX))
        return found[0], found[1]


def region_of(points: Array) -> Region:
    """Where a face with these 68 points would have been followed. They span less than the mesh: brows, not forehead."""
    region = around(points, points[36], points[45], TRACKING_SCALE)
    up = 0.06 * region.size_px
    return Region(
        region.x_px + math.sin(region.angle_rad) * up,
        region.y_px - math.cos(region.angle_rad) * up,
        region.size_px * 1.12,
        region.angle_rad,
    )


def portrait_patches(
    portraits: Portraits, chosen: Sequence[int], closed: Array, count: int, seed: int
) -> Iterator[Patch]:
    """Patches of both eyes of ``count`` scenes of each chosen portrait."""
    cutter = Cutter()
    everyone = portraits.chosen(3, ("train",))
    for i in chosen:
        rng = np.random.default_rng((seed, i))
        face = portraits[i]
        others = [portraits[int(everyone[int(rng.integers(len(everyone)))])].picture for _ in range(3)]
        for scene in scenes(rng, face, others, closed, count):
            read = cutter.read(rng, scene.picture, region_of(scene.points))
            if read is None:
                continue
            for patch, covered, shut in zip(cutter.cut(scene.picture, *read), scene.covered, scene.closed, strict=True):
                if patch is not None:
                    yield Patch(patch, covered, shut, face.split, face.source)


def driver_patches(count: int, seed: int) -> Iterator[Patch]:
    """Patches of the rendered driver, whose eyes nothing covers."""
    cutter = Cutter()
    rng = np.random.default_rng(seed)
    for i in range(count):
        opening = float(rng.choice([0.0, 0.0, 0.3, 0.6, 1.0, 1.0]))
        pose = DriverPose(
            eye_left=opening,
            eye_right=opening,
            mouth=float(rng.uniform(0, 1)) if rng.random() < 0.15 else 0.0,
            yaw_deg=float(rng.uniform(-45, 45)),
            pitch_deg=float(rng.uniform(-35, 10)),
            roll_deg=float(rng.normal(0, 6)),
            gaze_yaw_deg=float(rng.normal(0, 12)),
            gaze_pitch_deg=float(rng.uniform(-25, 8)),
            distance=float(rng.uniform(0.9, 2.0)),
            brightness=float(rng.choice([0.15, 0.3, 0.6, 1.0, 1.4])),
            noise=float(rng.uniform(1, 4)),
            glare=float(rng.choice([0.0, 0.0, 0.7, 1.0])),
            eyewear="glasses" if rng.random() < 0.4 else "none",
        )
        picture = render(pose, seed=i)
        span = 150.0 / pose.distance
        read = cutter.read(rng, picture, Region(320.0, 235.0, 1.5 * span * 1.25))
        if read is None:
            continue
        for patch in cutter.cut(picture, *read):
            if patch is not None:
                yield Patch(patch, 0.0, opening < 0.2, "train", "driver")


def build_eyes(faces: Path, closed: Path, count: int, seed: int) -> Eyes:
    """All patches for training and test. A fifth of the photographed closed eyes is laid over test faces alone.

    Raises:
        ConfigError: a file holds something else.
        ModelError: a network of a landmark reader is missing.
    """
    portraits = Portraits(faces)
    known, fresh = _closed_eyes(closed)
    found = list(portrait_patches(portraits, portraits.chosen(PER_PERSON, ("train", "valid")), known, count, seed))
    found += driver_patches(DRIVERS, seed)
    found += portrait_patches(portraits, portraits.chosen(PER_PERSON, ("test",)), fresh, count, seed)
    return Eyes(
        grey=np.stack([one.grey for one in found]),
        covered=np.array([one.covered for one in found], np.float32),
        closed=np.array([one.closed for one in found]),
        split=np.array([one.split for one in found]),
        source=np.array([one.source for one in found]),
    )


def _closed_eyes(file: Path) -> tuple[Array, Array]:
    """Photographed closed eyes for training and for test, by face."""
    try:
        with np.load(file) as known:
            images, shut, face = known["images"], known["open"] == 0, known["face"]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{file} cannot be read as photographed eyes: {error}") from None
    test = np.isin(face, np.unique(face)[::5])
    return images[shut & ~test], images[shut & test]
