"""What a full disk does to a recording: ``python -m tools.measure_disk``, as root: it mounts a tmpfs of 10 MB.

A drive at 30 frames a second goes through the real judge and recorder, paced by the clock; after ten seconds another
program fills the disk to the last byte, after twenty more it makes room again. Tells the longest time that a frame had
to wait for the recorder, what was noted, which alerts an output beside it got, and whether every file opens with the
mcap library.
"""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import tempfile
import time
from pathlib import Path

from tools.measure_kill import drive, messages_for_mcap
from tools.rigs.log_samples import ORIGIN_NS, at
from tools.rigs.recorded_drive import play, recorder
from wakeful.device.messages import Alert, Event
from wakeful.device.record.reader import recordings
from wakeful.device.record.schema import ALERT
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
    begun_s = time.monotonic()
    longest_s = late_s = before_s = 0.0
    told: list[str] = []

    def pace(t_ns: int) -> None:
        nonlocal longest_s, late_s, before_s
        t_s = (t_ns - ORIGIN_NS) / 1e9
        longest_s = max(longest_s, time.perf_counter() - before_s if before_s else 0.0)
        time.sleep(max(0.0, begun_s + t_s - time.monotonic()))
        late_s = max(late_s, time.monotonic() - begun_s - t_s)
        _another_program(disk / "filler", t_s)
        for note in notes.changes():
            told.append(f"{t_s:.1f} s {note.code} {'over' if note.over else note.text.split(',')[0]}")
            to.event(Event(t_ns, "health", {"health": "ok", "note": note.code, "text": note.text}))
        before_s = time.perf_counter()

    said = play(to, itertools.takewhile(lambda given: given.t_ns <= at(END_S), drive()), pace=pace)
    alerts = [one for one in said if isinstance(one, Alert)]
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
        print(f"{file.path.name}: {file.path.stat().st_size / 1000:.0f} kB, {messages_for_mcap(file.path)} messages")
    print(f"missing in the log: {log.missing} messages; damage: {log.damage or 'none'}")


def _another_program(filler: Path, t_s: float) -> None:
    if FULL_AFTER_S < t_s < ROOM_AFTER_S:
        with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
    elif t_s >= ROOM_AFTER_S:
        filler.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
