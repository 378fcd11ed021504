"""Trains the lids network.

``python -m wakeful.models.lids.train --data FOLDER --cache FOLDER --out FOLDER`` after ``wakeful.models.face.build``.
With ``--start`` the network given there also says which real eyes are shut; give it again with ``--resume``.
"""

from __future__ import annotations

import argparse

import numpy as np

from wakeful.models.lids.net import NAME
from wakeful.models.lids.self_labels import self_labels
from wakeful.models.lids.task import LidsTask
from wakeful.models.training.command import parser, train
from wakeful.models.training.run import Settings, loaded

SETTINGS = Settings(steps=20_000, batch=96, peak_rate=2e-3, clip=5.0, validate_every=1000)


def main() -> None:
    """The command."""
    given = parser(__doc__, SETTINGS.steps).parse_args()
    train(given, SETTINGS, lambda: started(given))


def started(given: argparse.Namespace) -> LidsTask:
    """The task, its network set to the mean eye."""
    task = LidsTask(given.data, given.cache)
    if not given.resume:
        task.start(np.random.default_rng(given.seed))
    if given.start is not None:
        labels = self_labels(loaded(task.net, given.start, NAME), task.train)
        task.train.learn_shut(labels)
        print(f"of real eyes nearly shut, {(labels == 1.0).sum()} are, {(labels == 0.0).sum()} are not", flush=True)
    print(f"{len(task.train.chosen)} eyes", flush=True)
    return task


if __name__ == "__main__":
    main()
