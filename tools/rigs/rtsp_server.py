"""An IP camera on the loopback: RTSP with H.264, by GStreamer's server in a child process.

What it does not simulate: a camera's own encoder and its delays, RTP over UDP that loses packets.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from wakeful.sensors.gstreamer import PROGRAM, has_element

SYSTEM_PYTHON = "/usr/bin/python3"
"""The bindings come as Debian packages, for the system's own Python."""
BINDINGS = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
PACKAGES = "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-rtsp gstreamer1.0-plugins-ugly gstreamer1.0-libav"
ELEMENTS = ("x264enc", "rtph264pay", "rtspsrc", "avdec_h264")


def missing() -> str:
    """Why no server can be had here, empty if it can."""
    with suppress(OSError, subprocess.SubprocessError):
        found = subprocess.run([SYSTEM_PYTHON, "-c", BINDINGS], capture_output=True, timeout=30, check=False)
        if shutil.which(PROGRAM) and found.returncode == 0 and all(map(has_element, ELEMENTS)):
            return ""
    return f"no RTSP server: apt install {PACKAGES}"


class RtspServer:
    """Serves ``picture()`` at ``fps``; ``silent`` while that is set. ``login`` is ``USER:PASSWORD``, or empty."""

    def __init__(
        self, picture: Callable[[], np.ndarray[Any, Any]], port: int, login: str = "", fps: float = 30.0
    ) -> None:
        self.picture, self.fps, self.silent = picture, fps, False
        self.address = f"rtsp://127.0.0.1:{port}/cam"
        script = Path(__file__).with_name("rtsp_child.py")
        self._child = subprocess.Popen(
            [SYSTEM_PYTHON, str(script), str(port), login], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._child.stdout is not None
        if self._child.stdout.readline() != b"ready\n":
            raise RuntimeError("the RTSP server does not start")
        self._closed = False
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._feeder.start()

    def _feed(self) -> None:
        assert self._child.stdin is not None
        due_s = time.monotonic()
        with suppress(OSError):
            while not self._closed:
                due_s = max(due_s + 1 / self.fps, time.monotonic() - 0.05)
                time.sleep(max(0.0, due_s - time.monotonic()))
                if self.silent:
                    continue
                image = self.picture()
                height, width = image.shape[:2]
                self._child.stdin.write(struct.pack("<III", width, height, image.size) + image.tobytes())
                self._child.stdin.flush()

    def close(self) -> None:
        self._closed = True
        self._child.kill()
        self._child.wait()
        self._feeder.join(5.0)
        for pipe in (self._child.stdin, self._child.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
