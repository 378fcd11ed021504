"""A sound card that notes what it plays: stands for ``aplay`` on the search path, and takes samples in their own time.

Each line that it writes is the monotonic time and the pitch, Hz, that is heard from then on, 0 for silence. It shows
nothing about a card's own delay (``tools.measure_sound`` does), but that 40 ms of samples wait in it.
"""

from __future__ import annotations

import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from wakeful.device.alerts.sound.player import BUFFER_MS
from wakeful.device.alerts.sound.tones import PITCH_HZ, RATE_HZ

CELL = RATE_HZ // 100
LOUD = 4000


def install(folder: Path, notes: Path) -> None:
    """Make ``folder`` one for the search path, with an ``aplay`` that writes to ``notes``."""
    folder.mkdir()
    script = folder / "aplay"
    script.write_text(f"#!/bin/sh\nexec {sys.executable} -m {__name__} {notes}\n")
    script.chmod(0o755)


def heard(notes: Path) -> list[tuple[float, float, float]]:
    """The tones: when each began and ended, and its pitch."""
    rows = [tuple(map(float, line.split())) for line in notes.read_text(encoding="utf-8").splitlines()]
    return [(begin, end, pitch) for (begin, pitch), (end, _) in pairwise(rows) if pitch]


def pitch_of(cell: bytes) -> float:
    """Of 10 ms; 0 for silence."""
    samples = np.frombuffer(cell, "<i2").astype(float)
    if np.abs(samples).max(initial=0.0) < LOUD:
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples, RATE_HZ // 20))
    found = float(np.argmax(spectrum)) * 20.0
    return min(PITCH_HZ.values(), key=lambda pitch: abs(pitch - found))


def main(notes: Path) -> None:
    """Plays until the input ends."""
    before, played, began_s = -1.0, 0, time.monotonic()
    with notes.open("a", encoding="utf-8") as out:
        while cell := sys.stdin.buffer.read(CELL * 2):
            due_s = began_s + played / RATE_HZ
            now_s = time.monotonic()
            if due_s < now_s - BUFFER_MS / 1000.0:
                began_s += now_s - due_s  # nothing came: a card plays on from now
            time.sleep(max(0.0, due_s - now_s))
            played += len(cell) // 2
            pitch = pitch_of(cell)
            if pitch != before:
                out.write(f"{time.monotonic():.3f} {pitch:g}\n")
                out.flush()
                before = pitch


if __name__ == "__main__":
    main(Path(sys.argv[1]))
