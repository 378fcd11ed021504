"""Chooses the threshold again: ``python -m wakeful.models.identity.choose --data FOLDER``.

It rests on the people of LFW's fold 2, whom the training has not seen, read by the shipped network and the monitor's
own reader. The file lies beside the weights.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from wakeful.device.perception.embedder import Embedder
from wakeful.device.perception.pipeline import Perception
from wakeful.files import write_file
from wakeful.models.identity import sets
from wakeful.models.identity.evaluate import dot, embeddings
from wakeful.models.identity.people import THRESHOLD_FOLD
from wakeful.models.identity.rates import FALSE_ACCEPTANCE, accepted_at, different_pairs, same_pairs
from wakeful.models.identity.threshold import FILE, Threshold, network_version
from wakeful.sensors.opencv import cv2

CHOSEN_ON = "LFW, fold 2"


def choose(data: Path) -> Threshold:
    """The bound that lets ``FALSE_ACCEPTANCE`` of all pairs of two people of fold 2 pass."""
    faces = sets.lfw(data, Perception(), [THRESHOLD_FOLD])
    faces = faces.chosen(faces.found)
    numbers = embeddings(faces.crops, Embedder())
    same, different = same_pairs(faces.person), different_pairs(faces.person, len(faces.person) ** 2)
    accepted, bound = accepted_at(dot(numbers)(same), dot(numbers)(different))
    return Threshold(
        round(bound, 4), FALSE_ACCEPTANCE, round(accepted, 4), len(same), len(different), CHOSEN_ON, network_version()
    )


def main() -> None:
    """The command."""
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    text = json.dumps(asdict(choose(parser.parse_args().data)), indent=1) + "\n"
    write_file(FILE, text, private=False)
    print(text, end="")


if __name__ == "__main__":
    main()
