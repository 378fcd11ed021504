"""How long does a frame take, from the picture to the decision? And memory, and the time to the first decision.

    python -m tests.tools.measure_speed [CLIP] [--frames 3000] [--mediapipe PYTHON]

CLIP is any video of one face; without it ``talking-face-200s.mp4`` in the folder that WAKEFUL_CLIPS names. Each reader
is a process of its own with one thread for its networks. They take turns in blocks of frames, so that whatever else
the machine does hurts them alike; pictures are decoded between the timed parts. PYTHON is the interpreter of an
environment with mediapipe 0.10.21: its ``face_mesh(refine_landmarks=True)`` then takes turns with them.

A frame's time runs from handing it to the monitor until its state has gone to the outputs. wakeful promises: median
at most 7 ms, 99th percentile under three times the median, under 250 MB, first decision within 2 s.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.messages import Alert, DriverState, Event
from models import registry
from sensors.opencv import cv2
from sensors.slot import PacedSource
from sensors.source import SourceInfo
from tests.tools.loop import run_looped

BLOCK = 250
STARTS = 5
READERS = {"v2": ("face_landmarks_detector",), "mesh+iris": ("face_landmark", "iris_landmark")}


class Stopwatch:
    """An output that notes when the state of each frame went out, and the source that says when the frame came in."""

    def __init__(self, clip: Path) -> None:
        # One decoding thread: others would go on decoding ahead while a frame is timed.
        self._capture = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        self._fps = self._capture.get(cv2.CAP_PROP_FPS) or 30.0
        self._given_s = 0.0
        # The monitor's own lines for people must not come between the answers.
        self._answers = os.fdopen(os.dup(1), "w", encoding="ascii")
        with Path(os.devnull).open("w", encoding="ascii") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        self._times_ms: list[float] = []

    def source(self) -> PacedSource:
        width, height = (int(self._capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        info = SourceInfo(name="clip", live=False, width=width, height=height, fps=self._fps)
        return PacedSource(info, self._frames(), realtime=False)

    def _frames(self) -> Iterator[tuple[int, NDArray[np.uint8] | None]]:
        seq = 0
        print("[]", file=self._answers, flush=True)
        for line in sys.stdin:
            pictures = list(self._decoded(int(line)))
            for picture in pictures:
                self._given_s = time.perf_counter()
                yield round(seq * 1e9 / self._fps), picture
                seq += 1
            print(json.dumps(self._times_ms), file=self._answers, flush=True)
            self._times_ms.clear()

    def _decoded(self, count: int) -> Iterator[NDArray[np.uint8]]:
        for _ in range(count):
            ok, picture = self._capture.read()
            if not ok:
                return
            yield np.asarray(picture, dtype=np.uint8)

    def start(self, origin_ns: int) -> None: ...

    def alert(self, alert: Alert) -> None: ...

    def event(self, event: Event) -> None: ...

    def state(self, state: DriverState) -> None:
        self._times_ms.append(1000 * (time.perf_counter() - self._given_s))

    def close(self) -> None: ...


class Worker:
    """A process that times frames when it is asked to."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self.times_ms: list[float] = []
        # Native libraries chatter; what matters comes back as JSON.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._answer()

    def time(self, frames: int) -> int:
        """How many frames there still were."""
        assert self._process.stdin is not None
        print(frames, file=self._process.stdin, flush=True)
        times_ms = self._answer()
        self.times_ms += times_ms
        return len(times_ms)

    def close(self) -> None:
        self._process.communicate()

    def _answer(self) -> list[float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended before it answered: {' '.join(map(str, self._process.args))}")  # type: ignore[arg-type]
        times_ms: list[float] = json.loads(line)
        return times_ms


def main() -> None:
    """Runs the workers in turn and prints the table."""
    chosen = _arguments()
    if chosen.worker:
        stopwatch = Stopwatch(chosen.clip)
        run_looped(
            stopwatch.source(),
            {"perception.landmarks": chosen.worker, "terminal.live": False, "outputs.events": os.devnull},
            stopwatch,
        )
        return
    readers = [name for name, networks in READERS.items() if all(registry.available(one) for one in networks)]
    me = [sys.executable, "-m", "tests.tools.measure_speed", str(chosen.clip), "--worker"]
    workers = [Worker(name, [*me, name]) for name in readers]
    if chosen.mediapipe:
        script = Path(__file__).with_name("mediapipe_face_mesh.py")
        workers.append(Worker("mediapipe face_mesh", [chosen.mediapipe, str(script), str(chosen.clip)]))
    done = 0
    timed = BLOCK
    while done < chosen.frames and timed == BLOCK:
        timed = min([worker.time(BLOCK) for worker in workers])
        done += timed
    for worker in workers:
        worker.close()
    _print_times(workers)
    for name in readers:
        _print_process(chosen.clip, name)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time per frame, memory, time to the first decision.")
    clips = os.environ.get("WAKEFUL_CLIPS")
    known = Path(clips) / "talking-face-200s.mp4" if clips else None
    parser.add_argument("clip", type=Path, nargs="?" if known else None, default=known, help="video of one face")
    parser.add_argument("--frames", type=int, default=3000, help="frames to time with each")
    parser.add_argument("--mediapipe", metavar="PYTHON", help="interpreter that has mediapipe")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def _print_times(workers: list[Worker]) -> None:
    print(f"{'':22} frames  median ms  p99 ms  p99/median  of mediapipe")
    other = next((np.median(w.times_ms) for w in workers if w.name.startswith("mediapipe")), None)
    for worker in workers:
        # The first frames search for the face and warm everything up.
        times_ms = np.array(worker.times_ms[BLOCK // 10 :])
        median, p99 = np.percentile(times_ms, [50, 99])
        share = f"{median / other:11.2f}" if other else ""
        print(f"{worker.name:22} {len(times_ms):6} {median:10.2f} {p99:7.2f} {p99 / median:11.2f} {share}")


def _print_process(clip: Path, reader: str) -> None:
    """Memory of a whole ``wakeful run``, and how long it takes to its first decision."""
    run = [sys.executable, "-m", "wakeful", "run", "--plain", "--landmarks", reader, "--source", str(clip)]
    firsts_s = []
    for _ in range(STARTS):
        began_s = time.monotonic()
        with subprocess.Popen(
            [*run, "--duration", "0.1", "--events", "-"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            firsts_s.append(time.monotonic() - began_s)
            process.communicate()
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        command = [*run, "--duration", "60", "--summary", str(summary), "--events", os.devnull]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        figures = json.loads(summary.read_text(encoding="utf-8"))
    print(
        f"{reader}: start to first decision {np.median(firsts_s):.2f} s (longest {max(firsts_s):.2f} s of {STARTS}), ",
        end="",
    )
    print(f"peak memory {figures['memory_peak_mb']:.0f} MB over {figures['frames']} frames")


if __name__ == "__main__":
    main()
