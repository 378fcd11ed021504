"""How quickly, and how surely, do alerts reach the wire? The monitor in real time on a pseudo-terminal.

    python -m tools.measure_wire [--alerts 100] [--landmarks auto]

The monitor runs as a process of its own on looped, pre-rendered pictures at 30 frames a second; this process is the
receiver at the far end of the line. One after the other:

1. latency of each alert sentence, from its frame's capture time to its arrival (at most 50 ms at the 99th percentile);
2. the receiver stops reading for 10 s, with the line filled up before, so that nothing at all fits;
3. the port is closed for 6 s and opened again as another pseudo-terminal behind the same link;
4. the camera is lost for 5 s.

Over all of it no frame and no alert may be lost, alerts arrive once and in order, and, while somebody reads, status
sentences are never more than 700 ms apart.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from typing import Any

import numpy as np

from tools.rigs.looped import MICROSLEEPS, looped, rendered, run_looped
from tools.rigs.serial_receiver import Receiver
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.serial.sentences import Sentence
from wakeful.device.messages import Alert, DriverState
from wakeful.sensors.frame import Frame
from wakeful.sensors.slot import PacedSource
from wakeful.sensors.source import StaleFrame, Wrapped

STUCK_S, CLOSED_S, LOST_S = 10.0, 6.0, 5.0
LATENCY_BAR_MS, HEARTBEAT_BAR_MS = 50.0, 700.0


class LosableCamera(Wrapped):
    """The looped pictures as a camera that is unplugged while ``gone`` is set."""

    def __init__(self, pictures: PacedSource, gone: Flag) -> None:
        super().__init__(pictures)
        self._gone = gone

    @property
    def lost(self) -> str | None:
        return "unplugged" if self._gone.is_set() else None

    def read_latest(self, max_age_s: float) -> Frame:
        if self._gone.is_set():
            time.sleep(max_age_s)
            raise StaleFrame("unplugged")
        return super().read_latest(max_age_s)


class AlertLog(Output):
    """An output that keeps every alert, and when frames were dropped."""

    def __init__(self, source: LosableCamera) -> None:
        self._source = source
        self.alerts: list[tuple[int, str, int]] = []
        self.dropped: list[tuple[float, int]] = [(0.0, 0)]

    def alert(self, alert: Alert) -> None:
        self.alerts.append((alert.seq, str(alert.phase), alert.t_ns))

    def state(self, state: DriverState) -> None:
        if self._source.dropped != self.dropped[-1][1]:
            self.dropped.append((time.monotonic(), self._source.dropped))


def monitor(port: str, landmarks: str, folder: str, gone: Flag, ready: Connection) -> None:
    """The process that is measured; ends with SIGTERM, and leaves what it knows in ``folder``."""
    source = LosableCamera(looped(rendered(MICROSLEEPS), realtime=True), gone)
    log = AlertLog(source)
    overrides = {
        "perception.landmarks": landmarks,
        "outputs.summary": f"{folder}/summary.json",
        "serial.url": port,
        "terminal.live": False,
    }
    with Path(os.devnull).open("w", encoding="ascii") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    ready.send(None)
    run_looped(source, overrides, log)
    told = {"alerts": log.alerts, "dropped": log.dropped}
    Path(folder, "log.json").write_text(json.dumps(told), encoding="utf-8")


@dataclass
class Heard:
    """What arrived, with the times at which the receiver was away, s (monotonic)."""

    lines: list[tuple[float, Sentence]]
    deaf: list[tuple[float, float]]

    def alerts(self) -> list[tuple[float, int, str]]:
        return [(at, int(one.fields[0]), one.fields[4]) for at, one in self.lines if one.kind == "WKA"]

    def heartbeat_gaps_ms(self, start_s: float = 0.0, end_s: float = float("inf")) -> list[float]:
        """Times between status sentences, ms, those that span a time without a reader left out."""
        beats = [at for at, one in self.lines if one.kind == "WKS" and start_s <= at <= end_s]
        return [
            1000 * (b - a) for a, b in pairwise(beats) if not any(a < until and b > since for since, until in self.deaf)
        ]


def main() -> None:
    """Runs the four parts and prints the table."""
    parser = argparse.ArgumentParser(description="Latency and loss of alerts on a serial line.")
    parser.add_argument("--alerts", type=int, default=100, help="alert sentences to time")
    parser.add_argument("--landmarks", default="auto", help="auto, v2 or mesh+iris")
    chosen = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    gone, (ours, theirs) = context.Event(), context.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "ttyMCU"
        first, second = Receiver(), Receiver()
        link.symlink_to(first.path)
        process = context.Process(target=monitor, args=(str(link), chosen.landmarks, folder, gone, theirs))
        process.start()
        ours.recv()
        started_s = time.monotonic()
        _wait_for_alerts(first, chosen.alerts)
        quiet_s = time.monotonic()
        stuck = _stop_reading(first)
        closed = _reopen(link, first, second)
        lost = _lose_camera(gone)
        process.terminate()
        process.join(10.0)
        heard = Heard(first.lines + second.lines, [stuck, closed])
        told = json.loads(Path(folder, "log.json").read_text(encoding="utf-8"))
        summary = json.loads(Path(folder, "summary.json").read_text(encoding="utf-8"))
        second.close()
    _print(heard, told, summary, started_s, quiet_s, lost)


def _wait_for_alerts(receiver: Receiver, count: int) -> None:
    while len(receiver.of("WKA")) < count:
        time.sleep(0.1)


def _stop_reading(receiver: Receiver) -> tuple[float, float]:
    since_s = time.monotonic()
    receiver.stop_reading()
    time.sleep(0.1)
    receiver.fill_up()
    time.sleep(STUCK_S)
    receiver.read_on()
    time.sleep(3.0)
    return since_s, time.monotonic() - 2.5


def _reopen(link: Path, first: Receiver, second: Receiver) -> tuple[float, float]:
    since_s = time.monotonic()
    first.close()
    link.unlink()
    time.sleep(CLOSED_S)
    link.symlink_to(second.path)
    while not second.of("WKS"):
        time.sleep(0.01)
    until_s = time.monotonic()
    time.sleep(3.0)
    return since_s, until_s


def _lose_camera(gone: Flag) -> tuple[float, float]:
    since_s = time.monotonic()
    gone.set()
    time.sleep(LOST_S)
    gone.clear()
    until_s = time.monotonic()
    time.sleep(4.0)
    return since_s, until_s


def _dropped(told: dict[str, Any], since_s: float, until_s: float) -> int:
    """Frames dropped in a span of time."""
    counts = [(at, count) for at, count in told["dropped"] if at <= until_s]
    return int(counts[-1][1] - max(count for at, count in counts if at <= since_s))


def _print(
    heard: Heard,
    told: dict[str, Any],
    summary: dict[str, Any],
    started_s: float,
    quiet_s: float,
    lost: tuple[float, float],
) -> None:
    raised = {(seq, phase): t_ns for seq, phase, t_ns in told["alerts"]}
    arrived = heard.alerts()
    latency_ms = np.array([1000 * (at - raised[seq, phase] / 1e9) for at, seq, phase in arrived if at < quiet_s])
    in_order = [(seq, phase) for _, seq, phase in arrived] == [(seq, phase) for seq, phase, _ in told["alerts"]]
    lost_states = [one.fields[2] for at, one in heard.lines if one.kind == "WKS" and lost[0] + 1 <= at <= lost[1]]
    median, p99 = np.percentile(latency_ms, [50, 99])
    print(f"monitor: {summary['landmarks']}, {summary['frames']} frames, {summary['decision_ms']} ms a decision")
    print(f"capture -> wire, {len(latency_ms)} alert sentences: median {median:.1f} ms, p99 {p99:.1f} ms, ", end="")
    print(f"max {latency_ms.max():.1f} ms (p99 at most {LATENCY_BAR_MS:g})")
    before, away = (_dropped(told, *span) for span in ((0.0, quiet_s), (quiet_s, lost[0])))
    print(
        f"frames dropped while the receiver reads: {before} in {quiet_s - started_s:.0f} s; while it is stuck for ",
        end="",
    )
    print(f"{STUCK_S:g} s and gone for {CLOSED_S:g} s: {away} in {lost[0] - quiet_s:.0f} s")
    print(f"alerts said {len(raised)}, arrived {len(arrived)}; each once and in order: {'yes' if in_order else 'NO'}")
    print(f"longest heartbeat gap {max(heard.heartbeat_gaps_ms()):.0f} ms, ", end="")
    print(f"camera lost {max(heard.heartbeat_gaps_ms(*lost)):.0f} ms (at most {HEARTBEAT_BAR_MS:g})")
    print(f"health said while the camera was lost: {', '.join(sorted(set(lost_states)))}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
