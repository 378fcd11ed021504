"""The loop that joins the stages: frame, observation, judgement, outputs. Thin: no policy in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from queue import Empty, SimpleQueue

from wakeful import WakefulError
from wakeful.device.alerts.fan_out import FanOut
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.messages import Command, Event, Health, Marker, Observation, Tick, Told
from wakeful.device.perception.pipeline import Perception, Sighting
from wakeful.device.stages import UNWATCHED, Stages
from wakeful.device.state.engine import Engine, Step
from wakeful.device.state.frame_rate import FrameRate
from wakeful.device.summary import Summary
from wakeful.device.supervision.load_shedding import Economy
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import PROCESS, Liveness, Part
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndOfSource, Source, StaleFrame

LOOP_STUCK_S = 15.0
BLIND = "perception_failed"


class Monitor:
    """Runs until the source ends, the duration is over, or somebody calls ``stop``.

    Args:
        source: gives the frames; the monitor closes neither it nor the outputs.
        output: hears of everything; see ``wakeful.device.alerts.output``.
        commands: what the outside world says, from any thread.
        notes: what is wrong with the monitor itself, from any thread; each change is published as a health event.
        max_age_s: longest wait for a frame; after it the outputs are told that none came.
        duration_s: end after this much of the source's own time.
        stale_s: no frame for this long is ``stale``.
        stages: told when a stage of a frame is done.
        economy: what is left out under strain; None leaves out nothing.
        liveness: told of each processed frame, and that the loop goes round.

    Attributes:
        origin_ns: capture time of second 0, None before it.
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
        economy: Economy | None = None,
        liveness: Liveness = PROCESS,
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
        self._economy = economy
        self._liveness = liveness
        self._between: SimpleQueue[Callable[[int], None]] = SimpleQueue()
        self._rate = FrameRate()
        self._failing = False
        self._failure: WakefulError | None = None
        self.origin_ns: int | None = None
        self._newest_ns: int | None = None
        self._stopped = False
        self.stats = LoopStats(0.0, 0.0, 0, perception.reader)

    def stop(self) -> None:
        """End after the frame at hand. Safe in a signal handler and from any thread."""
        self._stopped = True

    def fail(self, failure: WakefulError) -> None:
        """End after the frame at hand; ``run`` raises ``failure`` then. From any thread."""
        self._failure = failure
        self._stopped = True

    def between_frames(self, do: Callable[[int], None]) -> None:
        """Calls ``do`` in the loop's thread before its next frame, with the last one's time. From any thread."""
        self._between.put(do)

    def run(self) -> None:
        """Judge frame after frame.

        Raises:
            SourceError: the source is broken for good.
            WakefulError: what ``fail`` was told.
        """
        loop = self._liveness.add(Part("the loop", lambda: True, stuck_s=LOOP_STUCK_S))
        try:
            self._go_round(loop)
        finally:
            self._liveness.leave(loop)
        if self._failure is not None:
            raise self._failure

    def _go_round(self, loop: Part) -> None:
        while not self._stopped and not self._over():
            loop.beat()
            self._do_between()
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

    def _do_between(self) -> None:
        while not self._between.empty():
            self._between.get()(self._newest_ns or 0)

    def _over(self) -> bool:
        if self._duration_ns is None or self.origin_ns is None:
            return False
        return self._newest_ns is not None and self._newest_ns - self.origin_ns >= self._duration_ns

    def _with_frame(self, frame: Frame) -> None:
        self._start(frame.t_ns)
        self._newest_ns = frame.t_ns
        self._obey(frame.t_ns)
        if self._economy is not None and not self._economy.takes(frame.t_ns):
            return
        begin_s = time.perf_counter()
        sighting = self._look(frame)
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
        self._liveness.frame()
        if self._economy is not None:
            self._economy.worked(done_s, done_s - begin_s, self._source.dropped)
        # A file played fast has no clock to be late against: what counts is how long its frame took.
        age_s = (self._clock_ns() - frame.t_ns) / 1e9 if self._source.info.live else done_s - begin_s
        self._note(self._rate.step(round(done_s * 1e9)) or 0.0, age_s)

    def _look(self, frame: Frame) -> Sighting:
        """What perception sees. Whatever goes wrong in there (no memory, a driver that fails), the loop goes on."""
        try:
            sighting = self._perception.look(frame)
        except Exception as error:
            self._failing = True
            self._notes.set(
                BLIND, f"a frame could not be looked at ({type(error).__name__}: {error})".replace("\n", " ")
            )
            return Sighting(Observation(frame.t_ns, frame.seq, face=False))
        if self._failing:
            self._failing = False
            self._notes.clear(BLIND)
        return sighting

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
        if self.origin_ns is None:
            self.origin_ns = t_ns
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
