"""What ``wakeful run`` does to the process that it has to itself: threads of libraries, and collection of garbage."""

from __future__ import annotations

import os
import subprocess
import sys

PATIENCE_S = 60.0

RUN_TO_ITS_END = """
import gc, os, sys, time
from wakeful.__main__ import main
sys.argv[1:] = ["run", "--source", "synthetic", "--duration", "0.1", "--plain"]
try:
    main()
except SystemExit as end:
    until_s = time.monotonic() + 20
    while len(os.listdir("/proc/self/task")) > 2 and time.monotonic() < until_s:
        time.sleep(0.01)
    print(end.code, gc.isenabled(), len(os.listdir("/proc/self/task")))
"""


def last_line(code: str) -> str:
    """What an interpreter that runs ``code`` prints last, without the limit that tests set to OpenCV's threads."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENCV_FOR_THREADS_NUM"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    return done.stdout.splitlines()[-1]


def test_garbage_is_collected_again_after_the_start_and_linear_algebra_has_no_threads_of_its_own() -> None:
    status, collecting, threads = last_line(RUN_TO_ITS_END).split()
    assert (status, collecting) == ("0", "True")
    # The main one, and one that reads what native libraries print. Those of numpy would stay: one more for each core.
    assert int(threads) <= 2


def test_opencv_keeps_to_the_threads_that_networks_are_given() -> None:
    ran = "import cv2; from wakeful.device.cli import status; print(status(ARGUMENTS), cv2.getNumThreads())"
    arguments = ["run", "--source", "synthetic", "--duration", "0.1", "--plain"]
    assert last_line(ran.replace("ARGUMENTS", repr(arguments))) == "0 1"
