"""Judges the shipped lids network on single eyes under infra-red: closed against open, and how many it calls covered.

``python -m wakeful.models.lids.night --data FOLDER``. Eyes are cut as the monitor cuts them, with their corners so far
apart as the data say on average. Which side an eye is of is not known, so each is read as it is and flipped, and the
answers are averaged.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.eye_sight import COVERED_BELOW
from wakeful.device.perception.network import load
from wakeful.models.lids.layout import OPENING, READABLE, REASON
from wakeful.models.lids.one_eye import read
from wakeful.models.lids.states import CLOSED, with_interval
from wakeful.models.training.pictures import Encoded

Array = NDArray[Any]
CLEAR, COVERED = READABLE.index("clear"), READABLE.index("covered")


def main() -> None:
    """The command: prints JSON, one line for each group of eyes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    packed = dict(np.load(given.data / "night" / "eyes_ir.npz"))
    pictures = Encoded(packed["bytes"], packed["offset"])
    network = load("lids", 1)
    lids, states = (
        np.stack(part)
        for part in zip(*(read(network, one) for one in map(pictures.read, range(len(packed["label"])))), strict=True)
    )
    hard = packed["source"] == "mrl_hard"
    groups = {"mrl_neepu": ~hard, "hard": hard}
    for name, chosen in groups.items():
        print(json.dumps({name: figures(lids[chosen], states[chosen], packed["by_eye"][chosen])}), flush=True)


def figures(lids: Array, states: Array, label: Array) -> dict[str, Any]:
    """Areas under the curve of closed against open where the eye shows which, and how many eyes are called covered."""
    open_, closed = label == 1, label == 0
    found: dict[str, Any] = {"open": int(open_.sum()), "closed": int(closed.sum()), "undecided": int((label < 0).sum())}
    if closed.any():
        ways = {"state": odds(states, CLOSED), "opening": -lids[:, OPENING]}
        found |= {way: with_interval(score[closed], score[open_]) for way, score in ways.items()}
    reason = lids[:, REASON].argmax(axis=1)
    found["called_covered"] = int((reason == COVERED).sum())
    found["reasons"] = {READABLE[one]: int((reason == one).sum()) for one in np.unique(reason).tolist()}
    found["would_count_as_covered"] = int((odds(lids[:, REASON], CLEAR) < COVERED_BELOW).sum())
    return found


def odds(logits: Array, one: int) -> Array:
    """Logit of one class against all others together, for logits [n, classes]."""
    rest: Array = np.log(np.exp(np.delete(logits, one, axis=1)).sum(axis=1))
    return logits[:, one] - rest


if __name__ == "__main__":
    main()
