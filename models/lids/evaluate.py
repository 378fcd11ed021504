"""Judges the lids network: gaps beside points that people set, CEW, and the lid states of CEW where a head is given.

``python -m wakeful.models.lids.evaluate --data FOLDER --cache FOLDER --face FILE --weights FILE [--states FILE]``

``--weights`` and ``--face`` are what a training wrote (``.pt``), or exported networks as the monitor runs them
(``.tflite``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from wakeful.models.face.build import PICTURES, Targets
from wakeful.models.face.evaluate import FaceReader, around, load_reader, readings
from wakeful.models.face.points import LEFT_EYE, RIGHT_EYE, SCALE, lid_gap
from wakeful.models.lids.bank import LEFT_HUMAN, RIGHT_HUMAN, human_gap
from wakeful.models.lids.layout import COLUMNS, EYE_PX, LIDS, OPENING, ROWS, SHUT
from wakeful.models.lids.net import NAME, LidsNet
from wakeful.models.lids.samples import LEAST_SPREAD, eye_crop
from wakeful.models.lids.states import CLOSED, StateHead, load_head
from wakeful.models.lids.task import auc, points_of, read
from wakeful.models.training.command import evaluation
from wakeful.models.training.exported import trained_or_exported
from wakeful.models.training.geometry import Crop, cut
from wakeful.models.training.intervals import interval_95, with_interval
from wakeful.models.training.light import noisy, standardise
from wakeful.models.training.pictures import Pictures
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
SMALL_HUMAN_GAP = 0.12
CEW_EYE_SHARE = 0.78
"""How much of the width of a published eye patch the eye fills."""


def helen_gaps(net: nn.Module, reader: FaceReader, targets: Targets, pictures: Pictures) -> dict[str, Any]:
    """Correlation of lid gaps with those of people on HELEN's test faces, and how eyes nearly shut are found."""
    chosen = np.flatnonzero((targets.source == "helen-test") & np.isfinite(targets.points[:, 0, 0]))
    meshes, _ = readings(reader, targets, pictures, chosen)
    crops, human, teacher, face_gap = [], [], [], []
    for row, mesh in zip(chosen.tolist(), meshes, strict=True):
        for mirrored, lids, places in ((False, RIGHT_EYE, RIGHT_HUMAN), (True, LEFT_EYE, LEFT_HUMAN)):
            crops.append(_cut(pictures[row], eye_crop(mesh[lids[0], :2], mesh[lids[8], :2], mirrored)))
            human.append(float(human_gap(targets.human[row, places])))
            teacher.append(float(lid_gap(targets.points[row, lids, :2])))
            face_gap.append(float(lid_gap(mesh[lids, :2])))
    out = read(net, np.stack(crops))
    truth = np.array(human)
    ways = {
        "points": lid_gap(points_of(out)[:, :LIDS]),
        "opening": out[:, OPENING],
        "face_net": np.array(face_gap),
        "teacher": np.array(teacher),
    }
    small = truth < SMALL_HUMAN_GAP
    figures: dict[str, Any] = {"eyes": len(truth), "small": int(small.sum())}
    for name, gaps in ways.items():
        figures |= _beside(name, gaps, truth, len(chosen))
    return figures


def _beside(name: str, gaps: Array, truth: Array, faces: int) -> dict[str, Any]:
    """Of gaps of both eyes of each of the faces, in this order; intervals are over faces."""

    def r(drawn: Array) -> float:
        rows = _both(drawn)
        return float(np.corrcoef(gaps[rows], truth[rows])[0, 1])

    def small_auc(drawn: Array) -> float:
        rows = _both(drawn)
        small = truth[rows] < SMALL_HUMAN_GAP
        return auc(-gaps[rows][small], -gaps[rows][~small])

    every = np.arange(faces)
    return {
        f"r_{name}": round(r(every), 4),
        f"r_{name}_95": interval_95(r, faces, 4),
        f"small_auc_{name}": round(small_auc(every), 4),
        f"small_auc_{name}_95": interval_95(small_auc, faces, 4),
    }


def _both(faces: Array) -> Array:
    """The rows of both eyes of these faces."""
    return np.concatenate([faces * 2, faces * 2 + 1])


def jitter(net: nn.Module, reader: FaceReader, targets: Targets, pictures: Pictures, faces: int = 60) -> dict[str, Any]:
    """Mean deviation of the lid gap over ten noisy frames of a still face, cut at our face network's corners."""
    rng = np.random.default_rng(11)
    points, openings = [], []
    for i in targets.still(faces).tolist():
        x_px, y_px, side, angle = (float(value) for value in targets.box[i])
        crop, crops = Crop(x_px, y_px, side * SCALE, angle), []
        for frame in range(14):
            picture = noisy(rng, pictures[i])
            mesh, _ = reader.at(picture, crop)
            crop = around(mesh)
            if frame >= 4:
                for mirrored, lids in ((False, RIGHT_EYE), (True, LEFT_EYE)):
                    crops.append(_cut(picture, eye_crop(mesh[lids[0], :2], mesh[lids[8], :2], mirrored)))
        out = read(net, np.stack(crops))
        points.append(lid_gap(points_of(out)[:, :LIDS]).reshape(-1, 2).std(axis=0).mean())
        openings.append(out[:, OPENING].reshape(-1, 2).std(axis=0).mean())
    return with_interval("gap", np.array(points), 4) | with_interval("opening", np.array(openings), 4)


