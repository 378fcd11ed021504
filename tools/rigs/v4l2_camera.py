"""Programs with a camera at ``/dev/video99`` that is not there: see ``v4l2_camera.c``."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

COMPILER = shutil.which("cc")
SOURCE = "99"


def compiled(folder: Path) -> Path:
    """The library in front of the kernel."""
    library = folder / "v4l2_camera.so"
    code = Path(__file__).with_suffix(".c")
    command = [str(COMPILER), "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", library, code, "-ldl"]
    subprocess.run([str(part) for part in command], check=True)
    return library


def write_camera(file: Path, head: tuple[int, int, int, str, float], frames: bytes) -> Path:
    """What the camera gives: width, height, bytes of a line, letters of the format, rate in 1/s; then the frames."""
    width, height, stride, letters, fps = head
    file.write_bytes(f"{width} {height} {stride} {letters.ljust(4)} {fps:g}\n".encode() + frames)
    return file


def environment(library: Path, camera: Path) -> dict[str, str]:
    """For a program that shall have the camera."""
    return {**os.environ, "LD_PRELOAD": str(library), "V4L2_CAMERA": str(camera)}
