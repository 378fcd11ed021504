"""A camera's damaged JPEGs are counted and reported once; whatever else native libraries print is still seen."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

import wakeful
from tools.rigs.waiting import Clock
from wakeful.device.supervision.native_messages import FEW, NOTE, REPEAT_S, WINDOW_S, DamagedImages
from wakeful.device.supervision.notes import Notes

CORRUPT = "Corrupt JPEG data: premature end of data segment"


def test_many_damaged_images_are_one_note_that_ends_with_their_number_and_rate(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, notes = Clock(), Notes()
    damaged = DamagedImages(notes, clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(300):
            clock.now_s += 0.1
            damaged.add(CORRUPT)
            damaged.look()
        assert notes.codes == (NOTE,)
        clock.now_s += WINDOW_S + 0.1
        damaged.look()
    assert not notes.codes
    assert [record.message for record in caplog.records][1:] == ["damaged images: 300 within 30 s, 10.0 per second"]
    assert CORRUPT in caplog.records[0].message


def test_a_fault_that_lasts_is_repeated_each_minute_with_its_rate(caplog: pytest.LogCaptureFixture) -> None:
    clock, notes = Clock(), Notes()
    damaged = DamagedImages(notes, clock)
    for _ in range(int(3 * REPEAT_S)):
        clock.now_s += 1.0
        damaged.add(CORRUPT)
        damaged.look()
    assert sum("per second" in record.message for record in caplog.records) == 2


def test_the_cut_off_image_at_the_beginning_of_a_stream_is_no_fault() -> None:
    clock, notes = Clock(), Notes()
    damaged = DamagedImages(notes, clock)
    for _ in range(5):
        for _ in range(FEW):
            damaged.add(CORRUPT)
        clock.now_s += WINDOW_S + 0.1
        damaged.look()
    assert notes.codes == ()
    assert damaged.total == 5 * FEW


DECODING = """
import ctypes, os, sys, time
from contextlib import closing
import numpy as np
from wakeful.sensors.opencv import cv2
from wakeful.device.supervision.native_messages import DamagedImages, NativeMessages
from wakeful.device.supervision.notes import Notes

chance = np.random.default_rng(1)
damaged_image = cv2.imencode(".jpg", chance.integers(0, 255, (240, 320, 3), np.uint8))[1]
damaged_image[700:-200] = chance.integers(0, 255, damaged_image.size - 900, np.uint8)
libc = ctypes.CDLL(None)
stderr = lambda: ctypes.c_void_p.in_dll(libc, "stderr")
damaged = DamagedImages(Notes())
with closing(NativeMessages()) as native:
    native.start(damaged)
    for _ in range(40):
        cv2.imdecode(damaged_image, cv2.IMREAD_COLOR)
    libc.fputs(b"a driver says something\\n", stderr())
    os.write(2, b"and Python too\\n")
    until = time.monotonic() + 20
    while damaged.total < 40 and time.monotonic() < until:
        time.sleep(0.01)
cv2.imdecode(damaged_image, cv2.IMREAD_COLOR)
time.sleep(0.2)
print(damaged.total)
"""


def test_opencvs_decoder_is_counted_and_other_messages_pass() -> None:
    root = Path(wakeful.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", DECODING], cwd=root, capture_output=True, timeout=60, text=True, check=True
    )
    lines = [line for line in done.stderr.splitlines() if not line.startswith("damaged images: ")]
    assert done.stdout == "40\n"
    assert sorted(lines[:2]) == ["a driver says something", "and Python too"]
    assert len(lines) == 3 and "JPEG" in lines[2]  # after the end everything is as before
