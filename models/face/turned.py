"""Faces turned further aside than any in the data: pictures warped by their own mesh, for training alone.

The teacher loses faces beyond 35 degrees, so there are hardly any to learn from; cameras at the passenger's side see
drivers at 45 to 80. A face that is turned already is turned on, so that nothing comes into view that the picture does
not show: the half behind the nose goes, and what lies beyond its outline is another scene, brighter in half of them.
``python -m wakeful.models.face.turned --data FOLDER --cache FOLDER`` after ``wakeful.models.face.build``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass
from wakeful.models.face.build import PICTURES, TURNED_PICTURES, TURNED_TARGETS, Targets, options
from wakeful.models.face.points import LEFT_OUTER, RIGHT_OUTER
from wakeful.models.face.teacher import MESH, around
from wakeful.models.training.covers import Covers, load_covers
from wakeful.models.training.geometry import level_square
from wakeful.models.training.pictures import Pictures
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
Levels = NDArray[np.uint8]

NOSE_TIP, RIGHT_SIDE, LEFT_SIDE = 1, 234, 454
LEARNED, JUDGED = 5000, 300
"""How many are made of people to learn from, and of the others (split ``aside``)."""
SOURCES = {"mask": 0.0, "car": 0.0, "utk": 0.5, "lfw": 0.5}
"""How often pictures of a source are turned beside others: masks by guess, car frames hold the face small."""
LEAST_ASIDE, MOST_ASIDE = 0.18, 0.75
"""Place of the nose between the sides of the face, 0 in the middle, 1 at a side: which faces are turned on."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A picture uint8 [h, w] and the mesh float64 [478, 3] in it."""

    picture: Levels
    mesh: Array


def build(data: Path, cache: Path, seed: int = 1) -> None:
    """Writes turned faces of the people of the splits ``train`` and ``valid`` into ``cache``."""
    targets, pictures = Targets.load(cache), Pictures.load(cache / PICTURES)
    known = np.isfinite(targets.points[:, 0, 0])
    faces = triangles(_mean(targets.points[np.flatnonzero(known)[::200]]))
    turned, chosen = [], []
    for split, count, held_out in (("train", LEARNED, False), ("valid", JUDGED, True)):
        covers, rng = load_covers(data / "covers.npz", held_out=held_out), np.random.default_rng((seed, count))
        for i in _drawn_lots(rng, targets, known & (targets.split == split), count).tolist():
            turned.append(turn_on(rng, pictures[i], targets.points[i].astype(np.float64), faces, covers))
            chosen.append(i)
    boxes = [around(one.mesh, 1.0) for one in turned]
    Targets(
        points=np.array([one.mesh for one in turned], np.float32),
        human=np.full((len(turned), 68, 2), np.nan, np.float32),
        box=np.array([[box.x_px, box.y_px, box.width_px, box.angle_rad] for box in boxes], np.float32),
        source=np.full(len(turned), "turned"),
        person=targets.person[chosen],
        split=np.where(targets.split[chosen] == "train", "train", "aside"),
        flip=targets.flip,
    ).save(cache / TURNED_TARGETS)
    Pictures.of(one.picture for one in turned).save(cache / TURNED_PICTURES)


def _mean(meshes: Array) -> Array:
    mean: Array = np.mean([around(mesh, 1.0).points(mesh.astype(np.float64)) for mesh in meshes], axis=0)
    return mean


def _drawn_lots(rng: np.random.Generator, targets: Targets, allowed: NDArray[np.bool_], count: int) -> Array:
    rows = np.flatnonzero(allowed)
    far = np.abs([aside(mesh) for mesh in targets.points[rows]])
    odds = np.array([SOURCES.get(str(source), 1.0) for source in targets.source[rows]])
    odds *= (far > LEAST_ASIDE) & (far < MOST_ASIDE)
    return rng.choice(rows, min(count, int((odds > 0).sum())), replace=False, p=odds / odds.sum())


