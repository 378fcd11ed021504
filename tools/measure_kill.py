"""What a kill costs a recording: ``python -m tools.measure_kill [--kills 50] [--whole]``.

A process records a drive at 30 frames a second with many alerts, and tells through a pipe what it has handed to the
recorder. It is killed (SIGKILL) at a random moment, its log is repaired, opened with the mcap library's own reader and
judged again. Without ``--whole`` the drive goes through the real judge and recorder without pixels; with it the process
is ``wakeful run`` on the synthetic driver, and what it has handed over is read from its signals.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.rigs.log_samples import ORIGIN_NS, observations
from tools.rigs.recorded_drive import play, recorder
from wakeful.device.messages import Alert, Observation
from wakeful.device.record.errors import LogError
from wakeful.device.record.reader import Recording, recording
from wakeful.device.record.repair import repair
from wakeful.device.record.replay import replay
from wakeful.device.record.schema import ALERT, GIVEN
from wakeful.device.state.inputs import EngineInput

FPS = 30.0


@dataclass(frozen=True)
class Loss:
    """What one kill cost.

    Attributes:
        lost_s: from the last input in the repaired log to the last that was handed over.
        alerts: handed over; lost: older than a second, and not in the repaired log.
    """

    after_s: float
    lost_s: float
    alerts: int
    lost: int
    same: bool


def child(folder: Path) -> None:
    """Record until killed; tells each input and alert on the standard output."""
    to = recorder(folder)
    to.start(ORIGIN_NS)
    begun_s = time.monotonic()

    def pace(t_ns: int) -> None:
        time.sleep(max(0.0, begun_s + (t_ns - ORIGIN_NS) / 1e9 - time.monotonic()))

    class Telling:
        """The recorder, with what it was given told after it has it."""

        def __getattr__(self, name: str) -> object:
            return getattr(to, name)

        def engine_input(self, given: EngineInput) -> None:
            to.engine_input(given)
            os.write(1, f"i {given.t_ns}\n".encode())

        def alert(self, alert: Alert) -> None:
            to.alert(alert)
            os.write(1, f"a {alert.t_ns} {alert.seq} {alert.phase}\n".encode())

    play(Telling(), drive(), pace=pace)  # type: ignore[arg-type]


def drive() -> Iterator[Observation]:
    """A minute in which the driver nods off for a second and a half in every third."""
    from dataclasses import replace

    for seen in observations(60.0, FPS):
        shut = ((seen.t_ns - ORIGIN_NS) / 1e9) % 3.0 > 1.5
        yield replace(seen, eye_aspect_left=0.01, eye_aspect_right=0.01) if shut else seen


def killed(after_s: float, folder: Path) -> list[str]:
    """Start a recording, kill it after a time, and give what it told."""
    command = [sys.executable, "-m", "tools.measure_kill", "--child", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        told = first + process.stdout.read()
    return told.decode().splitlines()


def killed_whole(after_s: float, folder: Path) -> list[str]:
    """The same with ``wakeful run``."""
    signals, events = folder.parent / "signals.csv", folder.parent / "events.jsonl"
    command = [sys.executable, "-m", "wakeful", "run", "--plain", "--source", "synthetic:demo", "--record", str(folder)]
    begun = [*command, "--signals", str(signals), "--events", str(events)]
    with subprocess.Popen(begun, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not (signals.exists() and signals.stat().st_size > 200):
            time.sleep(0.02)
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
    rows = signals.read_text(encoding="utf-8").splitlines()[1:]
    return [f"f {row.split(',')[1]}" for row in rows if row.count(",") > 5]


def measure(after_s: float, whole: bool) -> Loss:
    """Kill one recording and see what is left of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "logs"
        told = killed_whole(after_s, folder) if whole else killed(after_s, folder)
        (broken,) = folder.glob("*.mcap")
        try:
            repaired = repair(broken)
        except LogError as error:
            print(f"  {error}")
            return Loss(after_s, _length(told), len(told), 0, False)
        log = recording(repaired.file if repaired else broken)
        assert messages_for_mcap(log.files[0].path) > 0
        given = [entry.value for entry in log.entries(*GIVEN)]
        if whole:
            last = max((one.seq for one in given if isinstance(one, Observation)), default=-1)
            lost_s = (int(told[-1].split()[1]) - last) / FPS
            return Loss(after_s, max(0.0, lost_s), 0, 0, _same(log))
        inputs = [int(line.split()[1]) for line in told if line.startswith("i")]
        alerts = [line.split()[1:] for line in told if line.startswith("a")]
        kept = {
            (entry.value.t_ns, entry.value.seq, str(entry.value.phase))
            for entry in log.entries(ALERT)
            if isinstance(entry.value, Alert)
        }
        lost = [one for one in alerts if (int(one[0]), int(one[1]), one[2]) not in kept]
        old = [one for one in lost if inputs[-1] - int(one[0]) > 1_000_000_000]
        kept_ns = max((one.t_ns for one in given if isinstance(one, Observation)), default=inputs[0])
        lost_s = (inputs[-1] - kept_ns) / 1e9
        return Loss(after_s, lost_s, len(alerts), len(old), _same(log))


def _length(told: list[str]) -> float:
    return sum(line[0] in "if" for line in told) / FPS


def _same(log: Recording) -> bool:
    try:
        done = replay(log)
    except LogError:
        return True  # killed before its first inputs were on the disk: nothing to judge
    return done.compared(done.now) == done.compared(done.then)


def messages_for_mcap(path: Path) -> int:
    """How many messages the mcap library's own reader finds."""
    from mcap.reader import make_reader

    with path.open("rb") as file:
        return sum(1 for _ in make_reader(file).iter_messages())


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments.add_argument("--kills", type=int, default=50)
    arguments.add_argument("--whole", action="store_true")
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    if given.child:
        child(given.child)
        return
    chance = random.Random(given.seed)
    losses = []
    for number in range(given.kills):
        loss = measure(chance.uniform(0.0, 8.0), given.whole)
        losses.append(loss)
        print(
            f"{number + 1:3}: killed after {loss.after_s:4.1f} s, lost {loss.lost_s:.2f} s, {loss.lost} of "
            f"{loss.alerts} alerts older than 1 s, replay {'the same' if loss.same else 'DIFFERS'}",
            flush=True,
        )
    worst = max(loss.lost_s for loss in losses)
    print(
        f"{len(losses)} kills: at most {worst:.2f} s lost, {sum(loss.lost for loss in losses)} alerts older than "
        f"1 s lost, {sum(not loss.same for loss in losses)} replays differ"
    )


if __name__ == "__main__":
    main()
