"""What networks and other programs do to a running monitor: a table of sources and faults.

    python -m tools.faults.sources [--source http] [--fault backlog] [--lasts 4] [--out table.json]

Each source is served on the loopback and read by the whole monitor of ``tools.faults.rig``. Every image carries the
time at which it was taken. Promised: judged again within 5 s of the end of a fault, no image older than 0.5 s judged,
every alert once on each way out.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tools.faults.rig import RECOVERS_WITHIN_S, FaceCamera, Rig
from tools.faults.source_servers import NORMAL, SOURCES, Served, lacking
from tools.rigs.stamped import age_s, stamp
from tools.rigs.waiting import eventually
from wakeful.device.messages import Health
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import Source, Wrapped

OLDEST_S = 0.5
FAULTS = ("gone", "stalls", "backlog", "garbage", "size", "slow", "password", "narrow")


class Aged(Wrapped):
    """Notes how old each image is when the monitor takes it."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.ages_s: list[float] = []

    def read_latest(self, max_age_s: float) -> Frame:
        frame = super().read_latest(max_age_s)
        age = age_s(frame.image)
        # Damaged images, as H.264 has until its next key frame, show no time.
        if -0.1 < age < 60.0:
            self.ages_s.append(age)
        return frame


class Trial:
    """One source, watched by the whole monitor."""

    def __init__(self, rig: Rig, served: Served, aged: Aged) -> None:
        self.rig, self.served, self.aged = rig, served, aged

    def suffer(self, fault: str, lasts_s: float) -> dict[str, Any] | None:
        """What a fault of ``lasts_s`` led to; None if the source has no such fault."""
        self.aged.ages_s.clear()
        states = len(self.rig.heard.states)
        if not self.served.begin(fault):
            return None
        begun_s = time.monotonic()
        lost_s = None
        while time.monotonic() - begun_s < lasts_s:
            if lost_s is None and self.rig.health() is Health.CAMERA_LOST:
                lost_s = round(time.monotonic() - begun_s, 2)
            time.sleep(0.01)
        healths = sorted({str(state.health) for state in self.rig.heard.states[states:]} - {"ok", "calibrating"})
        self.served.end()
        ended_s = time.monotonic()
        well = eventually(lambda: self._is_judged(fault), 15.0)
        again_s = round(time.monotonic() - ended_s, 2)
        self.rig.microsleep()
        oldest_s = max(self.aged.ages_s, default=0.0)
        kept = eventually(lambda: self.rig.wire() == self.rig.told() == self.rig.written(), 3.0)
        good = well and again_s <= RECOVERS_WITHIN_S and oldest_s <= OLDEST_S and kept
        return {
            "fault": fault,
            "health": healths,
            "lost_s": lost_s,
            "again_s": again_s,
            "oldest_s": round(oldest_s, 2),
            "usual_s": round(sorted(self.aged.ages_s)[len(self.aged.ages_s) // 2], 3),
            "alerts": len(self.rig.told()),
            "well": well,
            "kept": kept,
            "good": good,
        }

    def _is_judged(self, fault: str) -> bool:
        """Whether the face is judged as before; on a busy machine perhaps at a lower rate, which is no fault here."""
        state = self.rig.heard.newest
        at_lower_rate = state is not None and state.face and state.reason == "slow" and fault != "slow"
        return self.rig.is_well() or at_lower_rate


@contextmanager
def trial(name: str, folder: Path) -> Iterator[Trial]:
    """A running monitor on the source of that name."""
    with ExitStack() as stack:
        parts: list[Any] = []

        def opened(camera: FaceCamera) -> Source:
            camera.mode = NORMAL

            def picture() -> np.ndarray[Any, Any]:
                image = camera.picture()
                stamp(image)
                return image

            served = stack.enter_context(closing(SOURCES[name](camera, picture)))
            parts.extend((served, Aged(served.source())))
            aged: Aged = parts[1]
            return aged

        rig = stack.enter_context(Rig(folder, open_source=opened))
        yield Trial(rig, *parts)


def main() -> None:
    """Prints the table; status 0 if all that is promised was kept."""
    parser = argparse.ArgumentParser(description="Sources and faults.")
    parser.add_argument("--source", action="append", choices=SOURCES)
    parser.add_argument("--fault", action="append", choices=FAULTS)
    parser.add_argument("--lasts", type=float, default=4.0, help="seconds that each fault lasts")
    parser.add_argument("--times", type=int, default=1, help="how often each")
    parser.add_argument("--out", type=Path, help="write the rows as JSON")
    chosen = parser.parse_args()
    rows: list[dict[str, Any]] = []
    print(f"{'source':17} {'fault':9} {'health':22} {'lost':>5} {'again':>6} {'oldest':>7} {'usual':>6} alerts")
    for name in chosen.source or SOURCES:
        if reason := lacking(name):
            print(f"{name:17} not tried: {reason}")
            continue
        with tempfile.TemporaryDirectory() as folder, trial(name, Path(folder)) as running:
            for fault in [one for one in chosen.fault or FAULTS for _ in range(chosen.times)]:
                row = running.suffer(fault, chosen.lasts)
                if row is None:
                    continue
                rows.append({"source": name} | row)
                health, lost = ", ".join(row["health"]) or "-", row["lost_s"] or "-"
                print(
                    f"{name:17} {fault:9} {health:22} {lost!s:>5} {row['again_s']:>6} {row['oldest_s']:>7} "
                    f"{row['usual_s']:>6} {row['alerts']}{'' if row['good'] else '  NOT KEPT'}",
                    flush=True,
                )
    if chosen.out:
        chosen.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if all(row["good"] for row in rows) else 1)


if __name__ == "__main__":
    main()
