"""Grey formats of cameras arrive bit by bit as the kernel documents them, through the real system calls.

The camera stands behind the system calls of another process; ``tools/rigs/v4l2_camera.c`` says what it does not show.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tools.rigs.grey_bytes import grey_bytes
from tools.rigs.v4l2_camera import COMPILER, SOURCE, compiled, environment, write_camera
from wakeful.sensors.pixels import GREY_LAYOUTS

pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")

WIDTH, HEIGHT = 30, 8
READ = """
import json, sys
from dataclasses import asdict
from wakeful.sensors.camera import open_source
from wakeful.sensors.v4l2_controls import CameraControls
source = open_source(sys.argv[1], width=640, height=8, fps=50, pixel_format=sys.argv[2] or None,
                     controls=CameraControls(80, 500, {"focus_absolute": 3}))
frames = [source.read_latest(5.0).image for _ in range(4)]
print(json.dumps({"info": asdict(source.info), "frames": [frame[..., 2].tolist() for frame in frames]}))
source.close()
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("v4l2"))


def read(library: Path, camera: Path, pixel_format: str = "") -> tuple[dict[str, object], list[list[list[int]]], str]:
    done = subprocess.run(
        [sys.executable, "-c", READ, SOURCE, pixel_format],
        env=environment(library, camera),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = json.loads(done.stdout)
    return found["info"], found["frames"], done.stderr


@pytest.mark.parametrize(
    ("letters", "asked", "padding"),
    [
        ("GREY", "Y8", 2),
        ("Y10", "Y10", 0),
        ("Y12", "y12", 4),
        ("Y14", "", 0),
        ("Y16", "Y16", 0),
        ("Y10P", "Y10P", 0),
        ("Y10P", "", 11),
        ("Y12P", "", 0),
        ("Y14P", "", 3),
    ],
)
def test_a_test_picture_comes_through_each_format(
    library: Path, tmp_path: Path, letters: str, asked: str, padding: int
) -> None:
    layout = GREY_LAYOUTS[letters]
    random = np.random.default_rng(11)
    pictures = [random.integers(0, 1 << layout.bits, (HEIGHT, WIDTH)) for _ in range(3)]
    stride = layout.line_bytes(WIDTH) + padding
    raw = b"".join(grey_bytes(letters, picture, padding) for picture in pictures)
    camera = write_camera(tmp_path / "camera", (WIDTH, HEIGHT, stride, letters, 50.0), raw)
    info, frames, said = read(library, camera, asked)
    expected = [(picture >> (layout.bits - 8)).tolist() for picture in pictures]
    assert all(frame in expected for frame in frames)
    assert (info["pixel_format"], info["width"], info["fps"]) == (letters, WIDTH, 50.0)
    assert info["requested"] == f"640x8 -> {WIDTH}x{HEIGHT}, gain 500 -> 100"
    assert said == ""


def test_words_of_ten_bits_that_are_declared_as_sixteen_are_noticed(library: Path, tmp_path: Path) -> None:
    pictures = [np.random.default_rng(seed).integers(0, 1000, (HEIGHT, WIDTH)) for seed in range(3)]
    raw = b"".join(grey_bytes("Y16", picture) for picture in pictures)
    camera = write_camera(tmp_path / "camera", (WIDTH, HEIGHT, 2 * WIDTH, "Y16", 50.0), raw)
    _, frames, said = read(library, camera)
    assert all(frame in [(picture >> 2).tolist() for picture in pictures] for frame in frames)
    assert said.splitlines() == ["/dev/video99: 16-bit images with values below 1024: read as 10 bits"]


def test_a_running_camera_takes_less_light_and_gives_it_back(library: Path, tmp_path: Path) -> None:
    script = """
import os, sys, time
from wakeful.sensors.camera import open_source
from wakeful.sensors.source import expose
from wakeful.sensors.v4l2_controls import control_device
def time_now():
    with control_device("/dev/video99") as device:
        return device.read(device.named("exposure_time_absolute"))
def wait_for(value):
    for _ in range(2000):
        if time_now() == value:
            return
        time.sleep(0.01)
    sys.exit(f"{time_now()}, not {value}")
source = open_source("99")
assert expose(source, 0.5)
wait_for(125)
assert expose(source, None)
wait_for(250)
source.close()
"""
    raw = np.random.default_rng(1).integers(60, 200, (3, HEIGHT, WIDTH)).astype(np.uint8).tobytes()
    camera = write_camera(tmp_path / "camera", (WIDTH, HEIGHT, WIDTH, "GREY", 50.0), raw)
    subprocess.run([sys.executable, "-c", script], env=environment(library, camera), timeout=120, check=True)


def test_a_grey_camera_that_is_gone_is_found_again_and_half_a_picture_is_none(library: Path, tmp_path: Path) -> None:
    script = """
import sys
from wakeful.sensors.camera import open_source
from wakeful.sensors.source import StaleFrame
source = open_source("99")
lost, seqs = set(), []
while len(seqs) < 20:
    try:
        frame = source.read_latest(0.1)
    except StaleFrame:
        lost.add(source.lost)
        continue
    assert frame.image.min() >= 60
    seqs.append(frame.seq)
assert seqs == sorted(set(seqs)) and not any(seq % 10 % 3 == 1 for seq in seqs), seqs
assert lost - {None}, lost
source.close()
"""
    raw = np.random.default_rng(1).integers(60, 200, (3, HEIGHT, WIDTH)).astype(np.uint8).tobytes()
    camera = write_camera(tmp_path / "camera", (WIDTH, HEIGHT, WIDTH, "GREY", 50.0), raw)
    failing = environment(library, camera) | {"V4L2_CAMERA_FAILS": "10"}
    done = subprocess.run([sys.executable, "-c", script], env=failing, timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
