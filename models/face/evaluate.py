"""Judges the face network beside the teacher: points that people set, stillness, presence.

``python -m wakeful.models.face.evaluate --data FOLDER --cache FOLDER --weights FILE`` after
``wakeful.models.face.build``. Files of weights are what a training wrote (``.pt``), or exported networks as the monitor
runs them (``.tflite``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from wakeful.models.face.build import PICTURES, TURNED_PICTURES, TURNED_TARGETS, Targets
from wakeful.models.face.net import NAME, FaceNet
from wakeful.models.face.points import LEFT_OUTER, RIGHT_OUTER, SCALE
from wakeful.models.face.points import jitter as points_jitter
from wakeful.models.face.samples import HALF
from wakeful.models.face.task import predicted
from wakeful.models.face.teacher import MESH
from wakeful.models.training.command import evaluation
from wakeful.models.training.covers import load_covers
from wakeful.models.training.exported import trained_or_exported
from wakeful.models.training.geometry import Crop, cut, level_square
from wakeful.models.training.intervals import with_interval
from wakeful.models.training.light import noisy, standardise
from wakeful.models.training.pictures import Pictures
from wakeful.models.training.run import loaded

Array = NDArray[Any]
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)


class FaceReader:
    """The network as tracking uses it: a face is read again in the square around its own points."""

    def __init__(self, net: nn.Module) -> None:
        self.net = net

    def at(self, picture: NDArray[np.uint8], crop: Crop) -> tuple[Array, float]:
        """Points [478, 3] in picture pixels and presence logit of one crop of a grey picture."""
        mesh, presence = predicted(self.net, standardise(cut(picture, crop))[None])
        points = mesh[0].astype(np.float64) * HALF
        points[:, :2] += HALF
        return crop.back(points), float(presence[0])

    def tracked(self, picture: NDArray[np.uint8], start: Crop, rounds: int = 2) -> tuple[Array, float]:
        """The reading after ``rounds`` crops, each around the points of the one before."""
        points, presence = self.at(picture, start)
        for _ in range(rounds - 1):
            points, presence = self.at(picture, around(points))
        return points, presence


def around(points: Array) -> Crop:
    """The crop that tracking lays around points [478, >=2]."""
    x_px, y_px, side, angle = level_square(points[:MESH], points[RIGHT_OUTER], points[LEFT_OUTER])
    return Crop(x_px, y_px, max(side, 4.0) * SCALE, angle)


def load_face_net(file: Path) -> FaceNet:
    """The network with averaged weights."""
    return loaded(FaceNet(), file, NAME)


def load_reader(file: Path) -> FaceReader:
    """A reader with what a training wrote, or with an exported network."""
    return FaceReader(trained_or_exported(FaceNet(), file, NAME))


def readings(reader: FaceReader, targets: Targets, pictures: Pictures, chosen: Array) -> tuple[Array, Array]:
    """Points [n, 478, 3] and presence [n] of the chosen pictures, as tracked."""
    found = []
    for i in chosen.tolist():
        x_px, y_px, side, angle = (float(value) for value in targets.box[i])
        found.append(reader.tracked(pictures[i], Crop(x_px, y_px, side * SCALE, angle)))
    return np.stack([points for points, _ in found]), np.array([presence for _, presence in found])


def human_error(fit: tuple[Array, Array], test: tuple[Array, Array], valid: tuple[Array, Array]) -> dict[str, Any]:
    """Error of the 68 points that a linear map makes of meshes, in % of the outer eye corners' distance.

    Args:
        fit, test, valid: meshes [n, 478, 3] and points set by people [n, 68, 2]; the ridge is chosen on ``valid``.
    """
    maps = [_ridge(*_aligned(*fit), ridge) for ridge in RIDGES]
    errors = [_errors(weights, *valid).mean() for weights in maps]
    off = _errors(maps[int(np.argmin(errors))], *test)
    return with_interval("mean_pct", off, 3) | with_interval("over_8_pct", (off > 8) * 100.0, 2)


def _aligned(meshes: Array, human: Array) -> tuple[Array, Array]:
    """Both in the unit of each mesh's own level square."""
    sources, goals = [], []
    for mesh, points in zip(meshes, human, strict=True):
        crop = around(mesh)
        sources.append(((crop.points(mesh[:, :2]) - HALF) / HALF).reshape(-1))
        goals.append(((crop.points(points) - HALF) / HALF).reshape(-1))
    return np.stack(sources), np.stack(goals)


