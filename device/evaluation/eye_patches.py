"""Patches of eyes for the network that tells whether an eye is seen, cut as the monitor cuts them.

Faces whose eyes are known are shown to the real landmark readers as they are, with lids closed, and with hands and
other things before them. So the readers put their eyes where they put them in a car: beside the true ones, or between
two fingers.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.perception.head_pose import HeadPose, head_pose
from device.perception.landmarks import (
    LEFT_CORNERS,
    READERS,
    RIGHT_CORNERS,
    TRACKING_SCALE,
    FaceLandmarks,
    LandmarkReader,
    load_reader,
)
from device.perception.readability import FAR_EYE_YAW_DEG, eye_patch
from device.perception.region import Region, around
from models.eyes.covers import draw_cover
from models.eyes.data import Eyes
from models.eyes.hands import draw_hand
from models.eyes.lids import close_eye, lay_eye
from sensors.driver_face import DriverPose, render
from sensors.opencv import cv2
from wakeful import ConfigError

Array = NDArray[Any]
Picture = NDArray[np.uint8]

# Wider than what the network takes, so that training can shift it.
MARGIN_PX = 64
# Faces of one person of a video, and pictures of the rendered driver.
PER_PERSON, DRIVERS = 3, 1500
# Of the 68 points: the person's right eye (on the left of the picture) and left eye.
EYES = (slice(36, 42), slice(42, 48))


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


@dataclass(frozen=True, slots=True)
class Portrait:
    """A face whose eyes are known: picture uint8 [192, 192, 3] and points float32 [68, 2]."""

    picture: Picture
    points: Array
    split: str
    source: str


class Portraits:
    """The faces of ``keypoints68.zip`` and its table; HELEN's test faces are the split ``test``."""

    def __init__(self, table: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(table.with_suffix(".zip"))
            with np.load(table) as known:
                self._names, self._points = known["name"], known["points"]
                self._sets, self._subjects = known["set"], known["subject"]
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise ConfigError(f"{table} and its .zip cannot be read as faces with 68 points: {error}") from None
        people = np.unique(self._subjects[self._sets == "ytf"])
        self._valid = set(people[::6].tolist())

    def chosen(self, per_person: int, splits: Sequence[str]) -> list[int]:
        """Numbers of faces, at most so many of one person of a video."""
        seen: dict[str, int] = {}
        found = []
        for i, subject in enumerate(self._subjects.tolist()):
            if self.split(i) not in splits:
                continue
            seen[subject] = seen.get(subject, 0) + 1
            if self._sets[i] != "ytf" or seen[subject] <= per_person:
                found.append(i)
        return found

    def split(self, i: int) -> str:
        """Where a face belongs."""
        if self._sets[i] == "ytf":
            return "valid" if self._subjects[i] in self._valid else "train"
        return "test" if self._sets[i] == "helen-test" else "train"

    def __getitem__(self, i: int) -> Portrait:
        packed = np.frombuffer(self._zip.read(f"images/{self._names[i]}.jpg"), np.uint8)
        picture = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        assert picture is not None
        return Portrait(picture.astype(np.uint8), self._points[i], self.split(i), str(self._sets[i]))


@dataclass(frozen=True, slots=True)
class Scene:
    """A portrait after something was done to it; ``covered`` and ``closed`` of the person's right and left eye."""

    picture: Picture
    points: Array
    covered: tuple[float, float]
    closed: tuple[bool, bool]


def scenes(
    rng: np.random.Generator, face: Portrait, others: Sequence[Picture], closed: Array, count: int
) -> Iterator[Scene]:
    """``count`` scenes of a face: about half of them with something before it.

    Args:
        others: pictures that patterns are cut from.
        closed: photographed closed eyes, uint8 [N, 24, 24].
    """
    for _ in range(count):
        picture = face.picture.copy()
        shut = (False, False)
        if rng.random() < 0.55:
            both = rng.random() < 0.85
            shut = (True, True) if both else (True, False) if rng.random() < 0.5 else (False, True)
            drawn = rng.random() < 0.6
            for eye, is_shut in zip(EYES, shut, strict=True):
                if is_shut and drawn:
                    close_eye(rng, picture, face.points[eye])
                elif is_shut:
                    lay_eye(rng, picture, face.points[eye], closed[int(rng.integers(len(closed)))])
        if rng.random() < 0.2:
            _glasses(rng, picture, face.points)
        covered = (0.0, 0.0)
        if rng.random() < 0.6:
            picture, covered = _covered(rng, picture, face.points, others)
        points = face.points
        if rng.random() < 0.25:  # a head that sinks is foreshortened
            squeeze = rng.uniform(0.65, 1.0)
            picture = cv2.resize(picture, None, fx=1.0, fy=squeeze, interpolation=cv2.INTER_AREA).astype(np.uint8)
            points = points * np.array([1.0, squeeze], np.float32)
        scale = rng.uniform(0.32, 1.1)
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
        yield Scene(small, points * np.float32(scale), covered, shut)


def _covered(
    rng: np.random.Generator, picture: Picture, points: Array, others: Sequence[Picture]
) -> tuple[Picture, tuple[float, float]]:
    side = picture.shape[0]
    span = max(float(np.ptp(points[:17, 0])), 60.0)
    middles = [points[eye].mean(axis=0) for eye in EYES]
    between = (middles[0] + middles[1]) / 2.0
    skin = _skin(picture, points) * rng.uniform(0.75, 1.25) * rng.uniform(0.95, 1.05, 3)
    light = rng.uniform(-1.0, 1.0)
    where = rng.random()
    if where < 0.5:
        places = [between + rng.normal(0.0, 0.06 * span, 2)]
    elif where < 0.65:
        places = [middle + rng.normal(0.0, 0.05 * span, 2) for middle in middles]
    elif where < 0.85:
        places = [middles[int(rng.integers(2))] + rng.normal(0.0, 0.05 * span, 2)]
    else:
        places = [points[int(rng.integers(68))] + rng.normal(0.0, 0.1 * span, 2)]
    hands = rng.random() < 0.65
    total: Array = np.zeros((side, side), np.float32)
    shown: Array = picture.astype(np.float32)
    for place in places:
        at = place.astype(np.float32)
        if hands:
            layer, cover = draw_hand(rng, side, at, span, skin.astype(np.float32), light)
        else:
            layer, cover = draw_cover(rng, side, at, span, [one[120:] for one in others])
        shown = shown * (1.0 - cover[..., None]) + layer * cover[..., None]
        total = np.maximum(total, cover)
    left, right = (_share(total, points[eye]) for eye in EYES)
    return np.clip(shown, 0, 255).astype(np.uint8), (left, right)


def _share(cover: Array, eye: Array) -> float:
    mask: Array = np.zeros(cover.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(eye).astype(np.int32)], 1)
    mask = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    inside = mask > 0
    return float(cover[inside].mean()) if inside.any() else 0.0


