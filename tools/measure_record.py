"""What recording costs: ``python -m tools.measure_record CLIP [--rounds 5] [--seconds 20] [--video off]``.

``wakeful run`` on a clip with and without ``--record``, in turns, as quickly as it goes; the processor time of the
whole process, start and end included, over the frames. Other work on the machine moves both alike, so read the ratios,
or take ``--alone LOG``, which leaves perception out and so sees the small difference.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.rigs.recorded_drive import record_quickly
from wakeful.device.config.settings import RecordSettings
from wakeful.device.messages import Observation
from wakeful.device.record.reader import recording
from wakeful.device.record.recorder import Recorder
from wakeful.device.record.replay import advance
from wakeful.device.record.schema import OBSERVATION
from wakeful.device.state.engine import Engine


def cpu_ms_per_frame(clip: str, seconds: float, record: list[str], place: Path) -> float:
    """Processor time of one run over its frames."""
    summary = place / "summary.json"
    command = [sys.executable, "-m", "wakeful", "run", "--plain", "--pace", "fast", "--source", clip]
    done = [*command, "--duration", str(seconds), "--summary", str(summary), *record]
    subprocess.run(done, check=True, stdout=subprocess.DEVNULL)
    figures = json.loads(summary.read_text(encoding="utf-8"))
    return float(figures["cpu_s"]) * 1000.0 / float(figures["frames"])


def alone(log: Path, rounds: int) -> None:
    """Processor time of the recorder alone: the observations of a log through the judge with and without it."""
    recorded = recording(log)
    seen = [entry.value for entry in recorded.entries(OBSERVATION) if isinstance(entry.value, Observation)]
    costs = []
    for number in range(rounds):
        engine = Engine(recorded.config.engine_config)
        begun_s = time.process_time()
        for one in seen:
            advance(engine, one)
        plain_s = time.process_time() - begun_s
        with tempfile.TemporaryDirectory() as name:
            recorder = Recorder(RecordSettings(folder=name), recorded.config)
            begun_s = time.process_time()
            record_quickly(recorder, seen, recorded.config.engine_config)
            costs.append((time.process_time() - begun_s - plain_s) * 1000.0 / len(seen))
        print(f"round {number + 1}: {costs[-1]:.3f} ms a frame, its start and end included", flush=True)
    print(f"median {statistics.median(costs):.3f} ms of processor time a frame, over {len(seen)} frames")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("clip", help="a clip, or with --alone a log")
    arguments.add_argument("--alone", action="store_true", help="the recorder without pixels, on the frames of a log")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=20.0)
    arguments.add_argument("--video", default="off")
    given = arguments.parse_args()
    if given.alone:
        alone(Path(given.clip), given.rounds)
        return
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for number in range(given.rounds):
            record = ["--record", str(place / f"logs{number}"), "--record-video", given.video]
            # Which goes first changes, so that a machine that grows busier favours neither.
            order: list[list[str]] = [[], record] if number % 2 == 0 else [record, []]
            taken = {len(one): cpu_ms_per_frame(given.clip, given.seconds, one, place) for one in order}
            plain, recorded = taken[0], taken[len(record)]
            ratios.append(recorded / plain)
            print(
                f"round {number + 1}: {plain:.2f} ms, recorded {recorded:.2f} ms: {recorded / plain - 1:+.1%}",
                flush=True,
            )
    print(f"median {statistics.median(ratios) - 1:+.1%}, from {min(ratios) - 1:+.1%} to {max(ratios) - 1:+.1%}")


if __name__ == "__main__":
    main()
