"""Half an hour by the wall clock, with sound, a source that streams and protected CAN.

    python -m tools.faults.soak_wall [--minutes 30] [--source gst|v4l2]

Runs ``wakeful run`` in this process on a driver who naps three times a minute, and sleeps once. ``gst``: pictures of a
GStreamer pipeline; ``v4l2``: packed infra-red pictures (Y10P) of a camera behind the system calls. Promised: every nap
that the camera showed is an alert, every alert is delivered exactly once and in order to the file, on the serial line
and on the bus, each is heard as the tone of its level, nothing is heard while there is none, and memory grows by 10 MB
at most after the first two minutes. Prints a table; status 1 if a promise was not kept.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tools.faults.soak_ears import CanEar, SerialEar, Span, overlap_s
from tools.measure_memory import resident_mb
from tools.rigs import sound_card, v4l2_camera
from tools.rigs.grey_bytes import packed_ten
from tools.rigs.waiting import eventually
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.sound.tones import PITCH_HZ
from wakeful.device.app import run
from wakeful.device.config.layers import load_settings
from wakeful.device.messages import Alert, DriverState, Level, Phase
from wakeful.sensors.driver_face import DriverPose, render

FPS = 10.0
CYCLE_S = 60.0
NAPS_S = {6.0: 1.3, 18.0: 1.3, 30.0: 1.3, 44.0: 3.5}
"""When in each cycle the lids are shut, and for how long."""
MICROSLEEP_S = 1.0
"""A longer closure is an alert, as the profile has it; a busy machine sees the naps shorter than they are."""
WARM_S = 120.0
MAX_GROWTH_MB = 10.0
HEARD_WITHIN_S = 0.5
"""A tone's way through our thread, the pipe and the card on a machine that others use too."""
SETTLED_S = 1.0
WELL = ("ok", "calibrating", "starting")
SAME_S = 0.1
"""Sound may have been handed a state before we were."""


@dataclass(frozen=True, slots=True)
class Told:
    """An alert as the loop handed it to its outputs."""

    at_s: float
    number: int
    phase: Phase
    code: str


