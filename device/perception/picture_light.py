"""Whether a picture is so dark for its noise, so overlit or so veiled that nobody could be found in it.

An empty seat and a driver in the dark, or behind a fogged lens, look alike to a detector. What sets them apart is
whether a face would be found if there was one: that depends on how far the light of the picture is above its noise, and
on what is left between its darkest and lightest parts.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wakeful.device.messages import Unreadable
from wakeful.device.perception.grey_crop import shrunk
from wakeful.sensors.opencv import cv2

# Grey levels of the lightest twentieth of a picture; more than this is not dark, whatever the noise.
DIM = 64.0
# Light over noise: of 88 pictures of people in eleven clips, darkened to a fifth and less with noise of 4 and 8 grey
# levels, the detector and the face network miss 1 in 20 at 10, 1 in 7 at 5 to 6, 1 in 3 at 4, 8 in 10 at 2.
NEEDED = 7.0
# Less is rounding, not noise: a picture that is dark and clean shows what is there.
LEAST_NOISE = 1.0
# Share of burnt out pixels in the middle of a picture. Of 75 pictures of people in 25 clips the most is 0.03. At up to
# 8 times their light a face is found in 102 of 108 below this share, and in 60 of 192 above it.
BURNT, MOST_BURNT = 250, 0.6
# Of cells that are burnt out most pixels are as green as this; every 8th row and column is looked at, and bars may take
# half of a picture.
BURNT_PX, BURNT_GREEN, FEW_BURNT = 8, 240, 0.1
# Range of the middle of a picture as a share of its lightest parts: at least 0.54 in these clips. Behind fog that
# leaves less than this, a face is found in 29 of 88 pictures, and in 33 of 37 where it leaves more.
LEAST_RANGE = 0.12
# With still less it is an even wall, or a lens that is covered: nobody is there.
EVEN_RANGE = 0.015
# Black bars beside or above a picture, as players and capture cards add them, are at most video's black of 16.
BAR = 20
CELLS, MIDDLE_CELLS = (64, 48), (32, 24)
SAMPLE_PX = 16
LIGHTEST = 0.95
# J. Immerkaer, Fast noise variance estimation, Computer Vision and Image Understanding 64, 1996: two second
# derivatives across each other leave nothing of edges and slopes.
NOISE_KERNEL = np.array([1, -2, 1], np.float32)
"""Along rows, and then along columns."""


def why_nobody(image: NDArray[np.uint8]) -> Unreadable | None:
    """Why a face in ``image``, uint8 blue-green-red, would hardly be found; None where it would."""
    if is_too_dark(image):
        return Unreadable.DARK
    cells = _middle(image)
    if _is_burnt(cells):
        return Unreadable.GLARE
    low, high = np.quantile(cells, (1.0 - LIGHTEST, LIGHTEST))
    veiled = high >= DIM and EVEN_RANGE * high < high - low < LEAST_RANGE * high
    # Pixels of noise that are averaged have a small range too, of which nothing was ever a picture.
    return Unreadable.BLUR if veiled and noise_of(_in_grey(_middle_of(image))) < high - low else None


def is_burnt_out(image: NDArray[np.uint8]) -> bool:
    """Whether so much of a picture is burnt out that faces in it are lost: the one that is seen may be another's."""
    green = _middle_of(image)[::BURNT_PX, ::BURNT_PX, 1]
    # Most pictures have hardly such a pixel, and to see that takes a tenth of the time.
    return bool(np.count_nonzero(green >= BURNT_GREEN) > FEW_BURNT * green.size) and _is_burnt(_middle(image))


def _middle(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cells of the middle of the picture without black bars at its edges, which are no part of what it shows."""
    middle = _middle_of(image)
    # Whole pixels to a cell: that takes a twentieth of the time.
    by = max(min(middle.shape[1] // MIDDLE_CELLS[0], middle.shape[0] // MIDDLE_CELLS[1]), 1)
    cells = _in_grey(shrunk(middle, by))
    rows, columns = (np.flatnonzero(cells.max(axis=axis) > BAR) for axis in (1, 0))
    return cells[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else cells


def _is_burnt(cells: NDArray[np.uint8]) -> bool:
    return bool(np.count_nonzero(cells >= BURNT) > MOST_BURNT * cells.size)


def is_too_dark(image: NDArray[np.uint8]) -> bool:
    """Whether a face in ``image``, uint8 blue-green-red, would be lost in noise."""
    if np.quantile(image[::SAMPLE_PX, ::SAMPLE_PX, 1], LIGHTEST) >= DIM:
        return False
    cells = cv2.cvtColor(cv2.resize(image, CELLS, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    light = float(np.quantile(cells, LIGHTEST))
    noise = noise_of(_in_grey(_middle_of(image)))
    return noise >= LEAST_NOISE and light < NEEDED * noise


def _middle_of(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    return image[height // 4 : height - height // 4, width // 4 : width - width // 4]


def _in_grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def noise_of(grey: NDArray[np.uint8]) -> float:
    """Standard deviation of the noise of single pixels, grey levels."""
    edges = cv2.sepFilter2D(grey, cv2.CV_32F, NOISE_KERNEL, NOISE_KERNEL)[1:-1, 1:-1]
    return math.sqrt(math.pi / 2.0) / 6.0 * cv2.norm(edges, cv2.NORM_L1) / edges.size
