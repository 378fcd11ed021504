"""What does the live page cost, how quick is its picture, and how soon is an alert seen?

    python -m tools.measure_view [--seconds 20] [--rounds 3]

The real monitor runs in real time on a driver rendered beforehand, in turns without the page, with the page and nobody
who looks, and with two viewers. A viewer here reads the picture and the events from its sockets as a browser does, in
a process of its own. CPU is that of the monitor's process, per frame. The time to an alert runs from the moment the
monitor hands it to its outputs until a viewer has read it; ``tests/device/view/test_browser.py`` has the same with a
real browser, until it stands in the page.

wakeful promises: 25 pictures a second for each of two viewers, under 25 % more CPU, an alert within 200 ms.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tools.rigs.looped import MICROSLEEPS, looped, rendered, run_looped
from wakeful.device.alerts.output import Output
from wakeful.device.messages import Alert, DriverState

PORT = 8397
MODES = ("without", "idle", "two viewers")


class Figures(Output):
    """An output that counts frames and processor time from the second second on, and notes when alerts went out."""

    def __init__(self) -> None:
        self.frames = 0
        self.alerts: dict[str, float] = {}
        self._origin_ns: int | None = None
        self._cpu_s = 0.0
        self._last_cpu_s = 0.0

    def start(self, origin_ns: int) -> None:
        self._origin_ns = origin_ns

    def alert(self, alert: Alert) -> None:
        self.alerts[f"{alert.t_ns - (self._origin_ns or 0)}"] = time.monotonic()

    def state(self, state: DriverState) -> None:
        if state.t_ns - (self._origin_ns or 0) < 2_000_000_000:
            self._cpu_s = _cpu_s()
            return
        self.frames += 1
        self._last_cpu_s = _cpu_s()

    def told(self) -> dict[str, Any]:
        return {"frames": self.frames, "cpu_ms": 1000 * (self._last_cpu_s - self._cpu_s) / self.frames}


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Runs the modes in turn and prints the table."""
    parser = argparse.ArgumentParser(description="Cost of the live page.")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of one run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind")
    parser.add_argument("--worker", choices=MODES, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        _monitor(chosen.worker, chosen.seconds)
        return
    results: dict[str, list[dict[str, Any]]] = {mode: [] for mode in MODES}
    for _ in range(chosen.rounds):
        for mode in MODES:
            results[mode].append(_round(mode, chosen.seconds))
    _print(results)


def _monitor(mode: str, seconds: float) -> None:
    """One run of the monitor; its figures go to the standard output as JSON."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    with Path(os.devnull).open("w", encoding="ascii") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    figures = Figures()
    overrides: dict[str, object] = {"terminal.live": False, "source.duration_s": seconds}
    if mode != "without":
        overrides["view.address"] = f"127.0.0.1:{PORT}"
    run_looped(looped(rendered(MICROSLEEPS), realtime=True), overrides, figures)
    print(json.dumps({**figures.told(), "alerts": list(figures.alerts.values())}), file=answers, flush=True)


def _round(mode: str, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "tools.measure_view", "--worker", mode, "--seconds", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        viewers = [Viewer() for _ in range(2)] if mode == "two viewers" else []
        answer, _ = process.communicate()
    result: dict[str, Any] = json.loads(answer)
    seen = [viewer.result() for viewer in viewers]
    result["fps"] = [one["fps"] for one in seen]
    heard_s = [time_s for one in seen for time_s in one["alerts"]]
    result["delays_ms"] = [
        1000 * min(after) for sent_s in result["alerts"] if (after := [t - sent_s for t in heard_s if t >= sent_s])
    ]
    return result


class Viewer:
    """Two processes that read what a browser reads: the picture, and the events."""

    def __init__(self) -> None:
        self._answers: multiprocessing.Queue[dict[str, Any]] = multiprocessing.Queue()
        self._processes = [
            multiprocessing.Process(target=target, args=(self._answers,), daemon=True)
            for target in (_watch_picture, _watch_events)
        ]
        for process in self._processes:
            process.start()

    def result(self) -> dict[str, Any]:
        joined: dict[str, Any] = {}
        for _ in self._processes:
            joined |= self._answers.get(timeout=30.0)
        return joined


def _watch_picture(answers: multiprocessing.Queue[dict[str, Any]]) -> None:
    times_s = []
    with _connected("/picture") as connection:
        while data := connection.recv(1 << 16):
            times_s += [time.monotonic()] * data.count(b"--picture\r\n")
    later = [time_s for time_s in times_s if time_s > times_s[0] + 2.0]
    answers.put({"fps": (len(later) - 1) / (later[-1] - later[0])})


def _watch_events(answers: multiprocessing.Queue[dict[str, Any]]) -> None:
    alerts_s, rest = [], b""
    with _connected("/events") as connection:
        while data := connection.recv(1 << 16):
            *whole, rest = (rest + data).split(b"\n\n")
            told = [one for one in whole if one.startswith(b"event: happened")]
            alerts_s += [time.monotonic() for one in told if b" raised" in one or b" cleared" in one]
    answers.put({"alerts": alerts_s})


def _connected(path: str) -> socket.socket:
    deadline = time.monotonic() + 30.0
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", PORT))
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\n\r\n".encode())
    return connection


def _print(results: dict[str, list[dict[str, Any]]]) -> None:
    base = [one["cpu_ms"] for one in results["without"]]
    print(f"{'':12} CPU a frame, ms  more than without  pictures a second")
    for mode, runs in results.items():
        times = [one["cpu_ms"] for one in runs]
        ratios = [time_ms / before for time_ms, before in zip(times, base, strict=True)]
        fps = ", ".join(f"{rate:.1f}" for one in runs for rate in one["fps"])
        print(f"{mode:12} {statistics.median(times):15.2f} {100 * (statistics.median(ratios) - 1):16.1f} %  {fps}")
    delays_ms = [delay for runs in results.values() for one in runs for delay in one["delays_ms"]]
    print(f"alert from the monitor to a viewer: median {statistics.median(delays_ms):.1f} ms, ", end="")
    print(f"longest {max(delays_ms):.1f} ms of {len(delays_ms)}")


if __name__ == "__main__":
    main()
