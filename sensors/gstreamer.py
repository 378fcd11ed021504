"""Any GStreamer pipeline as a camera: ``libcamerasrc``, ``qtiqmmfsrc``, ``rtspsrc``, all that end in raw video.

A child runs it, ``gst-launch-1.0``: the wheels of OpenCV have no GStreamer, and a plugin that crashes or hangs takes
nothing along but its child. The frames come through a pipe as YUV4MPEG, which says their size.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from functools import partial

import numpy as np
from numpy.typing import NDArray

from wakeful.errors import SourceError
from wakeful.sensors.address import shown
from wakeful.sensors.live import Patience
from wakeful.sensors.names import elements_of
from wakeful.sensors.raw_frames import Bytes, Ended, Y4mFrames
from wakeful.sensors.source import SourceInfo
from wakeful.sensors.stream import CONNECT_S, StreamCamera

PROGRAM = "gst-launch-1.0"
ELEMENTS = {"y4menc": "gstreamer1.0-plugins-good", "videoconvert": "gstreamer1.0-plugins-base"}
"""What every pipeline needs beside its own elements, and the Debian packages that have them."""
PACKAGES = "gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
INSTALL = f"sudo apt install {PACKAGES}"

END = (
    "queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! videoconvert ! videoscale ! "
    "video/x-raw,format=I420,colorimetry=bt601,width=[8,8192,8],height=[2,8192,2] ! "
    "identity drop-allocation=true ! y4menc ! fdsink sync=false"
)
"""Behind the user's elements: the newest frame only, and rows without padding, which y4menc would write as pixels: by a
width that needs none, and by not telling decoders that they may add some."""

START_S = 20.0
"""For the first frame of all: GStreamer looks through all its plugins when it is started for the first time."""
PATIENCE = Patience(longest_retry_s=1.0, first_frame_s=2.5)
END_S = 1.0
NAME_LENGTH = 60
MAX_SAID_BYTES = 65_536
CHECK = "check that its elements deliver raw video"
FIND = "check its name, or install the plugin that has it (libcamerasrc: gstreamer1.0-libcamera)"
DETAILS = "Additional debug info:"
ERROR = re.compile(r"(?:ERROR|WARNING): (?:from element \S*?(?P<element>[^:/\s]+): |erroneous pipeline: )(?P<text>.*)")
MISSING = re.compile(r'no element "(?P<name>[^"]+)"')


def command(pipeline: str, descriptor: int) -> list[str]:
    """What runs ``pipeline`` and writes its frames to ``descriptor``.

    Raises:
        ConfigError: the pipeline is empty, or its quotes do not match.
        SourceError: GStreamer is not installed.
    """
    words = elements_of(pipeline)
    program = shutil.which(PROGRAM)
    if program is None:
        raise SourceError(f"{PROGRAM} is not installed: {INSTALL}")
    return [program, "-q", *words, "!", *END.split(), f"fd={descriptor}"]


class GstStream:
    """One run of the child; a ``Stream``."""

    stamp_s: float | None = None
    overtaken = False

    def __init__(self, pipeline: str) -> None:
        self._pipeline = pipeline
        self._name = name_of(pipeline)
        self._child: subprocess.Popen[bytes] | None = None
        self._bytes: Bytes | None = None
        self._frames: Y4mFrames | None = None
        self._flat: NDArray[np.uint8] | None = None
        self._is_first = False

    def open(self) -> SourceInfo:
        self._end, child_end = os.pipe()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        try:
            self._child = subprocess.Popen(
                command(self._pipeline, child_end),
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                pass_fds=(child_end,),
                start_new_session=True,
            )
        finally:
            os.close(child_end)
        self._bytes = Bytes(self._end, START_S)
        self._frames = Y4mFrames(self._bytes)
        self.grab()
        self._bytes.silence_s = CONNECT_S
        self._is_first = True
        height, width = self.retrieve()[1].shape[:2]
        return SourceInfo(self._name, True, width, height, None, "I420")

    def grab(self) -> bool:
        assert self._frames is not None
        if self._is_first:
            self._is_first = False
            return True
        try:
            self._flat = self._frames.next()
        except TimeoutError:
            raise SourceError(f"{self._name}: no image for a while: {self._said_last() or CHECK}") from None
        except Ended:
            raise SourceError(f"{self._name}: {self._said_last() or 'the pipeline has ended'}") from None
        if os.fstat(self._said.fileno()).st_size > MAX_SAID_BYTES:
            # The child appends where we seek to.
            self._said.seek(0)
            self._said.truncate()
        return True

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        assert self._frames is not None and self._flat is not None
        return True, self._frames.to_bgr(self._flat)

    def interrupt(self) -> None:
        # The child may hang in a driver, and not end.
        if self._bytes is not None:
            self._bytes.interrupted = True

    def release(self) -> None:
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(END_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        os.close(self._end)
        self._said.close()

    def _said_last(self) -> str:
        """The child's own error, in one line, once it has ended."""
        assert self._child is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(END_S)
        size = os.fstat(self._said.fileno()).st_size
        text = os.pread(self._said.fileno(), MAX_SAID_BYTES, max(0, size - MAX_SAID_BYTES)).decode("utf-8", "replace")
        return error_of(text)


def name_of(pipeline: str) -> str:
    """What a pipeline is called in messages."""
    name = f"gst:{' '.join(shown(pipeline).split())}"
    return name if len(name) <= NAME_LENGTH else f"{name[:NAME_LENGTH]}..."


def has_element(name: str) -> bool:
    """Whether GStreamer has an element of this name; True if it cannot be asked."""
    try:
        asked = subprocess.run(["gst-inspect-1.0", "--exists", name], capture_output=True, timeout=START_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return True
    return asked.returncode == 0


def error_of(said: str) -> str:
    """The first error in what gst-launch printed, with its cause and, where it is known, its fix."""
    lines = [line for line in said.splitlines() if line.strip()]
    for place, line in enumerate(lines):
        found = ERROR.match(line)
        if found is None:
            continue
        text = found["text"].rstrip(".")
        if (element := found["element"]) is not None:
            # The details of an error are three lines: a heading, where it is in the source code, and the cause.
            cause = lines[place + 3] if lines[place + 1 : place + 2] == [DETAILS] and len(lines) > place + 3 else ""
            text = f"{element}: {text}" + (f" ({cause.strip()})" if cause and not ERROR.match(cause) else "")
        if "could not link" in text:
            text += f": {CHECK}"
        if missing := MISSING.search(text):
            text += f": {INSTALL}" if missing["name"] in ELEMENTS else f": {FIND}"
        return "".join(one if one.isprintable() else "?" for one in shown(text))
    return ""


def open_gstreamer(pipeline: str) -> StreamCamera:
    """Open the camera at the beginning of a pipeline."""
    return StreamCamera(name_of(pipeline), partial(GstStream, pipeline), patience=PATIENCE)