class Listener(Output):
    """Notes alerts, changes of the level, and the memory."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.levels: list[tuple[float, Level]] = [(time.monotonic(), Level.NONE)]
        self.healths: set[str] = set()
        self.memory_mb: list[float] = []
        self.threads: set[int] = set()
        self._next_s = time.monotonic() + WARM_S

    def alert(self, alert: Alert) -> None:
        self.told.append(Told(time.monotonic(), alert.seq, alert.phase, alert.code))

    def state(self, state: DriverState) -> None:
        now_s = time.monotonic()
        if state.level is not self.levels[-1][1]:
            self.levels.append((now_s, state.level))
        self.healths.add(f"{state.health} {state.reason}".strip())
        if now_s >= self._next_s:
            self._next_s = now_s + CYCLE_S / 2.0
            self.memory_mb.append(resident_mb())
            self.threads.add(threading.active_count())


def pictures() -> list[Any]:
    """One cycle, uint8 [480, 640, 3] each."""
    shut = [
        any(begin <= seq / FPS < begin + long for begin, long in NAPS_S.items()) for seq in range(int(CYCLE_S * FPS))
    ]
    drawn = {
        closed: [render(DriverPose(eye_left=1.0 - closed, eye_right=1.0 - closed), seed=seed) for seed in range(6)]
        for closed in (False, True)
    }
    return [drawn[closed][seq % 6] for seq, closed in enumerate(shut)]


def film_for_gstreamer(folder: Path) -> str:
    """The source: pictures one by one, in their own time, again and again."""
    for seq, picture in enumerate(pictures()):
        cv2.imwrite(str(folder / f"{seq:05}.jpg"), picture)
    caps = f"image/jpeg,framerate={FPS:g}/1"
    return f"gst:multifilesrc location={folder}/%05d.jpg loop=true caps={caps} ! jpegdec ! clocksync"


def film_for_v4l2(folder: Path) -> str:
    """The source: a camera behind the system calls of this program, which is started again with it."""
    if "V4L2_CAMERA" not in os.environ:
        grey = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in pictures()]
        raw = b"".join(packed_ten(one.astype(np.uint16) << 2) for one in grey)
        camera = v4l2_camera.write_camera(folder / "camera", (640, 480, 800, "Y10P", FPS), raw)
        environment = v4l2_camera.environment(v4l2_camera.compiled(folder), camera)
        command = [sys.executable, "-m", "tools.faults.soak_wall", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)
    return v4l2_camera.SOURCE


FILMS = {"gst": film_for_gstreamer, "v4l2": film_for_v4l2}


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(description="Half an hour by the wall clock.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--source", choices=FILMS, default="gst")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures, broken = soak(folder, FILMS[chosen.source](folder), chosen.minutes * 60.0)
    figures = {"source": chosen.source} | figures
    print("\n".join(f"| {name} | {value} |" for name, value in figures.items()))
    print("broken: " + ("; ".join(broken) or "none"))
    sys.exit(1 if broken else 0)


def soak(folder: Path, source: str, duration_s: float) -> tuple[dict[str, object], list[str]]:
    """The figures, and the promises that were not kept."""
    notes, events = folder / "heard", folder / "events.jsonl"
    sound_card.install(folder / "bin", notes)
    os.environ["PATH"] = f"{folder / 'bin'}:{os.environ['PATH']}"
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    serial, bus, listener = SerialEar(), CanEar("soak"), Listener()
    overrides: dict[str, object] = {
        "source.source": source,
        "source.duration_s": duration_s,
        "vehicle.speed_kmh": 100.0,
        "sound.device": "auto",
        "can.address": "virtual:soak",
        "can.layout": "protected",
        "serial.url": serial.path,
        "outputs.events": str(events),
        "terminal.live": False,
    }
    settings, profile = load_settings(None, None, overrides)
    begun_s = time.monotonic()
    status = run(settings, profile, watching=[listener])
    wall_s = time.monotonic() - begun_s
    told = [(one.number, one.phase) for one in listener.told]
    eventually(lambda: min(len(serial.ear.alerts), len(bus.ear.alerts)) >= len(told), 2.0)
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    ways = {
        "file": [(line["seq"], line["phase"]) for line in lines if line["kind"] == "alert"],
        "serial": serial.ear.alerts,
        "can": bus.ear.alerts,
    }
    serial.close()
    bus.close()
    naps, missed = judged_naps(lines)
    raised = sum(one.code == "microsleep" and one.phase is Phase.RAISED for one in listener.told)
    unheard, wrong, delays_s = compared(listener.levels, sound_card.heard(notes))
    memory = listener.memory_mb or [resident_mb()]
    delays_ms = [delay_s * 1000.0 for delay_s in delays_s] or [0.0]
    growth_mb = max(memory) - memory[0]
    figures: dict[str, object] = {
        "wall time": f"{wall_s / 60.0:.1f} min, status {status}",
        "naps seen without a break, alerts `microsleep`": f"{naps}, {raised}",
        "steps of alerts from the loop": len(told),
        **{f"{name}: arrived once and in order": f"{len(found)} of {len(told)}" for name, found in ways.items()},
        "steps of the level heard": f"{len(delays_s)} of {len(delays_s) + len(unheard)}",
        "tones without an alert": len(wrong),
        "level to tone, median and most": f"{statistics.median(delays_ms):.0f}, {max(delays_ms):.0f} ms",
        "memory after 2 min, at most, at the end": f"{memory[0]:.1f}, {max(memory):.1f}, {memory[-1]:.1f} MB",
        "threads": sorted(listener.threads),
        "health": sorted(listener.healths),
    }
    promises = {
        f"each nap is an alert, {missed[:5]}": naps > 0 and not missed,
        **{f"{name}: each step once, in order": found == told for name, found in ways.items()},
        f"each step of the level is heard, {unheard[:5]}": not unheard,
        f"nothing is heard without an alert, {wrong[:5]}": not wrong,
        "memory": growth_mb <= MAX_GROWTH_MB,
        "threads": len(listener.threads) <= 1,
    }
    return figures, [name for name, kept in promises.items() if not kept]


def judged_naps(lines: list[dict[str, Any]]) -> tuple[int, list[float]]:
    """How many naps the camera showed without a break, and the ends of those without an alert.

    On a machine that others use, it may be that no frame comes for longer than a nap; health says so then.
    """
    health = [(line["t"], line["health"]) for line in lines if line["kind"] == "health" and "health" in line]
    ends = [at_s for at_s, _ in health[1:]] + [math.inf]
    troubled = [(at_s, end_s) for (at_s, one), end_s in zip(health, ends, strict=True) if one not in WELL]
    naps = [(line["start"], line["end"]) for line in lines if line["kind"] == "closure"]
    naps = [nap for nap in naps if nap[1] - nap[0] >= MICROSLEEP_S and not overlap_s(nap, around(troubled))]
    raised = [
        line["t"]
        for line in lines
        if line["kind"] == "alert" and (line["code"], line["phase"]) == ("microsleep", "raised")
    ]
    return len(naps), [end for begin, end in naps if not any(begin <= at_s <= end + SETTLED_S for at_s in raised)]


def around(spans: list[Span]) -> list[Span]:
    """Spans that begin with the silence that led to them."""
    return [(begin - 2.0 * SETTLED_S, end + SETTLED_S) for begin, end in spans]


def compared(
    levels: list[tuple[float, Level]], tones: list[tuple[float, float, float]]
) -> tuple[list[str], list[str], list[float]]:
    """Steps of the level that no tone followed, tones that no level explains, and how late the others were, s."""
    ends = [at_s for at_s, _ in levels[1:]] + [time.monotonic()]
    unheard, delays_s = [], []
    for (at_s, level), end_s in zip(levels, ends, strict=True):
        if level is Level.NONE or end_s - at_s < HEARD_WITHIN_S:
            continue
        late = [
            begin - at_s for begin, _, pitch in tones if pitch == PITCH_HZ[level] and -SAME_S < begin - at_s < SETTLED_S
        ]
        if late and late[0] < HEARD_WITHIN_S:
            delays_s.append(late[0])
        else:
            unheard.append(f"{level.name} {late[:1]}")
    wrong = []
    for begin, _, pitch in tones:
        near = [
            level
            for (at_s, level), end_s in zip(levels, ends, strict=True)
            if at_s - SAME_S < begin < end_s + HEARD_WITHIN_S
        ]
        if pitch not in [PITCH_HZ.get(level) for level in near]:
            wrong.append(f"{pitch:g} Hz at {begin:.2f}")
    return unheard, wrong, delays_s


if __name__ == "__main__":
    main()
