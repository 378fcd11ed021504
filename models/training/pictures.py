"""Many small pictures of different sizes in one array, decoded once and kept for the next start."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.files import replace_file
from wakeful.frozen import dataclass
from wakeful.sensors.opencv import cv2

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Grey pictures.

    Attributes:
        levels: uint8, all pictures one after the other.
        offset: int64 [N + 1], where each begins.
        size: int32 [N, 2], height and width.
    """

    levels: NDArray[np.uint8]
    offset: NDArray[np.int64]
    size: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.size)

    def __getitem__(self, index: int) -> Picture:
        height, width = self.size[index]
        return self.levels[self.offset[index] : self.offset[index + 1]].reshape(height, width)

    @classmethod
    def of(cls, pictures: Iterable[Picture]) -> Pictures:
        """Packs grey pictures [h, w]."""
        parts = [np.ascontiguousarray(picture) for picture in pictures]
        size = np.array([part.shape for part in parts], np.int32).reshape(-1, 2)
        offset = np.concatenate([[0], np.cumsum(size.astype(np.int64).prod(axis=1))])
        levels = np.concatenate([part.reshape(-1) for part in parts]) if parts else np.empty(0, np.uint8)
        return cls(levels, offset, size)

    def followed_by(self, others: Pictures) -> Pictures:
        """These and, after them, others."""
        return Pictures(
            np.concatenate([self.levels, others.levels]),
            np.concatenate([self.offset, self.offset[-1] + others.offset[1:]]),
            np.concatenate([self.size, others.size]),
        )

    def save(self, file: Path) -> None:
        """Writes ``file`` (.npz, not compressed: it is read at every start)."""

        def write(part: Path) -> None:
            with part.open("wb") as opened:
                np.savez(opened, levels=self.levels, offset=self.offset, size=self.size)

        replace_file(file, write, private=False)

    @classmethod
    def load(cls, file: Path) -> Pictures:
        """What ``save`` wrote."""
        with np.load(file) as packed:
            return cls(packed["levels"], packed["offset"], packed["size"])


@dataclass(frozen=True, slots=True)
class Encoded:
    """Pictures as they lie in a data file: WebP, PNG or JPEG one after the other."""

    content: NDArray[np.uint8]
    offset: NDArray[Any]

    def __len__(self) -> int:
        return len(self.offset) - 1

    def read(self, index: int, flags: int = cv2.IMREAD_COLOR) -> Picture:
        """One picture, blue-green-red or what ``flags`` asks for."""
        part = np.asarray(self.content[self.offset[index] : self.offset[index + 1]])
        decoded: Any = cv2.imdecode(part, flags)
        return np.asarray(decoded, np.uint8)


def cached(file: Path, make: Iterable[Picture]) -> Pictures:
    """The pictures of ``file``, which is written from ``make`` where it is missing."""
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        Pictures.of(make).save(file)
    return Pictures.load(file)
