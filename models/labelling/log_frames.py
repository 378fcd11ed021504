"""Frames of a recorded drive as pictures to label: one in so many seconds, as they were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wakeful.device.record.reader import recording
from wakeful.device.record.schema import CAMERA
from wakeful.device.record.schema import Picture as RecordedPicture
from wakeful.files import write_file
from wakeful.models.dataset.items import DataSetError, Item, Picture, PictureSet
from wakeful.sensors.image_folder import decode_image

MOST_BYTES = 2_000_000_000


class LogFrames(PictureSet):
    """Frames of one recording.

    Raises:
        LogError: it cannot be read.
        DataSetError: no images were recorded, or too many for the memory.
    """

    kind = "log"
    columns = ()
    unused = ()
    notes = ()

    def __init__(self, source: Path, every_s: float) -> None:
        self.source = source
        self._jpegs: list[bytes] = []
        items, held, due_s = [], 0, float("-inf")
        found = recording(source)
        for entry in found.entries(CAMERA):
            if not isinstance(entry.value, RecordedPicture):
                continue
            t_s = found.config.seconds(entry.value.t_ns)
            if t_s < due_s:
                continue
            due_s = t_s + every_s - 1e-3  # frame times are whole milliseconds
            items.append(Item(f"{found.config.session}@{t_s:.3f}"))
            self._jpegs.append(entry.value.jpeg)
            held += len(entry.value.jpeg)
            if held > MOST_BYTES:
                raise DataSetError(f"{source} has too many images: take fewer with --every SECONDS")
        if not items:
            raise DataSetError(f"{source} holds no images: record with `wakeful run --record DIR --record-video all`")
        self.items = tuple(items)

    def picture(self, index: int) -> Picture | None:
        return decode_image(self._jpegs[index])

    def write(self, kept: Sequence[int], out: Path) -> None:
        for index in kept:
            write_file(out / f"{self.items[index].name}.jpg", self._jpegs[index], private=True, durable=False)
