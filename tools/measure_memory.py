"""Does the monitor's memory grow? An hour of looped 30 fps input, as quickly as the machine allows.

    python -m tools.measure_memory [--minutes 60] [--landmarks auto]

Runs the monitor with every output that keeps something (events, signals, a serial line on a pseudo-terminal, plain
lines) and prints the resident memory at each tenth of the way. What counts is the growth after the first minute of
the input; wakeful promises at most 10 MB.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import threading
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.rigs.looped import COMING_AND_GOING, looped, rendered, run_looped
from wakeful.device.alerts.output import Output
from wakeful.device.messages import DriverState
from wakeful.sensors.source import Source

BAR_MB = 10.0


class MemoryWatch(Output):
    """An output that notes the resident memory, MB, at chosen seconds of the input."""

    def __init__(self, at_s: list[float]) -> None:
        self._at_s = at_s
        self._origin_ns = 0
        self._newest_ns = 0
        self.readings_mb: list[float] = []

    def start(self, origin_ns: int) -> None:
        self._origin_ns = origin_ns

    def state(self, state: DriverState) -> None:
        self._newest_ns = state.t_ns
        if self._at_s and state.t_ns - self._origin_ns >= self._at_s[0] * 1e9:
            self._at_s.pop(0)
            self._note()

    def close(self) -> None:
        self._note()

    def _note(self) -> None:
        self.readings_mb.append(resident_mb())
        minutes = (self._newest_ns - self._origin_ns) / 60e9
        print(f"{minutes:6.1f} min  {self.readings_mb[-1]:7.1f} MB", file=sys.stderr, flush=True)


def resident_mb() -> float:
    """Resident memory of this process, MB (2**20 bytes), as the kernel counts it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Runs the loop and prints the table."""
    parser = argparse.ArgumentParser(description="Memory of the monitor over a long run.")
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the input")
    parser.add_argument("--landmarks", default="auto", help="auto, v2 or mesh+iris")
    chosen = parser.parse_args()
    duration_s = 60.0 * chosen.minutes
    tenths_s = [duration_s * tenth / 10 for tenth in range(1, 10)]
    watch = MemoryWatch([60.0, *(at_s for at_s in tenths_s if at_s > 60.0)])
    pictures = rendered(COMING_AND_GOING)
    figures = _run(looped(pictures, realtime=False, duration_s=duration_s), chosen.landmarks, watch)
    print(f"{figures['frames']} frames in {figures['wall_s']:.0f} s, {figures['landmarks']}")
    print(f"alerts raised: {figures['alerts_raised']}")
    print(f"{sum(picture.nbytes for picture in pictures) / 2**20:.0f} MB of the memory hold the looped pictures")
    growth_mb = watch.readings_mb[-1] - watch.readings_mb[0]
    print(f"growth after the first minute: {growth_mb:+.1f} MB (at most {BAR_MB:g})")


def _run(source: Source, landmarks: str, watch: MemoryWatch) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, _drained_port() as port:
        summary = Path(folder) / "summary.json"
        overrides = {
            "perception.landmarks": landmarks,
            "outputs.events": f"{folder}/events.jsonl",
            "outputs.signals": f"{folder}/signals.csv",
            "outputs.summary": str(summary),
            "serial.url": port,
            "terminal.live": False,
        }
        with Path(os.devnull).open("w") as nowhere, _standard_output(nowhere.fileno()):
            run_looped(source, overrides, watch)
        figures: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    return figures


@contextlib.contextmanager
def _standard_output(descriptor: int) -> Iterator[None]:
    """The plain lines go there; the table goes to the terminal."""
    kept = os.dup(1)
    os.dup2(descriptor, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


@contextlib.contextmanager
def _drained_port() -> Iterator[str]:
    """A pseudo-terminal whose far end reads everything and keeps nothing."""
    far, near = os.openpty()
    tty.setraw(near)

    def drain() -> None:
        with contextlib.suppress(OSError):
            while os.read(far, 4096):
                pass

    threading.Thread(target=drain, daemon=True).start()
    try:
        yield os.ttyname(near)
    finally:
        os.close(near)


if __name__ == "__main__":
    main()
