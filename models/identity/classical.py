"""The classical ways: Eigenfaces, Fisherfaces and local binary pattern histograms, fitted on the enrolled pictures.

Turk & Pentland, J Cogn Neurosci 3 (1991); Belhumeur, Hespanha & Kriegman, PAMI 19 (1997), who leave out the first three
components, since they hold the light; Ahonen, Hadid & Pietikainen, PAMI 28 (2006): uniform patterns, a grid of
histograms, chi-square. The nearest enrolled picture names the person. All see the face alone, closely cropped: hair and
background are no part of it. Needs the extra ``[identity]``.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
ROWS, COLUMNS = slice(20, 108), slice(22, 90)
"""Of the aligned crop, brow to chin and cheek to cheek; Eigen- and Fisherfaces see it at half its size."""
LIGHT = 3
KEPT = 0.98
"""Share of the variance that is kept."""
GRID, POINTS, RADIUS = 7, 8, 2
PATTERNS = POINTS * (POINTS - 1) + 3


class Classical(Protocol):
    """A method that is fitted on enrolled pictures.

    Attributes:
        least: pictures of each person that it takes at the least.
    """

    least: int

    def prepare(self, crops: Array) -> Array:
        """What is compared of crops, uint8 [N, 112, 112]: [N, numbers], before any fit."""
        ...

    def fit(self, prepared: Array, people: Array) -> None:
        """Takes the enrolled ones, and whose they are."""
        ...

    def similarity(self, prepared: Array) -> Array:
        """[N, enrolled], larger for more alike."""
        ...


class Eigenfaces:
    """Principal components of the enrolled pictures; the distance is Euclid's.

    Args:
        skipped: so many first components are left out.
    """

    def __init__(self, skipped: int = 0) -> None:
        self.skipped, self.least = skipped, 1

    def prepare(self, crops: Array) -> Array:
        return flattened(crops)

    def fit(self, prepared: Array, people: Array) -> None:
        from sklearn.decomposition import PCA

        self._components = PCA(KEPT, svd_solver="full").fit(prepared)
        self._enrolled = self._project(prepared)

    def similarity(self, prepared: Array) -> Array:
        return -distances(self._project(prepared), self._enrolled)

    def _project(self, prepared: Array) -> Array:
        projected: Array = self._components.transform(prepared)[:, self.skipped :]
        return projected


class Fisherfaces:
    """Linear discriminants after principal components, at most as many as there are pictures less people."""

    def __init__(self) -> None:
        self.least = 2

    def prepare(self, crops: Array) -> Array:
        return flattened(crops)

    def fit(self, prepared: Array, people: Array) -> None:
        from sklearn.decomposition import PCA
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        self._components = PCA(KEPT, svd_solver="full").fit(prepared)
        self._most = len(prepared) - len(np.unique(people))
        self._discriminants = LinearDiscriminantAnalysis().fit(self._project(prepared), people)
        self._enrolled = self._discriminants.transform(self._project(prepared))

    def similarity(self, prepared: Array) -> Array:
        return -distances(self._discriminants.transform(self._project(prepared)), self._enrolled)

    def _project(self, prepared: Array) -> Array:
        projected: Array = self._components.transform(prepared)[:, : self._most]
        return projected


class Lbph:
    """Histograms of uniform local binary patterns over a grid, compared by chi-square."""

    def __init__(self) -> None:
        self.least = 1

    def prepare(self, crops: Array) -> Array:
        from skimage.feature import local_binary_pattern

        faces = crops[:, ROWS, COLUMNS]
        down, across = (side // GRID for side in faces.shape[1:])
        place = (np.arange(down * GRID) // down)[:, None] * GRID + (np.arange(across * GRID) // across)[None]
        found = []
        for face in faces:
            pattern = local_binary_pattern(face, POINTS, RADIUS, "nri_uniform")[: down * GRID, : across * GRID]
            index = (place * PATTERNS + pattern.astype(np.intp)).ravel()
            found.append(np.bincount(index, minlength=GRID * GRID * PATTERNS) / (down * across))
        return np.array(found, np.float32)

    def fit(self, prepared: Array, people: Array) -> None:
        self._enrolled = prepared

    def similarity(self, prepared: Array) -> Array:
        return np.array([-chi_square(one[None], self._enrolled) for one in prepared])


def methods() -> dict[str, Classical]:
    """All of them by name."""
    return {
        "Eigenfaces": Eigenfaces(),
        "Eigenfaces without the first three": Eigenfaces(LIGHT),
        "Fisherfaces": Fisherfaces(),
        "LBPH": Lbph(),
    }


def flattened(crops: Array) -> Array:
    """float64 [N, pixels] of the faces in crops, at half their size."""
    faces = crops[:, ROWS, COLUMNS].astype(np.float64)
    halves = faces.reshape(len(faces), faces.shape[1] // 2, 2, faces.shape[2] // 2, 2).mean(axis=(2, 4))
    return np.asarray(halves.reshape(len(faces), -1))


def distances(first: Array, second: Array) -> Array:
    """Euclid's, [N, M]."""
    squares = np.square(first).sum(1)[:, None] + np.square(second).sum(1)[None] - 2.0 * first @ second.T
    out: Array = np.sqrt(np.maximum(squares, 0.0))
    return out


def chi_square(first: Array, second: Array) -> Array:
    """[N], sum of (a - b)^2 / (a + b) of rows."""
    out: Array = (np.square(first - second) / np.maximum(first + second, 1e-9)).sum(axis=1)
    return out
