"""When a part cannot be kept alive the process ends with a reason, also when the loop itself hangs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

PATIENCE_S = 60.0

HANGING_NETWORK = """
import sys, threading
from wakeful.device import monitor as monitor_module
from wakeful.device.supervision import overseer
from wakeful.device.config.layers import load_settings
from wakeful.device.perception.pipeline import Perception
from wakeful.device.app import run
from wakeful import WakefulError

monitor_module.LOOP_STUCK_S = 0.6
overseer.GRACE_S = 0.3
look = Perception.look

def hanging(self, frame):
    if frame.seq >= 10:
        threading.Event().wait()
    return look(self, frame)

Perception.look = hanging
run(*load_settings(None, None, {
    "source.source": "synthetic:attentive", "perception.landmarks": "mesh+iris", "terminal.live": False,
    "outputs.events": sys.argv[1],
}))
"""

DYING_PART = """
from wakeful.device.config.layers import load_settings
from wakeful.device.supervision.workers import Liveness, Worker
from wakeful.device.app import run
from wakeful import WakefulError

def die():
    raise RuntimeError("the device is gone")

liveness = Liveness()
Worker("gauge", die, liveness=liveness).start()
try:
    run(*load_settings(None, None, {
        "source.source": "synthetic:attentive", "perception.landmarks": "mesh+iris", "terminal.live": False,
    }), liveness=liveness)
except WakefulError as error:
    print(error)
    raise SystemExit(error.exit_status)
"""


def test_a_loop_that_hangs_ends_the_process_with_a_reason_and_whole_files(tmp_path: Path) -> None:
    begun_s = time.monotonic()
    events = tmp_path / "events.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", HANGING_NETWORK, str(events)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "wakeful: the loop is stuck and cannot be started again: restart the monitor\n"
    assert events.read_text(encoding="utf-8").endswith("\n")
    assert time.monotonic() - begun_s < 15.0


def test_a_part_that_dies_again_and_again_ends_the_process_after_five_restarts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DYING_PART], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 1
    assert "gauge died, after 5 restarts within 60 s" in done.stdout
    assert done.stderr.count("gauge died: RuntimeError: the device is gone") == 6
    assert "Traceback" not in done.stderr
