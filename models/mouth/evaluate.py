"""Judges the mouth network beside the teacher, on crops that our own face network lays.

``python -m wakeful.models.mouth.evaluate --cache FOLDER --face FILE --weights FILE``
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from wakeful.models.face.build import PICTURES, Targets
from wakeful.models.face.evaluate import FaceReader, load_reader, readings
from wakeful.models.mouth.layout import COVERED, OPENING
from wakeful.models.mouth.net import NAME, MouthNet
from wakeful.models.mouth.samples import MASKED, mouth_crop, opening_of
from wakeful.models.mouth.task import read
from wakeful.models.training.command import evaluation
from wakeful.models.training.exported import trained_or_exported
from wakeful.models.training.geometry import cut
from wakeful.models.training.light import standardise
from wakeful.models.training.pictures import Pictures
from wakeful.sensors.opencv import cv2

Array = NDArray[Any]
WIDE = 0.5
"""Openings above this are yawns and shouts."""


def beside_teacher(
    net: nn.Module, reader: FaceReader, targets: Targets, pictures: Pictures, chosen: Array
) -> dict[str, Any]:
    """Errors of the opening of the mouth and of the face network on the chosen pictures."""
    meshes, _ = readings(reader, targets, pictures, chosen)
    crops = [_cut(pictures[row], mesh) for row, mesh in zip(chosen.tolist(), meshes, strict=True)]
    out = read(net, np.stack(crops))
    truth, by_face = opening_of(targets.points[chosen].astype(np.float64)), opening_of(meshes)
    masked = targets.source[chosen] == MASKED
    found: dict[str, Any] = {"faces": int((~masked).sum())}
    for name, opening in (("mouth_net", out[:, OPENING]), ("face_net", by_face)):
        off = np.abs(opening - truth)
        wide, shut = ~masked & (truth > WIDE), ~masked & (truth < 0.04)
        found[name] = {
            "mean": round(float(off[~masked].mean()), 4),
            "median": round(float(np.median(off[~masked])), 4),
            "wide": round(float(off[wide].mean()), 4) if wide.any() else None,
            "wide_faces": int(wide.sum()),
            "shut": round(float(off[shut].mean()), 4),
            "r": round(float(np.corrcoef(opening[~masked], truth[~masked])[0, 1]), 4),
        }
    found["covered_found_masks"] = round(float((out[masked, COVERED] > 0).mean()), 3) if masked.any() else None
    found["covered_wrong"] = round(float((out[~masked, COVERED] > 0).mean()), 4)
    return found


def _cut(picture: NDArray[np.uint8], mesh: Array) -> NDArray[np.float32]:
    return standardise(cut(picture, mouth_crop(mesh), cv2.BORDER_REPLICATE))


def main() -> None:
    """The command: prints JSON, one line for each set."""
    given = evaluation(__doc__, "cache", "face", "weights").parse_args()
    net = trained_or_exported(MouthNet(), given.weights, NAME)
    reader = load_reader(given.face)
    targets, pictures = Targets.load(given.cache), Pictures.load(given.cache / PICTURES)
    known = np.isfinite(targets.points[:, 0, 0])
    people_apart = known & np.isin(targets.source, ("yawdd", "car")) & np.isin(targets.split, ("out", "test"))
    sets = {
        "valid": np.flatnonzero(known & (targets.split == "valid"))[::3],
        "car_people_apart": np.flatnonzero(people_apart),
        "helen_test": np.flatnonzero(known & (targets.source == "helen-test")),
    }
    for name, chosen in sets.items():
        print(json.dumps({name: beside_teacher(net, reader, targets, pictures, chosen)}), flush=True)


if __name__ == "__main__":
    main()
