"""A camera at the seam of ``cv2.VideoCapture`` that does on command what real ones do on their own.

What it does not simulate: buffers and their age, the time a mode change takes, USB bandwidth, exposure.
"""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from typing import Any

import cv2
import numpy as np

FRAME_PERIOD_S = 0.01


class ScriptedCamera:
    """The device behind the driver. ``mode`` is one of: works, frozen, black, strobed, failing, garbled, hangs, odd."""

    def __init__(self, device: Path, width: int = 64, height: int = 48, fps: float = 30.0) -> None:
        self.device = device
        self.mode = "works"
        self.width, self.height, self.fps = width, height, fps
        self.fourcc = cv2.VideoWriter.fourcc(*"YUYV")
        self.sizes = {(64, 48), (96, 80)}
        self.busy = False
        self.opened: list[tuple[float, str]] = []
        self.asked: list[tuple[int, float]] = []
        self.released = self.retrieved = 0
        self.driver_returns = Event()
        self.noise = np.random.default_rng(7)
        self.last = np.full((height, width, 3), 90, np.uint8)
        self.plug_in()

    def plug_in(self) -> None:
        self.device.write_bytes(b"")

    def unplug(self) -> None:
        self.device.unlink()

    def open(self, path: str) -> ScriptedCapture:
        """What the camera's ``backend`` is: ``cv2.VideoCapture(path, cv2.CAP_V4L2)``."""
        self.opened.append((time.monotonic(), path))
        return ScriptedCapture(self, path)


class ScriptedCapture:
    """One opening of it, with the methods of ``cv2.VideoCapture``."""

    def __init__(self, camera: ScriptedCamera, path: str) -> None:
        self.camera = camera
        self.path = path

    def isOpened(self) -> bool:
        return not self.camera.busy

    def set(self, propId: int, value: float) -> bool:
        camera = self.camera
        camera.asked.append((propId, value))
        if propId == cv2.CAP_PROP_FOURCC:
            camera.fourcc = int(value)
        if propId == cv2.CAP_PROP_FRAME_WIDTH:
            camera.width = min((w for w, _ in camera.sizes), key=lambda w: abs(w - value))
        if propId == cv2.CAP_PROP_FRAME_HEIGHT:
            camera.height = min((h for _, h in camera.sizes), key=lambda h: abs(h - value))
        return True

    def get(self, propId: int) -> float:
        camera = self.camera
        return {
            cv2.CAP_PROP_FRAME_WIDTH: float(camera.width),
            cv2.CAP_PROP_FRAME_HEIGHT: float(camera.height),
            cv2.CAP_PROP_FPS: camera.fps,
            cv2.CAP_PROP_FOURCC: float(camera.fourcc),
        }.get(propId, 0.0)

    def grab(self) -> bool:
        time.sleep(FRAME_PERIOD_S)
        if self.camera.mode == "hangs":
            self.camera.driver_returns.wait(20.0)
            return False
        return self.camera.mode != "failing" and Path(self.path).exists()

    def retrieve(self) -> tuple[bool, Any]:
        camera = self.camera
        if camera.mode == "garbled":
            return False, None
        camera.retrieved += 1
        if camera.mode == "black" or (camera.mode == "strobed" and camera.retrieved % 2):
            return True, camera.noise.integers(0, 3, (camera.height, camera.width, 3), dtype=np.uint8)
        if camera.mode == "odd":
            return True, np.zeros((camera.height, camera.width, 2), np.float32)
        if camera.mode in ("works", "strobed"):
            camera.last = camera.noise.integers(60, 120, (camera.height, camera.width, 3), dtype=np.uint8)
        return True, camera.last.copy()

    def release(self) -> None:
        self.camera.released += 1
