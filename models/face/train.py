"""Trains the face network.

``python -m wakeful.models.face.train --data FOLDER --cache FOLDER --out FOLDER`` after ``wakeful.models.face.build``.
"""

from __future__ import annotations

import argparse

import numpy as np

from wakeful.models.face.task import FaceTask
from wakeful.models.training.command import parser, train
from wakeful.models.training.run import Settings

SETTINGS = Settings(steps=16_000, batch=128, peak_rate=2e-3)


def main() -> None:
    """The command."""
    given = parser(__doc__, SETTINGS.steps).parse_args()
    train(given, SETTINGS, lambda: started(given))


def started(given: argparse.Namespace) -> FaceTask:
    """The task, its network laid out from the teacher's meshes."""
    task = FaceTask(given.data, given.cache)
    if not given.resume:
        held = task.start(np.random.default_rng(given.seed))
        print(f"the code holds {held:.5f} of the meshes' variance", flush=True)
    print(f"{len(task.train.chosen)} faces", flush=True)
    return task


if __name__ == "__main__":
    main()
