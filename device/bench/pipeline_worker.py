"""The worker that runs the whole monitor: ``python -m wakeful.device.bench.pipeline_worker JSON`` (fields of ``Job``).

It is what ``wakeful run`` runs, with the same source and outputs, and with timed stages. The time of a
frame runs from having the image until its state has gone to the outputs. The whole frame, from requesting its image
until the loop requests the next, is timed separately, so that the sum of the stages can be checked.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, field
from pathlib import Path
from typing import Any, TextIO

from wakeful.device.alerts.output import Output
from wakeful.device.app import run
from wakeful.device.bench.endless import EndlessSource
from wakeful.device.bench.serve import answers
from wakeful.device.config.layers import load_settings
from wakeful.device.messages import DriverState
from wakeful.device.opening import open_configured
from wakeful.device.stages import STAGES, UNWATCHED, WatchedStages
from wakeful.frozen import dataclass
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndOfSource, Source, Wrapped


@dataclass(frozen=True, slots=True)
class Job:
    """What to run.

    Attributes:
        overrides: settings by their dotted names, as the command line gives them.
        watched: whether stages are timed; without, the cost of timing shows.
    """

    overrides: dict[str, Any]
    profile: str | None = None
    config: str | None = None
    watched: bool = True

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def main() -> None:
    """Run the monitor as long as turns are requested."""
    with answers() as out:
        job = Job(**json.loads(sys.argv[1]))
        settings, profile = load_settings(Path(job.config) if job.config else None, job.profile, job.overrides)
        source = EndlessSource(lambda: open_configured(settings))
        stages = WatchedStages() if job.watched else None
        timed = TimedSource(source, stages, out)
        run(settings, profile, source=timed, watching=[timed], stages=stages or UNWATCHED)


@dataclass(slots=True)
class Turn:
    """The frames of one turn: lists of one number per frame, ms."""

    times_ms: list[float] = field(default_factory=list)
    whole_ms: list[float] = field(default_factory=list)
    ages_ms: list[float] = field(default_factory=list)
    stages_ms: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in STAGES})


class TimedSource(Wrapped, Output):
    """Delivers frames as long as turns are requested. It is an output too: the state of a frame ends its time."""

    def __init__(self, source: Source, stages: WatchedStages | None, out: TextIO) -> None:
        super().__init__(source)
        self._stages = stages
        self._out = out
        self._turn = Turn()
        self._left = 0
        self._greeted = False
        self._cpu_began_s = 0.0
        self._dropped_before = 0
        self._asked_s: float | None = None
        self._had_s = 0.0
        self._frame: Frame | None = None
        self._decided_s: float | None = None

    def read_latest(self, max_age_s: float) -> Frame:
        """See ``wakeful.sensors.source.Source``; it ends when no more turns are requested."""
        if self._decided_s is not None:
            self._finish(time.perf_counter())
        if self._left == 0:
            self._next_turn()
        if self._asked_s is None:
            self._asked_s = time.perf_counter()
            if self._stages:
                self._stages.begin()
        frame = self._source.read_latest(max_age_s)
        self._frame = frame
        self._had_s = time.perf_counter()
        return frame

    def state(self, state: DriverState) -> None:
        if self._frame is None:  # the state of a moment without a frame
            return
        self._decided_s = time.perf_counter()
        if self._source.info.live:
            self._turn.ages_ms.append((time.monotonic_ns() - self._frame.t_ns) / 1e6)
        self._frame = None

    def _finish(self, now_s: float) -> None:
        assert self._asked_s is not None and self._decided_s is not None
        turn = self._turn
        turn.whole_ms.append(1000.0 * (now_s - self._asked_s))
        turn.times_ms.append(1000.0 * (self._decided_s - self._had_s))
        if self._stages:
            spent_ns = self._stages.take()
            for name, times in turn.stages_ms.items():
                times.append(spent_ns.get(name, 0) / 1e6)
        self._asked_s = self._decided_s = None
        self._left -= 1
        if self._left == 0:
            self._answer()

    def _answer(self) -> None:
        answer = asdict(self._turn) | {
            "cpu_s": time.process_time() - self._cpu_began_s,
            "missed": self._source.dropped - self._dropped_before,
        }
        print(json.dumps(answer), file=self._out, flush=True)

    def _next_turn(self) -> None:
        if not self._greeted:
            print(json.dumps(asdict(self._source.info)), file=self._out, flush=True)
            self._greeted = True
        line = sys.stdin.readline()
        if not line.strip():
            raise EndOfSource("no more turns are requested")
        self._left = int(line.split()[0])
        self._turn = Turn()
        self._dropped_before = self._source.dropped
        self._cpu_began_s = time.process_time()


if __name__ == "__main__":
    main()
