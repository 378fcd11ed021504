"""The loop that connects the stages: frame, observation, state and alerts, outputs. It contains no policy.

``wakeful run`` and the library (``wakeful.watch``) share it: both iterate over ``Monitor.moments()``.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import replace
from queue import Empty, SimpleQueue

from wakeful.device.alerts.fan_out import FanOut
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.run import Run, new_run_id
from wakeful.device.landmarks import Landmarks
from wakeful.device.messages import (
    Acknowledge,
    Alert,
    Command,
    CommandReceived,
    DriverState,
    Event,
    Health,
    Marker,
    Observation,
    Tick,
)
from wakeful.device.moment import Moment
from wakeful.device.people import Person
from wakeful.device.perception.pipeline import Perception, Sighting
from wakeful.device.run_clock import RunClock
from wakeful.device.stages import UNWATCHED, Stages
from wakeful.device.state.engine import Engine, Step
from wakeful.device.state.frame_rate import FrameRate
from wakeful.device.summary import Summary
from wakeful.device.supervision.load_shedding import LoadShedding
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.workers import Liveness, Part
from wakeful.errors import WakefulError
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndedEarly, EndOfSource, Source, StaleFrame

LOOP_STUCK_S = 15.0
SLOW_STALE_NS = 1_500_000_000
"""The longest silence that a slow source may have: receivers take a monitor that is silent for 2 s for dead."""
STARTING_NS = 5_000_000_000
"""A camera may take this long for its first frame; a longer silence is ``stale``."""
BLIND = "perception_failed"
BLIND_TO_OTHERS = "people_failed"

Everybody = Callable[[Frame, Sighting, DriverState], tuple[Person, ...]]
"""Who is in view in a frame, given what was seen of the watched person there and the state after it."""


class Monitor:
    """Runs until the source ends, the duration is over, or ``stop`` is called.

    Args:
        source: of the frames; the monitor closes neither it nor the outputs.
        output: gets everything; see ``wakeful.device.alerts.output``.
        commands: from other programs and inputs, from any thread.
        notes: what is wrong with the monitor itself, from any thread; each change is published as a health event.
        max_age_s: longest wait for a frame; after it the outputs get a state without one.
        duration_s: end after this much of the source's own time.
        stale_s: no frame for this long is ``stale``; of a slow source, half as long again as its last pause.
        stages: notified when a stage of a frame is done.
        load_shedding: what is left out under load; None leaves out nothing.
        run_id: identifies this run in everything that is published; random by default.
        liveness: counts each processed frame, and watches the loop.
        everybody: asked for each frame, after its alerts are out; None leaves ``DriverState.people`` unknown.

    Attributes:
        started: the run, with the time of its second 0; None before the first frame.
        ended_early: why a file ended before its own length said so, after the end.
        stats: figures of the loop itself.
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
        load_shedding: LoadShedding | None = None,
        liveness: Liveness | None = None,
        run_id: str | None = None,
        everybody: Everybody | None = None,
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
        self._load_shedding = load_shedding
        self._everybody = everybody
        self._liveness = liveness or Liveness()
        self._between: SimpleQueue[Callable[[int], None]] = SimpleQueue()
        self._rate = FrameRate()
        self._failing = False
        self._failure: WakefulError | None = None
        # Alerts and events since the last moment, apart from those of its own engine step.
        self._alerts: list[Alert] = []
        self._events: list[Event] = []
        self._run_id = run_id or new_run_id()
        self.started: Run | None = None
        self.ended_early: EndedEarly | None = None
        self._time = RunClock()
        self._frame_ns: int | None = None
        self._pause_ns = 0
        self._waiting_since_ns: int | None = None
        self._stopped = False
        self.stats = LoopStats(0.0, 0.0, 0, perception.reader)

    def stop(self) -> None:
        """End after the current frame. Safe in a signal handler and from any thread."""
        self._stopped = True

    def fail(self, failure: WakefulError) -> None:
        """End after the current frame, and raise ``failure`` in the thread that iterates. From any thread."""
        self._failure = failure
        self._stopped = True

    def between_frames(self, do: Callable[[int], None]) -> None:
        """Calls ``do`` in the loop's thread before its next frame, with the last one's time. From any thread."""
        self._between.put(do)

    def run(self) -> None:
        """Watch to the end, for callers that only need the outputs. Raises what ``moments`` raises."""
        deque(self.moments(), maxlen=0)  # keeps no moment, so that frames are released early

    def moments(self) -> Generator[Moment]:
        """Yields each frame after the outputs have it, and each moment without a frame. One iteration per monitor.

        Raises:
            SourceError: the source is broken for good.
            WakefulError: the one passed to ``fail``.
        """
        loop = self._liveness.add(Part("the loop", lambda: True, stuck_s=LOOP_STUCK_S))
        try:
            while not self._stopped and not self._over():
                loop.beat()
                moment = self._next()
                if moment is not None:
                    # The time that the caller takes is not supervised.
                    loop.rest()
                    yield moment
                    del moment
        except EndOfSource as end:
            self.ended_early = end if isinstance(end, EndedEarly) else None
            return
        finally:
            self._liveness.leave(loop)
        if self._failure is not None:
            raise self._failure

    def _next(self) -> Moment | None:
        self._do_between()
        try:
            frame = self._source.read_latest(self._max_age_s)
        except StaleFrame:
            return self._without_frame(self._clock_ns())
        self._stages.done("capture")
        moment = self._with_frame(frame)
        self._stages.done("loop")
        return moment

    def _do_between(self) -> None:
        while not self._between.empty():
            self._between.get()(self._time.newest_ns or 0)

    def _over(self) -> bool:
        if self._duration_ns is None or self.started is None or self._frame_ns is None:
            return False
        return self._frame_ns - self.started.origin_ns >= self._duration_ns

    def _with_frame(self, frame: Frame) -> Moment | None:
        captured_ns, t_ns = frame.t_ns, self._time.of_frame(frame.t_ns)
        if t_ns != captured_ns:
            frame = replace(frame, t_ns=t_ns)
        self._pause_ns = 0 if self._frame_ns is None else t_ns - self._frame_ns
        self._frame_ns = t_ns
        self._start(t_ns, self._clock_ns() - captured_ns)
        self._handle_commands(frame.t_ns)
        if self._load_shedding is not None and not self._load_shedding.takes(frame.t_ns):
            return None
        begin_s = time.perf_counter()
        sighting = self._look(frame)
        seen_s = time.perf_counter()
        self._output.frame(frame, sighting)
        self._output.engine_input(sighting.observation)
        self._stages.done("alerts")
        step = self._engine.step(sighting.observation)
        self._stages.done("state")
        moment = self._publish(step, sighting, frame)
        self._stages.done("alerts")
        done_s = time.perf_counter()
        self._summary.perception.add(seen_s - begin_s)
        self._summary.decision.add(done_s - begin_s)
        self._summary.frame(step)
        self._liveness.frame()
        if self._load_shedding is not None:
            self._load_shedding.worked(done_s, done_s - begin_s, self._source.dropped)
        # A file played fast is never late: the age of a frame is its processing time.
        age_s = (self._clock_ns() - captured_ns) / 1e9 if self._source.info.live else done_s - begin_s
        self._note(self._rate.step(round(done_s * 1e9)) or 0.0, age_s)
        return moment

    def _look(self, frame: Frame) -> Sighting:
        """The result of perception. Whatever fails there (memory, a device driver), the loop continues."""
        try:
            sighting = self._perception.look(frame)
        except Exception as error:
            self._failing = True
            self._notes.set(
                BLIND, f"a frame could not be analysed ({type(error).__name__}: {error})".replace("\n", " ")
            )
            return Sighting(Observation(frame.t_ns, frame.seq, face=False))
        if self._failing:
            self._failing = False
            self._notes.clear(BLIND)
        return sighting

    def _without_frame(self, now_ns: int) -> Moment | None:
        if self._waiting_since_ns is None:
            self._waiting_since_ns = now_ns
        silent_ns = now_ns - (self._waiting_since_ns if self._frame_ns is None else self._frame_ns)
        lost = self._source.lost is not None
        # A camera needs a moment for its first frame, which is second 0: only a long silence is published.
        if not lost and silent_ns < max(self._stale_ns, min(self._pause_ns * 3 // 2, SLOW_STALE_NS)):
            return None
        starting = self._frame_ns is None and silent_ns < STARTING_NS
        health = Health.CAMERA_LOST if lost else Health.STARTING if starting else Health.STALE
        tick = Tick(self._time.of_moment(now_ns), health)
        self._start(tick.t_ns, 0)
        # Not earlier: a command must not be later than the frame that follows it.
        self._handle_commands(tick.t_ns)
        self._output.engine_input(tick)
        step = self._engine.tick(tick.t_ns, tick.health)
        moment = self._publish(step)
        self._summary.happened(step)
        self._note(0.0, silent_ns / 1e9)
        return moment

    def _note(self, fps: float, frame_age_s: float) -> None:
        self.stats = LoopStats(fps, frame_age_s * 1000.0, self._source.dropped, self._perception.reader)

    def _start(self, t_ns: int, age_ns: int) -> None:
        if self.started is None:
            utc_ns = time.time_ns() - (age_ns if self._source.info.live else 0)
            self.started = Run(self._run_id, t_ns, utc_ns, self._engine.codes)
            self._output.begin(self.started)
            self._output.start(t_ns)

    def _handle_commands(self, t_ns: int) -> None:
        while True:
            try:
                command = self._commands.get_nowait()
            except Empty:
                return
            if isinstance(command, Marker):
                self._mark(t_ns, command)
                continue
            if not isinstance(command, Acknowledge):
                # First, so that what was learned of one driver can be saved before another one is set.
                self._output.engine_input(CommandReceived(t_ns, command))
            alerts = self._engine.command(t_ns, command)
            if isinstance(command, Acknowledge):
                for done in _done(command, alerts):
                    self._output.engine_input(CommandReceived(t_ns, done))
            for alert in alerts:
                self._output.alert(alert)
                self._alerts.append(alert)

    def _mark(self, t_ns: int, marker: Marker) -> None:
        # Only a camera's frames have the same clock as the key press.
        pressed_ns = marker.pressed_ns if marker.pressed_ns and self._source.info.live else t_ns
        event = Event(t_ns, "marker", {"text": marker.text, "pressed_ns": pressed_ns})
        self._output.event(event)
        self._events.append(event)

    def _publish(self, step: Step, seen: Sighting | None = None, frame: Frame | None = None) -> Moment:
        """Passes everything to the outputs, and returns the moment for the caller."""
        for alert in step.alerts:
            self._output.alert(alert)
        for event in step.events:
            self._output.event(event)
        state = step.state
        if self._everybody is not None and seen is not None and frame is not None:
            state = replace(state, people=self._look_around(self._everybody, frame, seen, state))
        noted = self._publish_notes(state)
        if codes := self._notes.codes:
            state = replace(state, notes=codes)
        self._output.state(state)
        alerts = (*self._alerts, *step.alerts) if self._alerts else step.alerts
        events = (*self._events, *step.events, *noted) if self._events or noted else step.events
        self._alerts.clear()
        self._events.clear()
        assert self.started is not None
        since_ns = state.t_ns - self.started.origin_ns
        utc_ns = self.started.utc_ns + since_ns
        if seen is None or frame is None:
            return Moment(since_ns / 1e9, utc_ns, state, alerts, events)
        points = Landmarks.of(seen.landmarks, frame.image)
        return Moment(since_ns / 1e9, utc_ns, state, alerts, events, seen.observation, frame, points)

    def _look_around(
        self, everybody: Everybody, frame: Frame, seen: Sighting, state: DriverState
    ) -> tuple[Person, ...] | None:
        """Who is in view; None where that fails, which must not cost the watched person a frame."""
        try:
            people = everybody(frame, seen, state)
        except Exception as error:
            text = f"further people could not be read ({type(error).__name__}: {error})".replace("\n", " ")
            self._notes.set(BLIND_TO_OTHERS, text)
            return None
        self._notes.clear(BLIND_TO_OTHERS)
        return people

    def _publish_notes(self, state: DriverState) -> list[Event]:
        """What changed in the notes, as health events."""
        events = []
        for note in self._notes.changes():
            change: dict[str, float | int | str] = {"over": 1} if note.over else {"text": note.text}
            event = Event(state.t_ns, "health", {"health": state.health.value, "note": note.code} | change)
            self._output.event(event)
            events.append(event)
        return events


def _done(command: Acknowledge, alerts: tuple[Alert, ...]) -> list[Acknowledge]:
    """The command as a log holds it: who acknowledges all active alerts has acknowledged these."""
    if command.alert_seq is None:
        return [Acknowledge(alert.seq) for alert in alerts]
    return [command]
