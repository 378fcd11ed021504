"""What the board's camera shows: films of encoded images, of the rendered driver or of a clip.

``awake`` is the usual one, a driver who blinks; ``nap`` closes the eyes for 4.5 s. The camera of the board decodes
nothing, so these are made before the boot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.camera import open_source
from wakeful.sensors.opencv import cv2
from wakeful.sensors.source import EndOfSource, Source
from wakeful.sensors.synthetic import open_synthetic

FPS = 15.0
SIZE = (640, 480)
QUALITY = 80
LIFE = "life = { sway_deg = 1.0, blink_every_s = [3.0, 5.0], blink_s = [0.15, 0.25], seed = 5 }"
SCRIPTS = {
    "awake": f"duration_s = 30.0\n{LIFE}\n",
    "nap": f"""duration_s = 8.0
{LIFE}
keyframes = [ {{ t = 1.0, eyes = 1 }}, {{ t = 1.15, eyes = 0 }}, {{ t = 5.6, eyes = 0 }}, {{ t = 5.8, eyes = 1 }} ]
""",
}


def make_films(cache: Path, clip: Path | None = None) -> Path:
    """A folder with ``NAME.mjpeg`` and ``NAME.json`` for each film, and ``black.jpg``; what is there is kept."""
    made_of = json.dumps([SCRIPTS, FPS, SIZE, QUALITY])
    folder = cache / f"films-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in SCRIPTS.items():
        if not (folder / f"{name}.json").exists():
            file = folder / f"{name}.scenario.toml"
            file.write_text(script, encoding="utf-8")
            write_film(folder, name, _images(open_synthetic(str(file), pace="fast", fps=FPS)))
    if clip is not None:
        write_film(folder, "clip", _images(open_source(str(clip), pace="fast")))
    black = encoded(np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    (folder / "black.jpg").write_bytes(black)
    return folder


def write_film(folder: Path, name: str, images: Iterable[NDArray[np.uint8]]) -> None:
    """One film; its list of lengths last, so that half a film is none."""
    lengths = []
    with (folder / f"{name}.mjpeg").open("wb") as film:
        for image in images:
            lengths.append(film.write(encoded(fitted(image))))
    (folder / f"{name}.json").write_text(json.dumps({"fps": FPS, "lengths": lengths}), encoding="ascii")


def encoded(image: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def fitted(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The whole image within the camera's size, grey bars beside it."""
    height, width = image.shape[:2]
    if (width, height) == SIZE:
        return image
    scale = min(SIZE[0] / width, SIZE[1] / height)
    small = cv2.resize(image, (round(width * scale), round(height * scale)))
    whole = np.full((SIZE[1], SIZE[0], 3), 60, np.uint8)
    top, left = (SIZE[1] - small.shape[0]) // 2, (SIZE[0] - small.shape[1]) // 2
    whole[top : top + small.shape[0], left : left + small.shape[1]] = small
    return whole


def _images(source: Source) -> Iterator[NDArray[np.uint8]]:
    """The source at the camera's rate."""
    due_ns: float | None = None
    with closing(source):
        while True:
            try:
                frame = source.read_latest(1.0)
            except EndOfSource:
                return
            due_ns = frame.t_ns if due_ns is None else due_ns
            if frame.t_ns >= due_ns:
                due_ns += 1e9 / FPS
                yield frame.image
