"""The mean of the weights of trainings that began with the same ones, often better than each.

``python -m wakeful.models.training.average --out FILE WEIGHTS...`` (Wortsman et al., Model soups, ICML 2022.)
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from wakeful.files import replace_file
from wakeful.models.training.run import TrainingError, read_state


def main() -> None:
    """The command."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--out", type=Path, required=True, help="file to write")
    options.add_argument("weights", type=Path, nargs="+", help="what trainings wrote as weights.pt")
    given = options.parse_args()
    average(given.weights, given.out)


def average(files: Sequence[Path], out: Path) -> None:
    """Writes the mean of weights files as one more, with the settings of the last.

    Raises:
        TrainingError: they are of different networks, or one is no weights file.
    """
    states = [read_state(file) for file in files]
    for file, state in zip(files, states, strict=True):
        if "weights" not in state:
            raise TrainingError(f"{file} has no weights: give what a training wrote as weights.pt")
        if state["task"] != states[0]["task"] or state["weights"].keys() != states[0]["weights"].keys():
            raise TrainingError(f"{file} and {files[0]} are of different networks")
    # Counters are whole numbers and take those of the last.
    mean = {
        name: torch.stack([state["weights"][name] for state in states]).mean(0) if value.is_floating_point() else value
        for name, value in states[-1]["weights"].items()
    }
    replace_file(out, lambda part: torch.save({**states[-1], "weights": mean}, part), private=False)


if __name__ == "__main__":
    main()
