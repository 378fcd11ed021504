"""What the page asks for: which picture next, what it looks like, and where a label goes."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import field
from pathlib import Path
from typing import Any

from wakeful.device.view.access import Access, own_names
from wakeful.files import write_file
from wakeful.frozen import dataclass
from wakeful.models.dataset.items import Picture, PictureSet
from wakeful.models.labelling.guess import Guesser
from wakeful.models.labelling.journal import Journal, Look
from wakeful.models.labelling.scheme import Scheme
from wakeful.models.labelling.verdicts import agreement, table
from wakeful.sensors.opencv import cv2

MOST_AT_ONCE = 64
MOST_SHOWN_PX = 1024
WRITE_EVERY_S = 5.0
JPEG_QUALITY = 92
MOST_LOOKS = 9


@dataclass
class Desk:
    """Shared by all requests.

    Attributes:
        out: the table that is made of the labels; the journal is the truth.
        who: the person who labels.
        seed: of the order of second looks.
    """

    pictures: PictureSet
    scheme: Scheme
    journal: Journal
    guesser: Guesser
    out: Path
    who: str = ""
    seed: int = 1
    access: Access = field(default_factory=Access)
    names: tuple[str, ...] = field(default_factory=own_names)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _written_s: float = 0.0

    def next(self, look: int, count: int) -> dict[str, Any]:
        """Pictures for the ``look``-th look at them: the least certain first, second looks in a random order."""
        with self._lock:
            looks = self.journal.looks()
        rows = range(len(self.pictures.items))
        open_ = [row for row in rows if len(looks.get(row, ())) == look - 1]
        if look == 1:
            order = sorted(open_, key=lambda row: (self.guesser.certainty(row), row))
        else:
            order = sorted(open_)
            random.Random(self.seed).shuffle(order)
        chosen = order[: min(count, MOST_AT_ONCE)]
        twice = agreement(looks)
        return {
            "pictures": [
                {
                    "row": row,
                    "name": self.pictures.items[row].name,
                    "eyes": self.guesser(row).eyes is not None,
                }
                for row in chosen
            ],
            "left": len(open_),
            "done": sum(len(one) >= look for one in looks.values()),
            "twice": twice.twice,
            "same": twice.same,
            "kappa": None if twice.kappa is None else round(twice.kappa, 3),
        }

    def label(self, look: Look) -> None:
        """Keeps a label. Raises ``OSError``: the disk did not take it."""
        with self._lock:
            self.journal.add(look, 1 + len(self.journal.looks().get(look.row, ())))
        self.write(seldom=True)

    def undo(self, id_: str, of: str) -> None:
        """Takes a label back. Raises ``OSError`` likewise."""
        with self._lock:
            self.journal.undo(id_, of)

    def write(self, *, seldom: bool = False) -> None:
        """Writes the table; ``seldom``: only if that was some seconds ago.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            now_s = time.monotonic()
            if seldom and now_s - self._written_s < WRITE_EVERY_S:
                return
            self._written_s = now_s
            write_file(self.out, table(self.pictures, self.journal.looks(), self.scheme), private=True)

    def shown(self, row: int) -> bytes | None:
        """A picture as JPEG, at most ``MOST_SHOWN_PX`` wide and high; None for what cannot be decoded."""
        return _jpeg(self.pictures.picture(row))

    def strip(self, row: int) -> bytes | None:
        """Both eyes, level; None without a face."""
        return _jpeg(self.guesser.strip(row))


def _jpeg(picture: Picture | None) -> bytes | None:
    if picture is None:
        return None
    scale = MOST_SHOWN_PX / max(picture.shape[:2])
    if scale < 1.0:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