def aside(mesh: Array) -> float:
    """Where the nose lies between the sides of the face: -1 at the picture's left side, 0 in the middle, 1 right."""
    along = mesh[LEFT_OUTER, :2] - mesh[RIGHT_OUTER, :2]
    along = along / max(float(np.hypot(*along)), 1e-6)
    right, nose, left = (float(mesh[i, :2] @ along) for i in (RIGHT_SIDE, NOSE_TIP, LEFT_SIDE))
    return float(np.clip((2 * nose - right - left) / max(left - right, 1e-6), -1.0, 1.0))


def triangles(mean: Array) -> NDArray[np.intp]:
    """Triangles [n, 3] between the points of a face seen from the front, all turning the same way."""
    flat = (mean[:MESH, :2] - mean[:MESH, :2].min(axis=0)).astype(np.float32)
    flat = flat * (200.0 / flat.max()) + 10.0
    plane = cv2.Subdiv2D((0, 0, 240, 240))
    place = {}
    for i, point in enumerate(flat):
        place[plane.insert((float(point[0]), float(point[1])))] = i
    found = []
    for corners in np.reshape(plane.getTriangleList(), (-1, 3, 2)):
        near = [int(np.square(flat - corner).sum(axis=1).argmin()) for corner in corners]
        if len(set(near)) == 3 and np.square(flat[near] - corners).sum() < 1.0:
            found.append(near if _area(flat[near]) > 0 else near[::-1])
    return np.array(found, np.intp)


def turn_on(rng: np.random.Generator, picture: Levels, mesh: Array, faces: NDArray[np.intp], covers: Covers) -> Turned:
    """The face turned by another 12 to 45 degrees, the way that it is turned already.

    Args:
        mesh: [478, 3] in picture pixels, depth in the same unit and smaller towards the camera.
        faces: triangles of the mesh, see ``triangles``.
    """
    side = 1.0 if aside(mesh) > 0 else -1.0
    moved = _rotated(mesh, side * np.radians(rng.uniform(12.0, 45.0)))
    offset, drawn = _drawn(picture.shape, mesh, moved, faces)
    offset = _spread_out(offset, drawn)
    rows, columns = np.indices(picture.shape, np.float32)
    out: Any = cv2.remap(
        picture, columns + offset[..., 0], rows + offset[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    beyond = _beyond(moved, drawn, side)
    scene: Any = covers.scene(rng, *picture.shape).astype(np.float32)
    if rng.random() < 0.5:
        scene = np.clip(scene * rng.uniform(0.1, 1.0) + rng.uniform(60, 200), 0, 255)
        out = np.clip(out.astype(np.float32) * rng.uniform(0.35, 1.0), 0, 255)
    out = out * (1.0 - beyond) + scene * beyond
    return Turned(np.clip(out, 0, 255).astype(np.uint8), moved)


def _area(corners: Array) -> Array:
    a, b, c = corners[..., 0, :], corners[..., 1, :], corners[..., 2, :]
    out: Array = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
    return out


def _rotated(mesh: Array, angle_rad: float) -> Array:
    """Turned about the head's upright axis; the middle of the mesh keeps its place."""
    *_, tilt = level_square(mesh[:MESH], mesh[RIGHT_OUTER], mesh[LEFT_OUTER])
    level = np.array([[np.cos(tilt), np.sin(tilt), 0.0], [-np.sin(tilt), np.cos(tilt), 0.0], [0.0, 0.0, 1.0]])
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    turn = level.T @ np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]]) @ level
    middle = mesh[:MESH].mean(axis=0)
    moved = (mesh - middle) @ turn.T
    was, now = (points[:MESH, :2].min(axis=0) + points[:MESH, :2].max(axis=0) for points in (mesh, moved))
    moved[:, :2] += (was - now) / 2.0
    moved[:, 2] += middle[2]
    return moved


