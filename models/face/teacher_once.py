"""Judges the teacher as a monitor runs it, beside points that people set: one plain reading in tracking's crop.

The targets of training are means of a plain and a mirrored reading, at twice the cost: their figure says how well the
network could learn, this one what it replaces.

``python -m wakeful.models.face.teacher_once --data FOLDER --cache FOLDER --teacher FILE`` after
``wakeful.models.face.build``; several minutes, because the pictures are read in colour from the data.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from wakeful.models.face.build import Targets, everything
from wakeful.models.face.evaluate import Array, human_error, labelled_parts
from wakeful.models.face.teacher import Network, open_teacher, read


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="The teacher's single readings beside points that people set.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--cache", type=Path, required=True, help="folder of what was built from them")
    parser.add_argument("--teacher", type=Path, required=True, help="face_landmarks_detector.tflite")
    given = parser.parse_args()
    targets = Targets.load(given.cache)
    parts = {name: labelled_parts(targets, name) for name in ("helen", "ytf")}
    wanted = np.concatenate([rows for of_set in parts.values() for rows in of_set.values()])
    meshes = readings(given.data, open_teacher(given.teacher), set(wanted.tolist()))
    for name, of_set in parts.items():
        pairs = (
            (np.stack([meshes[row] for row in rows.tolist()]), targets.human[rows].astype(np.float64))
            for rows in of_set.values()
        )
        print(json.dumps({f"{name}_teacher_once": human_error(*pairs)}), flush=True)


def readings(data: Path, network: Network, rows: set[int]) -> dict[int, Array]:
    """Points [478, 3] in picture pixels of the pictures with these numbers."""
    found = {}
    for row, item in enumerate(everything(data)):
        if row in rows:
            found[row] = read(network, item.picture, item.start, None).points
    return found


if __name__ == "__main__":
    main()
