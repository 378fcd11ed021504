"""How much the points of a still face jitter in the whole monitor: tracking, crops and networks as they run.

``python -m wakeful.models.face.stillness --cache FOLDER`` after ``wakeful.models.face.build``. What
``wakeful.models.face.evaluate`` says of jitter is the float network's alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.pipeline import Perception
from wakeful.models.face.build import PICTURES, Targets
from wakeful.models.face.points import jitter
from wakeful.models.training.light import noisy
from wakeful.models.training.pictures import Pictures
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

FRAMES, SETTLING = 14, 4
PERIOD_NS = 33_000_000
# Pictures end shortly beside the face, which is what tracking wants to see.
MARGIN_PX = 40
NOISE = (0.4, 1.0)


def main() -> None:
    """The command: prints JSON, one line for each noise (its standard deviation in grey levels)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--landmarks", default="wakeful")
    parser.add_argument("--noise", type=float, nargs="+", default=NOISE)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    perception = Perception(given.landmarks)
    for levels in given.noise:
        found = stillness(perception, list(still_faces(given.cache)), levels)
        print(json.dumps({"landmarks": given.landmarks, "noise": levels} | found), flush=True)


def still_faces(cache: Path) -> Iterator[NDArray[np.uint8]]:
    """Grey pictures of validation faces, with a margin."""
    targets, pictures = Targets.load(cache), Pictures.load(cache / PICTURES)
    for i in targets.still().tolist():
        yield np.pad(pictures[i], MARGIN_PX, mode="edge")


def stillness(perception: Perception, faces: list[NDArray[np.uint8]], levels: float) -> dict[str, Any]:
    """Means over the faces that are found: spread of the points, % of the eye corners' distance, and of the lid gap."""
    rng = np.random.default_rng(11)
    spreads, gaps = [], []
    for face in faces:
        series = list(_points(perception.fork(), rng, face, levels))
        if len(series) < FRAMES - SETTLING:
            continue
        spread, gap = jitter(np.stack(series))
        spreads.append(spread)
        gaps.append(gap)
    if not spreads:
        return {"faces": 0}
    return {
        "faces": len(spreads),
        "points_pct": round(float(np.mean(spreads)), 3),
        "gap": round(float(np.mean(gaps)), 4),
    }


def _points(
    perception: Perception, rng: np.random.Generator, face: NDArray[np.uint8], levels: float
) -> Iterator[NDArray[np.float32]]:
    for seq in range(FRAMES):
        image = np.repeat(noisy(rng, face, levels)[..., None], 3, axis=2)
        seen = perception.look(Frame(image, seq * PERIOD_NS, seq)).landmarks
        if seen is not None and seq >= SETTLING:
            yield seen.points[:, :2]


if __name__ == "__main__":
    main()
