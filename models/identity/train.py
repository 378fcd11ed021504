"""Trains the identity network.

``python -m wakeful.models.identity.train --data FOLDER --cache FOLDER --out FOLDER`` after
``wakeful.models.face.build`` and ``wakeful.models.identity.teacher``.
"""

from __future__ import annotations

import argparse

from wakeful.models.identity.task import WAYS, IdentityTask
from wakeful.models.training.command import parser, train
from wakeful.models.training.run import Settings

SETTINGS = Settings(steps=10_000, batch=128, peak_rate=2e-3, clip=5.0, weight_decay=5e-3, validate_every=1000)


def main() -> None:
    """The command."""
    options = parser(__doc__, SETTINGS.steps)
    options.add_argument(
        "--way", choices=WAYS, default="both", help="what is learned: the teacher, people by name, both"
    )
    given = options.parse_args()
    train(given, SETTINGS, lambda: started(given))


def started(given: argparse.Namespace) -> IdentityTask:
    """The task."""
    task = IdentityTask(given.data, given.cache, given.way)
    samples = task.samples
    print(f"{len(samples.chosen)} faces, {samples.count} people with several pictures", flush=True)
    return task


if __name__ == "__main__":
    main()
