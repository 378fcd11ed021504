"""Makes scenes from faces with known eyes: lids are shut, glasses added, hands and other objects placed in front.

For each eye it is known whether it is closed and how much of it is covered.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import ConfigError
from wakeful.frozen import dataclass
from wakeful.models.eyes.covers import draw_cover
from wakeful.models.eyes.hands import draw_hand
from wakeful.models.eyes.lids import close_eye, lay_eye
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
Picture = NDArray[np.uint8]

# Of the 68 points: the person's right eye (on the left of the image) and left eye.
EYES = (slice(36, 42), slice(42, 48))


@dataclass(frozen=True, slots=True)
class Portrait:
    """A face whose eyes are known: image uint8 [192, 192, 3] and points float32 [68, 2]."""

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
        """Numbers of faces, with a limit per person of a video."""
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
        """The split of a face."""
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
    """A changed portrait; ``covered`` and ``closed`` of the person's right and left eye."""

    picture: Picture
    points: Array
    covered: tuple[float, float]
    closed: tuple[bool, bool]


def scenes(
    rng: np.random.Generator, face: Portrait, others: Sequence[Picture], closed: Array, count: int
) -> Iterator[Scene]:
    """``count`` scenes of a face: about half of them with something in front of it.

    Args:
        others: images that patterns are cut from.
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
    """Draws frames, and sometimes a reflection, in place."""
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
