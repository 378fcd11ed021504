"""OpenCV as the sensors use it: silent. Import ``cv2`` from here in code that opens files or cameras.

OpenCV and the FFmpeg inside it write warnings straight to the standard error stream, past every handler. What went
wrong with a source is reported by wakeful instead. To see OpenCV's messages, set these variables before starting.

What cannot be silenced here: libjpeg prints a line for a damaged JPEG image. ``wakeful run``, which has its process to
itself, counts these lines instead (``wakeful.device.supervision.native_messages``).
"""

from __future__ import annotations

import os

_CHOSEN_BY_USER = "OPENCV_LOG_LEVEL" in os.environ

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET of libavutil/log.h
# How long a grab may wait inside OpenCV for a camera that says nothing, s. OpenCV's own 10 s would delay reconnecting.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")
# 8192x8192. A camera on the network may send a small file that says it is a gigapixel image, and takes 3 GB to decode.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**26))

import cv2  # noqa: E402  OpenCV reads the variables when it is loaded

if not _CHOSEN_BY_USER:
    # For the case that somebody else had loaded OpenCV before.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

__all__ = ["cv2"]