def _drawn(
    shape: tuple[int, ...], mesh: Array, moved: Array, faces: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """From which offset each pixel [h, w, 2] of the turned face comes, and where there is one (painter's algorithm)."""
    number = np.full(shape[:2], -1, np.int32)
    front = faces[_area(moved[faces][..., :2]) > 0.05]
    order = np.argsort(-moved[front][..., 2].mean(axis=1))
    front = front[order]
    for i, corners in enumerate(np.round(moved[front][..., :2] * 16).astype(np.int32)):
        cv2.fillConvexPoly(number, corners, i, shift=4)
    drawn = number >= 0
    y, x = np.nonzero(drawn)
    corner = front[number[y, x]]
    to, source = moved[corner][..., :2], mesh[corner][..., :2]
    at = np.stack([x, y], axis=1)[:, None, :].astype(np.float64)
    parts = [np.concatenate([to[:, :k], at, to[:, k + 1 :]], axis=1) for k in range(3)]
    share = np.stack([_area(part) for part in parts], axis=1) / _area(to)[:, None]
    share = np.clip(share, 0.0, 1.0)
    place = (share[..., None] * source).sum(axis=1) / np.maximum(share.sum(axis=1), 1e-6)[:, None]
    offset = np.zeros((*shape[:2], 2), np.float32)
    offset[y, x] = place - at[:, 0]
    return offset, drawn


def _spread_out(offset: NDArray[np.float32], drawn: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Offsets around the face run out to nothing at the edge of the picture: coarse to fine, as pictures are filled."""
    known = drawn.astype(np.float32)
    known[[0, -1], :] = 1.0
    known[:, [0, -1]] = 1.0
    out = offset * known[..., None]
    height, width = known.shape
    levels = [(out, known)]
    while min(levels[-1][1].shape) > 4:
        value, weight = levels[-1]
        size = ((weight.shape[1] + 1) // 2, (weight.shape[0] + 1) // 2)
        total: Any = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
        smaller: Any = cv2.resize(value, size, interpolation=cv2.INTER_AREA)
        scale = np.minimum(1.0, total * 4.0) / np.maximum(total, 1e-6)
        levels.append((np.asarray(smaller * scale[..., None]), np.asarray(total * scale)))
    filled = levels[-1][0] / np.maximum(levels[-1][1], 1e-6)[..., None]
    for value, weight in levels[-2::-1]:
        coarse = cv2.resize(filled, (weight.shape[1], weight.shape[0]), interpolation=cv2.INTER_LINEAR)
        filled = value + coarse * (1.0 - np.minimum(weight, 1.0))[..., None]
    soft = cv2.GaussianBlur(filled, (0, 0), max(height, width) / 60.0)
    result: NDArray[np.float32] = np.where(drawn[..., None], offset, soft).astype(np.float32)
    return result


def _beyond(moved: Array, drawn: NDArray[np.bool_], side: float) -> NDArray[np.float32]:
    """How far each pixel lies beyond the outline of the face on the side to which it looks, 0 to 1."""
    rows = np.flatnonzero(drawn.any(axis=1))
    out = np.zeros(drawn.shape, np.float32)
    if not len(rows):
        return out
    x = np.arange(drawn.shape[1])
    for row in rows.tolist():
        along = np.flatnonzero(drawn[row])
        out[row] = x > along.max() if side > 0 else x < along.min()
    top, bottom = int(rows[0]), int(rows[-1])
    out[:top] = out[top] * np.linspace(0.0, 1.0, top)[:, None] if top else out[:top]
    out[bottom + 1 :] = out[bottom]
    soft = np.asarray(cv2.GaussianBlur(out, (0, 0), 1.2), np.float32)
    soft[drawn] *= 0.3
    return soft


def main() -> None:
    """The command."""
    given = options(__doc__).parse_args()
    build(given.data, given.cache)


if __name__ == "__main__":
    main()
