"""What a full disk does to a recording: ``python -m tools.measure_disk``, as root: it mounts a tmpfs of 10 MB.

A drive at 30 frames a second goes through the real judge and recorder, paced by the clock; after ten seconds another
program fills the disk to the last byte, after twenty more it makes room again. Tells the longest time that a frame had
to wait for the recorder, what was noted, which alerts an output beside it got, and whether every file opens with the
mcap library.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tools.measure_kill import drive
from tools.rigs.log_samples import CONFIG, ORIGIN_NS
from tools.rigs.recorded_drive import recorder
from wakeful.device.messages import Alert, Event, Observation
from wakeful.device.record.reader import recordings
from wakeful.device.record.schema import ALERT
from wakeful.device.state.engine import Engine
from wakeful.device.supervision.notes import Notes

FULL_AFTER_S, ROOM_AFTER_S, END_S = 10.0, 30.0, 45.0


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        disk = Path(name)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", str(disk)], check=True)
        try:
            measure(disk)
        finally:
            subprocess.run(["umount", str(disk)], check=True)


def measure(disk: Path) -> None:
    notes = Notes()
    to = recorder(disk / "logs", notes)
    to.start(ORIGIN_NS)
    engine: Engine = Engine(CONFIG.engine_config)
    begun_s = time.monotonic()
    longest_s = late_s = 0.0
    alerts: list[Alert] = []
    told: list[str] = []
    filler = disk / "filler"
    for given in drive():
        t_s = (given.t_ns - ORIGIN_NS) / 1e9
        if t_s > END_S:
            break
        time.sleep(max(0.0, begun_s + t_s - time.monotonic()))
        _another_program(filler, t_s)
        before_s = time.perf_counter()
        alerts += _judge(to, engine, given, notes, told)
        longest_s = max(longest_s, time.perf_counter() - before_s)
        late_s = max(late_s, time.monotonic() - begun_s - t_s)
    to.close()
    print(f"{END_S:.0f} s the disk full to the last byte from {FULL_AFTER_S:.0f} to {ROOM_AFTER_S:.0f} s")
    print(f"longest time to judge and record a frame {1000 * longest_s:.1f} ms, most behind the clock {late_s:.2f} s")
    print("noted: " + "; ".join(told))
    (log,) = recordings([disk / "logs"])
    kept = [entry.value for entry in log.entries(ALERT)]
    print(
        f"alerts: {len(alerts)} told to the outputs beside it, {sum(one in kept for one in alerts)} of them in the log"
    )
    for file in log.files:
        print(f"{file.path.name}: {file.path.stat().st_size / 1000:.0f} kB, {_opened(file.path)} messages for mcap")
    print(f"missing in the log: {log.missing} messages; damage: {log.damage or 'none'}")


def _judge(to: object, engine: Engine, given: Observation, notes: Notes, told: list[str]) -> list[Alert]:
    """One turn of the monitor's loop."""
    recorder: Any = to
    recorder.engine_input(given)
    step = engine.step(given)
    for alert in step.alerts:
        recorder.alert(alert)
    for event in step.events:
        recorder.event(event)
    for note in notes.changes():
        at_s = (given.t_ns - ORIGIN_NS) / 1e9
        told.append(f"{at_s:.1f} s {note.code} {'over' if note.over else note.text.split(',')[0]}")
        data: dict[str, float | int | str] = {"health": "ok", "note": note.code, "text": note.text}
        recorder.event(Event(given.t_ns, "health", data))
    recorder.state(step.state)
    return list(step.alerts)


def _another_program(filler: Path, t_s: float) -> None:
    if FULL_AFTER_S < t_s < ROOM_AFTER_S:
        with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
    elif t_s >= ROOM_AFTER_S:
        filler.unlink(missing_ok=True)


def _opened(path: Path) -> int:
    from mcap.reader import make_reader

    with path.open("rb") as file:
        return sum(1 for _ in make_reader(file).iter_messages())


if __name__ == "__main__":
    main()
