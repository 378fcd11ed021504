"""Small data sets as they are delivered: soft random pictures that resemble nothing, and copies of them."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.models.dataset.items import Picture
from wakeful.sensors.opencv import cv2


def pictures(count: int, seed: int = 1, side: int = 48) -> NDArray[np.uint8]:
    """Grey pictures [N, side, side] of broad light and shade, each of its own, and a little grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(128, 45, (count, 6, 6)).astype(np.float32)
    large = np.stack([cv2.resize(one, (side, side), interpolation=cv2.INTER_CUBIC) for one in coarse])
    return np.clip(large + rng.normal(0, 3, large.shape), 0, 255).astype(np.uint8)


def png(picture: Picture) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def write_folder(root: Path, files: dict[str, Picture | bytes]) -> Path:
    """Pictures and other files by their names below ``root``."""
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else png(content))
    return root


def write_zip(file: Path, files: dict[str, Picture | bytes]) -> Path:
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content if isinstance(content, bytes) else png(content))
    return file


def write_csv(file: Path, rows: Sequence[Sequence[Any]], encoding: str = "utf-8", separator: str = ",") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding=encoding, newline="") as opened:
        csv.writer(opened, delimiter=separator).writerows(rows)
    return file


def as_text(picture: Picture) -> str:
    """Pixels as FER2013 has them."""
    return " ".join(map(str, picture.ravel().tolist()))
