"""The loop that joins the stages: frame, observation, judgement, outputs. Thin: no policy in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from queue import Empty, SimpleQueue

from device.alerts.fan_out import FanOut
from device.alerts.loop_stats import LoopStats
from device.messages import Command, Event, Health, Marker, Tick, Told
from device.notes import Notes
from device.perception.pipeline import Perception
from device.stages import UNWATCHED, Stages
from device.state.engine import Engine, Step
from device.state.frame_rate import FrameRate
from device.summary import Summary
from sensors.frame import Frame
from sensors.source import EndOfSource, Source, StaleFrame


class Monitor:
    """Runs until the source ends, the duration is over, or somebody calls ``stop``.

    Args:
        source: gives the frames; the monitor closes neither it nor the outputs.
        output: hears of everything; see ``device.alerts.output``.
        commands: what the outside world says, from any thread.
        notes: what is wrong with the monitor itself, from any thread; each change is published as a health event.
        max_age_s: longest wait for a frame; after it the outputs are told that none came.
        duration_s: end after this much of the source's own time.
        stale_s: no frame for this long is ``stale``.
        stages: told when a stage of a frame is done.
    """

    def __init__(
        self,
        source: Source,
        perception: Perception,
        engine: Engine,
        output: FanOut,
        summary: Summary,
        commands: SimpleQueue[Command],
        notes: Notes | None = None,
        *,
        max_age_s: float = 0.1,
        duration_s: float | None = None,
        stale_s: float = 0.5,
        stages: Stages = UNWATCHED,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._source = source
        self._perception = perception
        self._engine = engine
        self._output = output
        self._summary = summary
        self._commands = commands
        self._notes = notes or Notes()
        self._max_age_s = max_age_s
        self._duration_ns = None if duration_s is None else round(duration_s * 1e9)
        self._stale_ns = round(stale_s * 1e9)
        self._stages = stages
        self._clock_ns = clock_ns
        self._rate = FrameRate()
        self._origin_ns: int | None = None
        self._newest_ns: int | None = None
        self._stopped = False
        self.stats = LoopStats(0.0, 0.0, 0, perception.reader)

    def stop(self) -> None:
        """End after the frame at hand. Safe in a signal handler and from any thread."""
        self._stopped = True

    def run(self) -> None:
        """Judge frame after frame.

        Raises:
            SourceError: the source is broken for good.
        """
        while not self._stopped and not self._over():
            try:
                frame = self._source.read_latest(self._max_age_s)
            except StaleFrame:
                self._without_frame(self._clock_ns())
            except EndOfSource:
                return
            else:
                self._stages.done("capture")
                self._with_frame(frame)
                self._stages.done("loop")

    def _over(self) -> bool:
        if self._duration_ns is None or self._origin_ns is None:
            return False
        return self._newest_ns is not None and self._newest_ns - self._origin_ns >= self._duration_ns

    def _with_frame(self, frame: Frame) -> None:
        self._start(frame.t_ns)
        self._newest_ns = frame.t_ns
        self._obey(frame.t_ns)
        begin_s = time.perf_counter()
        sighting = self._perception.look(frame)
        seen_s = time.perf_counter()
        self._output.seen(frame, sighting)
        self._output.fed(sighting.observation)
        self._stages.done("alerts")
        step = self._engine.step(sighting.observation)
        self._stages.done("state")
        self._tell(step)
        self._stages.done("alerts")
        done_s = time.perf_counter()
        self._summary.perception.add(seen_s - begin_s)
        self._summary.decision.add(done_s - begin_s)
        self._summary.frame(step)
        # A file played fast has no clock to be late against: what counts is how long its frame took.
        age_s = (self._clock_ns() - frame.t_ns) / 1e9 if self._source.info.live else done_s - begin_s
        self._note(self._rate.step(round(done_s * 1e9)) or 0.0, age_s)

    def _without_frame(self, now_ns: int) -> None:
        if self._newest_ns is None:
            # A camera takes a moment for its first frame, which is second 0: silence is told only if it lasts.
            self._newest_ns = now_ns
        self._obey(now_ns)
        lost = self._source.lost is not None
        if lost or now_ns - self._newest_ns >= self._stale_ns:
            self._start(now_ns)
            tick = Tick(now_ns, Health.CAMERA_LOST if lost else Health.STALE)
            self._output.fed(tick)
            step = self._engine.tick(tick.t_ns, tick.health)
            self._tell(step)
            self._summary.happened(step)
            self._note(0.0, (now_ns - self._newest_ns) / 1e9)

    def _note(self, fps: float, frame_age_s: float) -> None:
        self.stats = LoopStats(fps, frame_age_s * 1000.0, self._source.dropped, self._perception.reader)

    def _start(self, t_ns: int) -> None:
        if self._origin_ns is None:
            self._origin_ns = t_ns
            self._output.start(t_ns)

    def _obey(self, t_ns: int) -> None:
        while True:
            try:
                command = self._commands.get_nowait()
            except Empty:
                return
            if isinstance(command, Marker):
                self._mark(t_ns, command)
                continue
            self._output.fed(Told(t_ns, command))
            for alert in self._engine.command(t_ns, command):
                self._output.alert(alert)

    def _mark(self, t_ns: int, marker: Marker) -> None:
        # Only a camera's frames are timed by the clock that a person pressed the key by.
        pressed_ns = marker.pressed_ns if marker.pressed_ns and self._source.info.live else t_ns
        self._output.event(Event(t_ns, "marker", {"text": marker.text, "pressed_ns": pressed_ns}))

    def _tell(self, step: Step) -> None:
        for alert in step.alerts:
            self._output.alert(alert)
        for event in step.events:
            self._output.event(event)
        state = step.state
        for note in self._notes.changes():
            said: dict[str, float | int | str] = {"over": 1} if note.over else {"text": note.text}
            self._output.event(Event(state.t_ns, "health", {"health": state.health.value, "note": note.code} | said))
        codes = self._notes.codes
        self._output.state(replace(state, notes=codes) if codes else state)