def cew(net: nn.Module, data: Path, head: StateHead | None) -> dict[str, Any]:
    """Area under the curve of closed against open eyes, one pass; no person and no picture was learned.

    ``both_eyes``: of faces by the mean over their two eyes, which the exported network reads in one run.
    """
    packed = dict(np.load(data / "cew_eyes.npz"))
    closed = packed["open"] == 0
    figures: dict[str, Any] = {"closed": int(closed.sum()), "open": int((~closed).sum())}
    for name, mirrored in (("L_mirrored", packed["side"] == "L"), ("R_mirrored", packed["side"] == "R")):
        crops = np.stack([_patch(image, bool(flip)) for image, flip in zip(packed["images"], mirrored, strict=True)])
        out = read(net, crops)
        ways = {"shut": out[:, SHUT], "opening": -out[:, OPENING], "points": -lid_gap(points_of(out)[:, :LIDS])}
        if head is not None and isinstance(net, LidsNet):
            with torch.no_grad():
                features = torch.cat(
                    [net.features(part[:, None]).flatten(1) for part in torch.from_numpy(crops).split(512)]
                )
                logits = head(features).numpy()
            others = np.delete(logits, CLOSED, axis=1)
            ways["state"] = logits[:, CLOSED] - np.log(np.exp(others).sum(axis=1))
            ways["not_open"] = -(logits[:, 0] - np.log(np.exp(logits[:, 1:]).sum(axis=1)))
        figures[name] = {way: round(auc(score[closed], score[~closed]), 4) for way, score in ways.items()}
        figures[name] |= shut_of_faces(out[:, SHUT], packed["face"], closed)
        figures[name]["mean_spread"] = round(float(out[:, SHUT + 1].mean()), 4)
    return figures


def shut_of_faces(scores: Array, faces: Array, closed: NDArray[np.bool_]) -> dict[str, Any]:
    """How well "lids meet" finds closed faces by the mean over their eyes, and intervals over faces of this and of
    single eyes."""
    _, face = np.unique(faces, return_inverse=True)
    eyes = np.bincount(face)
    mean, shut = np.bincount(face, scores) / eyes, np.bincount(face, closed) / eyes > 0.5
    order = np.argsort(face, kind="stable")
    firsts = np.concatenate([[0], np.cumsum(eyes)[:-1]])

    def of_faces(drawn: Array) -> float:
        return auc(mean[drawn][shut[drawn]], mean[drawn][~shut[drawn]])

    def of_eyes(drawn: Array) -> float:
        rows = np.concatenate([order[firsts[drawn] + k][eyes[drawn] > k] for k in range(int(eyes.max()))])
        return auc(scores[rows][closed[rows]], scores[rows][~closed[rows]])

    return {
        "shut_95": interval_95(of_eyes, len(mean), 4),
        "both_eyes": round(of_faces(np.arange(len(mean))), 4),
        "both_eyes_95": interval_95(of_faces, len(mean), 4),
    }


def _cut(picture: NDArray[np.uint8], crop: Crop) -> NDArray[np.float32]:
    return standardise(cut(picture, crop, cv2.BORDER_REPLICATE), LEAST_SPREAD)


def _patch(image: NDArray[np.uint8], mirrored: bool) -> NDArray[np.float32]:
    side = image.shape[1]
    width = side * CEW_EYE_SHARE * COLUMNS / EYE_PX
    return _cut(image, Crop((side - 1) / 2, (side - 1) / 2, width, 0.0, mirrored, 1.0, COLUMNS, ROWS))


def main() -> None:
    """The command: prints JSON, one line for each test."""
    options = evaluation(__doc__, "data", "cache", "face", "weights")
    options.add_argument("--states", type=Path)
    given = options.parse_args()
    if given.states is not None and given.weights.suffix != ".pt":
        options.error("--states belongs to trained weights (.pt); leave it out: an exported network has its own states")
    net = trained_or_exported(LidsNet(), given.weights, NAME)
    head = None if given.states is None else load_head(given.states)
    print(json.dumps({"cew": cew(net, given.data, head)}), flush=True)
    targets, pictures = Targets.load(given.cache), Pictures.load(given.cache / PICTURES)
    reader = load_reader(given.face)
    print(json.dumps({"jitter": jitter(net, reader, targets, pictures)}), flush=True)
    print(json.dumps({"helen": helen_gaps(net, reader, targets, pictures)}), flush=True)


if __name__ == "__main__":
    main()