def _ridge(sources: Array, goals: Array, ridge: float) -> tuple[Array, Array, Array]:
    mean, goal = sources.mean(axis=0), goals.mean(axis=0)
    centred = sources - mean
    kernel = centred @ centred.T + ridge * np.eye(len(centred))
    return mean, goal, centred.T @ np.linalg.solve(kernel, goals - goal)


def _errors(weights: tuple[Array, Array, Array], meshes: Array, human: Array) -> Array:
    mean, goal, matrix = weights
    sources, goals = _aligned(meshes, human)
    off = ((sources - mean) @ matrix + goal - goals).reshape(-1, 68, 2)
    goals = goals.reshape(-1, 68, 2)
    span = np.linalg.norm(goals[:, 45] - goals[:, 36], axis=1)
    found: Array = np.linalg.norm(off, axis=2).mean(axis=1) / span * 100.0
    return found


def labelled_parts(targets: Targets, name: str) -> dict[str, Array]:
    """Rows with points of people, of ``helen`` or ``ytf``: to fit a map on, to judge, and to choose its ridge on."""
    known = np.isfinite(targets.points[:, 0, 0]) & np.isfinite(targets.human[:, 0, 0])
    source, test = ("helen-train", "helen-test") if name == "helen" else ("ytf", "ytf")
    parts = {
        "fit": np.flatnonzero(known & (targets.source == source) & (targets.split == "train")),
        "test": np.flatnonzero(known & (targets.source == test) & (targets.split == "test")),
        "valid": np.flatnonzero(known & (targets.source == source) & (targets.split == "valid")),
    }
    if name == "ytf":
        parts["fit"] = parts["fit"][::3]
    return parts


def points_of_people(reader: FaceReader, targets: Targets, pictures: Pictures) -> dict[str, Any]:
    """HELEN and YouTube Faces, ours and the teacher's; the map of each is fitted on its own readings."""
    out: dict[str, Any] = {}
    for name in ("helen", "ytf"):
        parts = labelled_parts(targets, name)
        ours = {key: readings(reader, targets, pictures, rows)[0] for key, rows in parts.items()}
        human = {key: targets.human[rows].astype(np.float64) for key, rows in parts.items()}
        theirs = {key: targets.points[rows].astype(np.float64) for key, rows in parts.items()}
        for who, meshes in (("ours", ours), ("teacher", theirs)):
            out[f"{name}_{who}"] = human_error(*((meshes[key], human[key]) for key in ("fit", "test", "valid")))
        out[f"{name}_test_faces"] = len(parts["test"])
    return out


def jitter(reader: FaceReader, targets: Targets, pictures: Pictures, faces: int = 60) -> dict[str, Any]:
    """Spread of points (in % of the eye corners' distance) and lid gap over ten noisy frames of a still face."""
    rng = np.random.default_rng(11)
    spreads, gaps = [], []
    for i in targets.still(faces).tolist():
        x_px, y_px, side, angle = (float(value) for value in targets.box[i])
        crop, series = Crop(x_px, y_px, side * SCALE, angle), []
        for frame in range(14):
            points, _ = reader.at(noisy(rng, pictures[i]), crop)
            crop = around(points)
            if frame >= 4:
                series.append(points)
        spread, gap = points_jitter(np.stack(series))
        spreads.append(spread)
        gaps.append(gap)
    return with_interval("points_pct", np.array(spreads), 3) | with_interval("mesh_gap", np.array(gaps), 4)


def pose_beside_teacher(reader: FaceReader, targets: Targets, pictures: Pictures) -> dict[str, Any]:
    """Medians of the differences in yaw and pitch, degrees, of rigid fits of the mean mesh to both readings."""
    chosen = np.flatnonzero((targets.split == "valid") & np.isfinite(targets.points[:, 0, 0]))[::3]
    ours, _ = readings(reader, targets, pictures, chosen)
    theirs = targets.points[chosen].astype(np.float64)
    level = [around(mesh).points(mesh) for mesh in theirs]
    mean = np.mean([mesh - mesh.mean(axis=0) for mesh in level], axis=0)[:MESH]
    angles = [np.array([_yaw_pitch(mesh[:MESH], mean) for mesh in meshes]) for meshes in (ours, theirs)]
    off = np.abs(angles[0] - angles[1])
    turned = np.abs(angles[1][:, 0] - np.median(angles[1][:, 0])) > 20.0
    return {
        "faces": len(chosen),
        **with_interval("yaw_deg", off[:, 0], 2, np.median),
        **with_interval("pitch_deg", off[:, 1], 2, np.median),
        "yaw_deg_turned": round(float(np.median(off[turned, 0])), 2) if turned.any() else float("nan"),
    }


