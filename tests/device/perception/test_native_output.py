"""Two monitors that load their networks at the same time leave the standard streams as they were."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import wakeful

OVERLAPPING = """
import os, threading
from wakeful.device.perception.native_output import silence_native_output

first_in, second_asks = threading.Event(), threading.Event()

def first():
    with silence_native_output(2):
        first_in.set()
        second_asks.wait(10)
        threading.Event().wait(0.1)

def second():
    first_in.wait(10)
    second_asks.set()
    with silence_native_output(2):
        one.join(0.5)

one, two = threading.Thread(target=first), threading.Thread(target=second)
one.start(), two.start(), one.join(), two.join()
os.write(2, b"still heard")
"""


def test_silences_that_overlap_leave_the_stream_as_it_was() -> None:
    root = Path(wakeful.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", OVERLAPPING], cwd=root, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"still heard")
