"""Frames that another program writes to standard input: ``ffmpeg ... | wakeful run --source pipe:640x480:BGR``."""

from __future__ import annotations

import os
import stat
import time
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import SourceError
from wakeful.sensors.live import Patience
from wakeful.sensors.names import geometry_of
from wakeful.sensors.raw_frames import SLICE_S, Bytes, Ended, Frames, PlainFrames, Y4mFrames
from wakeful.sensors.source import EndedEarly, EndOfSource, SourceInfo
from wakeful.sensors.stream import StreamCamera

STANDARD_INPUT = 0
START = "pipe the program that writes the frames into wakeful"
START_S = 20.0
"""For the first frame of all: the other program starts at the same time."""
PATIENCE = Patience(first_frame_s=float("inf"))
"""There is no second connection: the one is read for good, and what stopped in the middle of a frame goes on there."""


class PipeStream:
    """Standard input; a ``Stream``.

    The end of a pipe is the end of the source. A named pipe (``wakeful ... < /run/camera``) may get another writer.
    """

    stamp_s: float | None = None
    overtaken = False

    def __init__(self, form: str, descriptor: int = STANDARD_INPUT) -> None:
        self._name = f"pipe:{form}"
        self._form = form
        self._descriptor = descriptor
        self._bytes = Bytes(descriptor, START_S)
        self._frames = _frames(form, self._bytes)
        self._flat: NDArray[np.uint8] | None = None
        self._is_first = False

    def open(self) -> SourceInfo:
        if os.isatty(self._descriptor):
            raise SourceError(f"{self._name}: standard input is a terminal: {START}")
        try:
            self.grab()
        except TimeoutError:
            raise SourceError(f"{self._name}: no frame came on standard input in {START_S:g} s: {START}") from None
        except EndOfSource:
            raise SourceError(f"{self._name}: standard input ended before the first frame: {START}") from None
        self._bytes.silence_s = float("inf")
        self._is_first = True
        height, width = self.retrieve()[1].shape[:2]
        return SourceInfo(self._name, True, width, height, None, self._form.rpartition(":")[2].upper())

    def grab(self) -> bool:
        if self._is_first:
            self._is_first = False
            return True
        while True:
            try:
                self._flat = self._frames.next()
                return True
            except Ended as end:
                if self._bytes.interrupted:
                    return False
                if not _is_named_pipe(self._descriptor):
                    raise self._end(inside=end.inside) from None
            # The next writer begins a frame.
            self._bytes.forget()
            time.sleep(SLICE_S)

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        assert self._flat is not None
        return True, self._frames.to_bgr(self._flat)

    def interrupt(self) -> None:
        self._bytes.interrupted = True

    def release(self) -> None:
        """Standard input belongs to the process."""

    def _end(self, *, inside: bool) -> EndOfSource:
        if inside:
            return EndedEarly(f"{self._name} ended in the middle of a frame: check the size, and what writes it")
        return EndOfSource(f"{self._name} is over")


def _frames(form: str, source: Bytes) -> Frames:
    geometry = geometry_of(form)
    return Y4mFrames(source) if geometry is None else PlainFrames(source, *geometry)


def _is_named_pipe(descriptor: int) -> bool:
    """Whether a pipe has a name, and so may get another writer; Linux calls one without a name ``pipe:[NUMBER]``."""
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        return False
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith("/")
    except OSError:
        return False


def open_standard_input(form: str) -> StreamCamera:
    """Open standard input as a camera whose frames have this form: ``WIDTHxHEIGHT:FORMAT`` or ``y4m``."""
    return StreamCamera(f"pipe:{form}", partial(PipeStream, form), patience=PATIENCE)