def _yaw_pitch(mesh: Array, mean: Array) -> tuple[float, float]:
    """Degrees by which the mean mesh is turned to lie on ``mesh`` (Kabsch)."""
    left, _, right = np.linalg.svd((mesh - mesh.mean(axis=0)).T @ mean)
    turn = left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right
    yaw = np.degrees(np.arctan2(turn[0, 2], turn[2, 2]))
    pitch = np.degrees(np.arcsin(np.clip(-turn[1, 2], -1.0, 1.0)))
    return float(yaw), float(pitch)


def presence(reader: FaceReader, data: Path, targets: Targets, pictures: Pictures) -> dict[str, float]:
    """Car frames of people who are in no training, and scenes without a face in nine squares each."""
    cars = np.flatnonzero((targets.source == "car") & (targets.split == "test"))
    _, kept = readings(reader, targets, pictures, cars)
    valid = np.flatnonzero(targets.split == "valid")
    valid = valid[:: max(1, len(valid) // 500)]
    _, kept_valid = readings(reader, targets, pictures, valid)
    out = {
        "car_frames": len(cars),
        "car_kept_pct": round(float((kept > 0).mean()) * 100, 1),
        "valid_kept_pct": round(float((kept_valid > 0).mean()) * 100, 2),
    }
    for name, held_out in (("unseen", True), ("seen", False)):
        scenes = load_covers(data / "covers.npz", held_out=held_out).scenes
        taken = [_scene_taken(reader, scene) for scene in scenes]
        out[f"scenes_{name}"] = len(scenes)
        out[f"scenes_{name}_taken_whole"] = sum(whole for whole, _ in taken)
        out[f"scenes_{name}_squares_taken_pct"] = round(float(np.mean([part for _, part in taken])) * 100, 2)
    return out


def turned_aside(reader: FaceReader, cache: Path) -> dict[str, float]:
    """Faces of people who were not learned, turned on by their own mesh: presence, and points in % as elsewhere."""
    targets, pictures = Targets.load(cache, TURNED_TARGETS), Pictures.load(cache / TURNED_PICTURES)
    chosen = np.flatnonzero(targets.split == "aside")
    ours, kept = readings(reader, targets, pictures, chosen)
    truth = targets.points[chosen].astype(np.float64)
    off = np.linalg.norm(ours[..., :2] - truth[..., :2], axis=-1).mean(axis=1)
    return {
        "faces": len(chosen),
        "kept_pct": round(float((kept > 0).mean()) * 100, 1),
        "points_pct_of_face": round(float(np.median(off / targets.box[chosen, 2])) * 100, 2),
    }


def _scene_taken(reader: FaceReader, scene: NDArray[np.uint8]) -> tuple[bool, float]:
    height, width = scene.shape
    whole = reader.at(scene, Crop(width / 2, height / 2, float(min(height, width))))[1] > 0
    parts = [
        reader.at(scene, Crop(width * x, height * y, min(height, width) * 0.5))[1] > 0
        for x in (0.25, 0.5, 0.75)
        for y in (0.25, 0.5, 0.75)
    ]
    return whole, float(np.mean(parts))


def main() -> None:
    """The command: prints one JSON object."""
    given = evaluation(__doc__, "data", "cache", "weights").parse_args()
    reader = load_reader(given.weights)
    targets, pictures = Targets.load(given.cache), Pictures.load(given.cache / PICTURES)
    print(json.dumps({"jitter": jitter(reader, targets, pictures)}), flush=True)
    print(json.dumps({"pose": pose_beside_teacher(reader, targets, pictures)}), flush=True)
    print(json.dumps({"presence": presence(reader, given.data, targets, pictures)}), flush=True)
    print(json.dumps({"turned_aside": turned_aside(reader, given.cache)}), flush=True)
    print(json.dumps(points_of_people(reader, targets, pictures)), flush=True)


if __name__ == "__main__":
    main()