def _skin(picture: Picture, points: Array) -> Array:
    height, width = picture.shape[:2]
    at = np.clip(np.round(points[27:36]), 0, (width - 1, height - 1)).astype(int)
    skin: Array = np.median(picture[at[:, 1], at[:, 0]], axis=0)
    return skin


def _glasses(rng: np.random.Generator, picture: Picture, points: Array) -> None:
    """Frames, and now and then a reflection, in place."""
    colour = rng.uniform(5, 110, 3).tolist()
    thick = int(rng.integers(1, 4))
    middles = []
    for eye in EYES:
        width = float(np.hypot(*(points[eye][3] - points[eye][0])))
        middle = points[eye].mean(axis=0) + np.array([0.0, 0.1 * width])
        size = (width * rng.uniform(0.75, 1.0), width * rng.uniform(0.5, 0.85))
        cv2.ellipse(picture, (middle.tolist(), (2 * size[0], 2 * size[1]), 0.0), colour, thick, cv2.LINE_AA)
        if rng.random() < 0.3:
            spot = middle + rng.uniform(-0.5, 0.5, 2) * size
            layer = picture.copy()
            cv2.ellipse(
                layer,
                (
                    spot.tolist(),
                    (size[0] * rng.uniform(0.1, 0.7), size[1] * rng.uniform(0.1, 0.5)),
                    rng.uniform(0, 180),
                ),
                (245, 245, 240),
                -1,
                cv2.LINE_AA,
            )
            share = rng.uniform(0.2, 0.9)
            picture[:] = cv2.addWeighted(layer, share, picture, 1.0 - share, 0.0)
        middles.append(middle)
    ends = [np.round(m).astype(int) for m in middles]
    half = [int(0.8 * float(np.hypot(*(points[eye][3] - points[eye][0])))) for eye in EYES]
    start, end = (int(ends[0][0] + half[0]), int(ends[0][1])), (int(ends[1][0] - half[1]), int(ends[1][1]))
    cv2.line(picture, start, end, colour, thick, cv2.LINE_AA)


class Cutter:
    """Reads faces as the monitor does, and cuts their eyes out."""

    def __init__(self) -> None:
        self._readers: list[LandmarkReader] = [load_reader(name) for name in READERS]

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
            face = reader(picture, region)
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
            if abs(pose.yaw_deg) > (FAR_EYE_YAW_DEG if far else 55.0) or abs(pose.pitch_deg) > 45.0:
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
