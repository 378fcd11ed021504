"""The images of one case of a run as one picture, and whether they can be made again."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np

from wakeful.device.scenarios.runner import pictures_of
from wakeful.device.scenarios.stored import cell_named
from wakeful.errors import ConfigError
from wakeful.files import write_file
from wakeful.sensors.opencv import cv2

COLUMNS = 8


def write_strip(found: dict[str, Any], out: Path) -> None:
    """Writes all images of a case, as ``carried.cell_of`` gives it, in rows of eight.

    Raises:
        ConfigError: there are none, or the file cannot be written.
    """
    decoded = [cv2.imdecode(np.frombuffer(_jpeg(one), np.uint8), cv2.IMREAD_COLOR) for one in found["pictures"]]
    images = [np.asarray(one, np.uint8) for one in decoded if one is not None]
    if not images or out.suffix.lower() != ".png":
        raise ConfigError(f"{out}: {'name a .png file' if images else 'the run holds no images of this case'}")
    images += [np.zeros_like(images[0])] * (-len(images) % min(COLUMNS, len(images)))
    rows = [np.hstack(images[i : i + COLUMNS]) for i in range(0, len(images), COLUMNS)]
    try:
        write_file(out, cv2.imencode(".png", np.vstack(rows))[1].tobytes(), private=False)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}; name a file in a folder that exists") from None


def differing(found: dict[str, Any]) -> list[float]:
    """Times of the images that come out otherwise when they are drawn again by this code, on this machine."""
    again = {t_s: (frame, seed, jpeg) for t_s, frame, seed, jpeg in pictures_of(cell_named(found["cell"]))}
    stored = found["pictures"]
    return [one["t_s"] for one in stored if again.get(one["t_s"]) != (one["frame"], one["seed"], _jpeg(one))]


def _jpeg(picture: dict[str, Any]) -> bytes:
    return base64.b64decode(picture["jpeg"])
