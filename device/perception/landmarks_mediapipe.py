"""Landmarks by Google's own FaceLandmarker (package ``mediapipe``): for comparing wakeful with what Google ships.

It runs the same network as ``v2`` from the published bundle, with Google's own face detector, cropping and smoothing
around it, in video mode. It is given the region of the watched person instead of the whole frame, turned upright:
which of several people is watched stays with ``wakeful.device.perception.person``, and its tracking inside that region
only has to follow what little the region itself misses.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from wakeful.device.messages import ReaderTraits
from wakeful.device.perception.landmarks import FaceLandmarks, require_finite
from wakeful.device.perception.landmarks_v2 import face_of
from wakeful.device.perception.native_output import silence_native_output
from wakeful.device.perception.network import Loader, NetworkLoadError, load
from wakeful.device.perception.region import Region
from wakeful.device.stages import UNWATCHED
from wakeful.errors import ConfigError
from wakeful.models import registry
from wakeful.sensors.frame import Frame

BUNDLE = "face_landmarker"
INSTALL = "pip install 'wakeful[mediapipe]'"
# The crop holds a face about two thirds as wide, which is then some 256 pixels, the input of the network.
CROP_PX = 384


class MediaPipeReader:
    """FaceLandmarker on the region of one face.

    The library runs on the processor with threads of its own: ``threads`` and ``load`` (``--runtime``) do not apply.
    It does not publish the score of a face: ``min_presence`` is passed to it, and what it returns has presence 1.

    Raises:
        ConfigError: the package is not installed.
        ModelError: the bundle is missing, corrupt or refused.
    """

    traits = ReaderTraits("mediapipe", closed_ratio=0.05, wide_mouth_aspect=0.7)
    found_presence = 0.0
    iris_drawn = 1.07
    rates_eyes = False
    reads_each_eye = False

    def __init__(self, min_presence: float = 0.5, threads: int = 1, load: Loader = load) -> None:
        try:
            self._mediapipe: Any = importlib.import_module("mediapipe")
        except ImportError as error:
            raise ConfigError(f"--landmarks mediapipe needs the package mediapipe ({error}): {INSTALL}") from None
        self._landmarker = _open(self._mediapipe, min_presence)
        self._last_ms, self._ahead_ms = -1, 0
        self.stages = UNWATCHED

    def __call__(self, frame: Frame, region: Region, *, one_eye: bool = False) -> FaceLandmarks | None:
        pixels = region.pixels(frame.image, CROP_PX, brighten=True)
        image = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=pixels)
        found = self._landmarker.detect_for_video(image, self._timestamp_ms(frame)).face_landmarks
        if not found:
            return None
        points = np.array([(one.x, one.y, one.z) for one in found[0]], np.float32) * np.float32(CROP_PX)
        return face_of(region.to_picture(require_finite(points, BUNDLE), CROP_PX), presence=1.0)

    def close(self) -> None:
        """Its threads must end before the interpreter does: afterwards the library cannot be closed any more."""
        self._landmarker.close()

    def _timestamp_ms(self, frame: Frame) -> int:
        """Strictly increasing, as the library requires, also where one frame is read twice or a source starts over."""
        moved = frame.t_ns // 1_000_000 + self._ahead_ms
        self._ahead_ms += max(0, self._last_ms + 1 - moved)
        self._last_ms = max(moved, self._last_ms + 1)
        return self._last_ms


def _open(mediapipe: Any, min_presence: float) -> Any:
    vision = mediapipe.tasks.vision
    file = registry.path(BUNDLE)
    options = vision.FaceLandmarkerOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(file)),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=1,
        min_face_detection_confidence=min_presence,
        min_face_presence_confidence=min_presence,
        min_tracking_confidence=min_presence,
    )
    try:
        with silence_native_output(2):
            return vision.FaceLandmarker.create_from_options(options)
    except (ValueError, RuntimeError, OSError) as error:
        raise NetworkLoadError(f"{file}: mediapipe cannot load it ({error}); run `wakeful models verify`") from error
