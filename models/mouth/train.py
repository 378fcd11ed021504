"""Trains the mouth network.

``python -m wakeful.models.mouth.train --data FOLDER --cache FOLDER --out FOLDER`` after ``wakeful.models.face.build``.
"""

from __future__ import annotations

import argparse

import numpy as np

from wakeful.models.mouth.task import MouthTask
from wakeful.models.training.command import parser, train
from wakeful.models.training.run import Settings

SETTINGS = Settings(steps=6_000, batch=96, peak_rate=2e-3, clip=5.0, validate_every=1000)


def main() -> None:
    """The command."""
    given = parser(__doc__, SETTINGS.steps).parse_args()
    train(given, SETTINGS, lambda: started(given))


def started(given: argparse.Namespace) -> MouthTask:
    """The task, its network set to the mean mouth."""
    task = MouthTask(given.data, given.cache)
    if not given.resume:
        task.start(np.random.default_rng(given.seed))
    print(f"{len(task.train.chosen)} mouths", flush=True)
    return task


if __name__ == "__main__":
    main()
