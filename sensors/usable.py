"""Hands on what of a source's frames shows something: lit ones, in grey where one channel carries the picture alone.

Cameras and converters give such frames without a word; whoever reads them finds nobody, or half as many frames as
there are. So each finding is reported as a note.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wakeful.sensors.channels import CHANNELS, LEAST_SPREAD, carrying, in_grey
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import Source, Wrapped
from wakeful.sensors.strobe import PERIODS, Strobe, level_of

ONE_CHANNEL, STROBED = "one_channel", "strobed"
ROWS, COLUMNS = 18, 24
"""Pixels that are looked at in each frame."""
CHANNELS_EVERY = 8
"""Which channels carry the picture is looked at in one of so many frames."""
ORDINAL = {2: "second", 3: "third", 4: "fourth"}


class Notepad(Protocol):
    """Where findings are written, as ``wakeful.device.supervision.notes`` has it."""

    def set(self, code: str, text: str) -> None: ...
    def clear(self, code: str) -> None: ...


class UsableFrames(Wrapped):
    """A source without the frames between the flashes of a lamp, and without empty colour channels.

    Args:
        notes: gets ``one_channel`` and ``strobed`` while that is found.
    """

    def __init__(self, source: Source, notes: Notepad) -> None:
        super().__init__(source)
        self._notes = notes
        self._strobe = Strobe()
        self._channel: int | None = None
        self._to_channels = 0

    def read_latest(self, max_age_s: float) -> Frame:
        """See ``wakeful.sensors.source.Source``; waits as long again for each dark frame that is left out."""
        for _ in range(max(PERIODS)):
            frame = self._source.read_latest(max_age_s)
            sample = sample_of(frame.image)
            self._see_channel(sample)
            lit = sample if self._channel is None else sample[..., self._channel]
            before = self._strobe.period
            for seq, t_ns in self.take_black():
                self._strobe.is_dark(seq, t_ns, 0.0)
            dark = self._strobe.is_dark(frame.seq, frame.t_ns, level_of(lit))
            if self._strobe.period != before:
                self._note_strobe()
            if not dark:
                break
        return frame if self._channel is None else replace(frame, image=in_grey(frame.image, self._channel))

    def _see_channel(self, sample: NDArray[np.uint8]) -> None:
        """Now and then; a picture that is black all over says nothing of its channels."""
        self._to_channels -= 1
        if self._to_channels >= 0:
            return
        self._to_channels = CHANNELS_EVERY - 1
        channel = carrying(sample)
        if channel == self._channel or (channel is None and sample.std() < LEAST_SPREAD):
            return
        self._channel = channel
        if channel is None:
            self._notes.clear(ONE_CHANNEL)
        else:
            self._notes.set(
                ONE_CHANNEL,
                f"images are in the {CHANNELS[channel]} channel only and read from it in grey; if the camera can do "
                "better, set [source] pixel_format",
            )

    def _note_strobe(self) -> None:
        period = self._strobe.period
        if not period:
            self._notes.clear(STROBED)
            return
        left = f", {self._strobe.lit_fps:.0f} frames per second remain" if self._strobe.lit_fps else ""
        self._notes.set(
            STROBED,
            f"only every {ORDINAL[period]} frame is lit, as by a lamp that flashes: dark ones are left out{left}; "
            "if these are too few, let the lamp light every frame",
        )


def sample_of(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Some hundred pixels from all over a picture, uint8 [height, width, 3]."""
    height, width = image.shape[:2]
    return np.ascontiguousarray(image[:: max(height // ROWS, 1), :: max(width // COLUMNS, 1)])
