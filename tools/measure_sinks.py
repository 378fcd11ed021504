"""What do all outputs together cost the loop?

    python -m tools.measure_sinks [--seconds 30] [--rounds 4]

The real monitor runs in real time on a driver rendered beforehand, in turns without outputs and with every one of
them connected and read: a serial line and a CAN adapter on pseudo-terminals, a real mosquitto, the local stream, a
recording, and the live page with a viewer. The peers are this process, the monitor is another. Times are those of the
monitor's own summary: from the picture to the end of telling everybody.

wakeful promises: the median grows by at most 10 %.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from tools.measure_view import PORT, Viewer
from tools.rigs.broker import Broker, Listener
from tools.rigs.can_adapter import Adapter
from tools.rigs.looped import MICROSLEEPS, looped, rendered, run_looped
from tools.rigs.serial_receiver import Receiver

MODES = ("without", "every sink")


def main() -> None:
    """Runs both in turn and prints the table."""
    parser = argparse.ArgumentParser(description="Cost of all outputs.")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of one run")
    parser.add_argument("--rounds", type=int, default=4, help="runs of each kind")
    parser.add_argument("--worker", metavar="JSON", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        sys.exit(run_looped(looped(rendered(MICROSLEEPS), realtime=True), json.loads(chosen.worker)))
    results: dict[str, list[dict[str, Any]]] = {mode: [] for mode in MODES}
    for number in range(chosen.rounds):
        # Who goes first takes turns too, so that a machine that warms up favours nobody.
        for mode in MODES if number % 2 == 0 else reversed(MODES):
            results[mode].append(_round(mode, chosen.seconds))
    _print(results)


def _round(mode: str, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        summary = Path(folder) / "summary.json"
        settings = {"terminal.live": False, "source.duration_s": seconds, "outputs.summary": str(summary)}
        peers = _peers(Path(folder), stack) if mode != "without" else {}
        command = [sys.executable, "-m", "tools.measure_sinks", "--worker", json.dumps(settings | peers)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        if peers:
            viewer = Viewer()
            _read_stream(Path(folder) / "stream")
        process.wait()
        if peers:
            viewer.result()
        figures: dict[str, Any] = json.loads(summary.read_text())
        return figures


def _peers(folder: Path, stack: ExitStack) -> dict[str, Any]:
    """Whoever reads the outputs, and the settings that connect them."""
    receiver, adapter = stack.enter_context(closing(Receiver())), stack.enter_context(closing(Adapter()))
    broker = Broker(folder).start()
    stack.callback(broker.stop)
    stack.enter_context(closing(Listener(broker, "wakeful/#")))
    return {
        "serial.url": receiver.path,
        "can.address": f"slcan:{adapter.path}",
        "mqtt.broker": broker.address,
        "mqtt.discovery": True,
        "stream.path": str(folder / "stream"),
        "record.folder": str(folder / "log"),
        "view.address": f"127.0.0.1:{PORT}",
        "outputs.events": str(folder / "events.jsonl"),
        "outputs.signals": str(folder / "signals.csv"),
    }


def _read_stream(path: Path) -> None:
    def read() -> None:
        give_up_s = time.monotonic() + 20.0
        while time.monotonic() < give_up_s:
            with socket.socket(socket.AF_UNIX) as reader:
                try:
                    reader.connect(str(path))
                except OSError:
                    time.sleep(0.1)
                    continue
                while reader.recv(65536):
                    pass
                return

    threading.Thread(target=read, daemon=True).start()


def _print(results: dict[str, list[dict[str, Any]]]) -> None:
    print(f"{'':12}{'median ms':>12}{'p99 ms':>10}{'CPU ms a frame':>16}{'frames/s':>10}")
    medians = {}
    for mode, rounds in results.items():
        medians[mode] = [one["decision_ms"]["median"] for one in rounds]
        p99 = statistics.median(one["decision_ms"]["p99"] for one in rounds)
        cpu = statistics.median(1000.0 * one["cpu_s"] / one["frames"] for one in rounds)
        fps = statistics.median(one["frames_per_s"] for one in rounds)
        print(f"{mode:12}{statistics.median(medians[mode]):12.2f}{p99:10.1f}{cpu:16.1f}{fps:10.1f}")
    ratios = [after / before for before, after in zip(*medians.values(), strict=True)]
    print(f"growth of the median: {100 * (statistics.median(ratios) - 1):+.1f} %, rounds: ", end="")
    print(", ".join(f"{100 * (ratio - 1):+.1f} %" for ratio in ratios))


if __name__ == "__main__":
    main()
