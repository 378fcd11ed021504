"""The loop: every frame is judged and told, silence is told too, and it ends when it should."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

from wakeful import SourceError
from wakeful.device.alerts.fan_out import FanOut
from wakeful.device.alerts.output import Output
from wakeful.device.config.layers import load_profile
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
    Phase,
    ReaderTraits,
    VehicleSpeed,
)
from wakeful.device.monitor import Monitor
from wakeful.device.perception.pipeline import Perception, Sighting
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.inputs import EngineInput
from wakeful.device.summary import Summary
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.watchdog import PartFailed
from wakeful.device.supervision.workers import Liveness
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.source import EndOfSource, SourceInfo, StaleFrame

SECOND_NS = 1_000_000_000
FPS = 30
BLANK = np.zeros((48, 64, 3), np.uint8)
TRAITS = ReaderTraits("scripted", closed_ratio=0.05, wide_mouth_aspect=0.75)


class ScriptedSource:
    """Gives what a script says, by a clock of its own: frames (s), or ``None`` for 0.1 s in which none comes."""

    def __init__(self, script: Iterable[float | Exception | None], *, live: bool = True) -> None:
        self.info = SourceInfo(name="script", live=live, width=64, height=48, fps=float(FPS))
        self.dropped = 0
        self.lost: str | None = None
        self.now_ns = 0
        self.on_read: Callable[[], None] = lambda: None
        self._script = iter(script)
        self._seq = itertools.count()

    def clock_ns(self) -> int:
        return self.now_ns

    def read_latest(self, max_age_s: float) -> Frame:
        self.on_read()
        item = next(self._script, EndOfSource("over"))
        if isinstance(item, Exception):
            raise item
        if item is None:
            self.now_ns += round(max_age_s * 1e9)
            raise StaleFrame("nothing new")
        self.now_ns = round(item * SECOND_NS)
        return Frame(BLANK, self.now_ns, next(self._seq))

    def close(self) -> None: ...


class ScriptedPerception:
    """Sees a driver whose eyes are shut in the given spans, s; the pixels do not matter."""

    reader = "scripted"
    network_faults = 0

    def __init__(self, *shut: tuple[float, float]) -> None:
        self._shut = shut

    def look(self, frame: Frame) -> Sighting:
        return Sighting(self._observation(frame))

    def _observation(self, frame: Frame) -> Observation:
        closed = any(start <= frame.t_ns / SECOND_NS < end for start, end in self._shut)
        aspect = 0.01 if closed else 0.3
        return Observation(
            frame.t_ns,
            frame.seq,
            face=True,
            presence=1.0,
            face_px=120.0,
            brightness=120.0,
            eye_aspect_left=aspect,
            eye_aspect_right=aspect,
            mouth_aspect=0.05,
            yaw_deg=0.0,
            pitch_deg=0.0,
            roll_deg=0.0,
        )


class Heard(Output):
    """An output that keeps everything."""

    def __init__(self) -> None:
        self.origin_ns: list[int] = []
        self.alerts: list[Alert] = []
        self.events: list[Event] = []
        self.states: list[DriverState] = []

    def start(self, origin_ns: int) -> None:
        self.origin_ns.append(origin_ns)

    def alert(self, alert: Alert) -> None:
        self.alerts.append(alert)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def state(self, state: DriverState) -> None:
        self.states.append(state)

    def told(self) -> list[tuple[str, Phase]]:
        return [(alert.code, alert.phase) for alert in self.alerts]

    def healths(self) -> list[str]:
        """Each health as it was told when it changed."""
        return [str(event.data["health"]) for event in self.events if event.kind == "health"]


def seconds(start: float, end: float) -> Iterator[float]:
    """Times of frames."""
    return (start + i / FPS for i in range(round((end - start) * FPS)))


def monitor(
    source: Any,
    output: Output,
    perception: Any = None,
    commands: SimpleQueue[Command] | None = None,
    speed_kmh: float | None = None,
    **options: Any,
) -> Monitor:
    perception = perception or ScriptedPerception()
    profile = load_profile("vehicle")[0]
    traits = perception.traits if isinstance(perception, Perception) else TRAITS
    return Monitor(
        source,
        perception,
        Engine(EngineConfig(profile, traits, speed_kmh)),
        FanOut([output]),
        Summary({}),
        commands or SimpleQueue(),
        clock_ns=getattr(source, "clock_ns", time.monotonic_ns),
        **options,
    )


def test_each_frame_is_told_once_from_the_first_on() -> None:
    heard = Heard()
    monitor(ScriptedSource(seconds(5.0, 6.0)), heard).run()
    assert heard.origin_ns == [5 * SECOND_NS]
    assert [state.seq for state in heard.states] == list(range(30))
    assert heard.states[0].t_ns == 5 * SECOND_NS


def test_closed_eyes_raise_the_ladder_of_alerts() -> None:
    heard = Heard()
    monitor(ScriptedSource(seconds(0.0, 12.0)), heard, ScriptedPerception((3.0, 7.0))).run()
    raised = {alert.code: alert.t_ns / 1e9 for alert in heard.alerts if alert.phase in (Phase.RAISED, Phase.ESCALATED)}
    assert raised["microsleep"] == pytest.approx(4.0, abs=0.1)
    assert raised["sleep"] == pytest.approx(6.0, abs=0.1)


def test_an_alert_goes_out_before_the_state_that_shows_it() -> None:
    order: list[str] = []

    class Ordered(Heard):
        def alert(self, alert: Alert) -> None:
            order.append(alert.code)

        def state(self, state: DriverState) -> None:
            order.append(state.code or "-")

    monitor(ScriptedSource(seconds(0.0, 3.0)), Ordered(), ScriptedPerception((1.0, 9.0))).run()
    first = order.index("microsleep")
    assert order[first - 1 : first + 2] == ["-", "microsleep", "microsleep"]


def test_no_frame_for_half_a_second_is_stale_and_the_next_frame_ends_it() -> None:
    heard = Heard()
    monitor(ScriptedSource([*seconds(0.0, 1.0), *[None] * 9, *seconds(2.0, 3.0)]), heard).run()
    stale = [state for state in heard.states if state.health is Health.STALE]
    # 0.97 s was the last frame: of the looks at 1.07, 1.17, ... the fifth is the first without a frame for 0.5 s
    assert [round(state.t_ns / 1e9, 2) for state in stale] == [1.47, 1.57, 1.67, 1.77, 1.87]
    assert all(state.eyes_closed is None and state.closure_s is None for state in stale)
    assert heard.healths() == ["calibrating", "stale", "calibrating"]


def test_a_lost_camera_is_told_at_once_and_goes_on_being_told() -> None:
    heard = Heard()
    source = ScriptedSource([*seconds(0.0, 1.0), *[None] * 20, *seconds(3.5, 4.0)])
    source.on_read = lambda: setattr(source, "lost", "unplugged" if 0.96 <= source.now_ns / 1e9 < 2.9 else None)
    monitor(source, heard).run()
    lost = [state for state in heard.states if state.health is Health.CAMERA_LOST]
    assert lost[0].t_ns / 1e9 == pytest.approx(1.07, abs=0.01)
    assert len(lost) == 20
    assert heard.healths() == ["calibrating", "camera_lost", "calibrating"]


def test_a_camera_that_never_gives_a_frame_is_told_too() -> None:
    heard = Heard()
    source = ScriptedSource([None] * 8)
    source.lost = "hanging"
    monitor(source, heard).run()
    assert heard.origin_ns == [round(0.1 * SECOND_NS)]
    assert {state.health for state in heard.states} == {Health.CAMERA_LOST}


def test_second_0_is_the_first_frame_also_of_a_camera_that_takes_a_moment() -> None:
    heard = Heard()
    monitor(ScriptedSource([None, None, None, *seconds(0.35, 1.0)]), heard).run()
    assert heard.origin_ns == [350_000_000]
    assert heard.healths() == ["calibrating"]


def test_a_camera_that_gives_nothing_from_the_start_is_starting_and_stale_after_five_seconds() -> None:
    heard = Heard()
    monitor(ScriptedSource([None] * 53), heard).run()
    assert [round(state.t_ns / 1e9, 1) for state in heard.states[:3]] == [0.6, 0.7, 0.8]
    assert heard.healths() == ["starting", "stale"]
    stale = next(state for state in heard.states if state.health is Health.STALE)
    assert stale.t_ns / 1e9 == pytest.approx(5.1)


def test_a_camera_that_takes_a_second_for_its_first_frame_starts_and_time_never_runs_backwards() -> None:
    heard = Heard()
    commands: SimpleQueue[Command] = SimpleQueue()
    source = ScriptedSource([*[None] * 10, *seconds(0.97, 2.0)])
    source.on_read = lambda: commands.put(Marker("rain")) if round(source.now_ns / 1e8) == 7 else None
    monitor(source, heard, commands=commands).run()
    times = [state.t_ns for state in heard.states]
    assert times == sorted(times)
    assert heard.origin_ns == [times[0]] == [600_000_000]
    assert heard.healths() == ["starting", "calibrating"]
    # Captured at 0.97 s, but handed over after the moment at 1.0 s was published.
    first = next(state for state in heard.states if state.face)
    assert (first.t_ns, first.seq) == (1_000_000_000, 0)
    assert all(event.t_ns >= times[0] for event in heard.events)


def test_a_source_that_sets_its_clock_back_leaves_a_gap_and_goes_on() -> None:
    heard = Heard()
    moments = list(monitor(ScriptedSource([*seconds(50.0, 53.0), *seconds(2.0, 4.0)]), heard).moments())
    times = [moment.t_s for moment in moments]
    assert times == sorted(times) and len(times) == 150
    assert max(late - early for early, late in itertools.pairwise(times)) == pytest.approx(1.0)
    assert times[-1] == pytest.approx(2.967 + 1.0 + 1.967, abs=0.01)


def test_an_alert_stands_while_the_camera_is_lost() -> None:
    heard = Heard()
    source = ScriptedSource([*seconds(0.0, 5.0), *[None] * 30])
    source.on_read = lambda: setattr(source, "lost", "unplugged" if source.now_ns / 1e9 > 4.9 else None)
    monitor(source, heard, ScriptedPerception((1.0, 9.0))).run()
    assert heard.states[-1].health is Health.CAMERA_LOST
    assert heard.states[-1].code == "sleep"
    assert ("sleep", Phase.CLEARED) not in heard.told()


def test_an_acknowledge_is_obeyed_with_the_next_frame() -> None:
    heard = Heard()
    commands: SimpleQueue[Command] = SimpleQueue()
    source = ScriptedSource(seconds(0.0, 6.0))

    def acknowledge() -> None:
        if any(alert.code == "sleep" for alert in heard.alerts) and not source.dropped:
            source.dropped = 1  # once
            commands.put(Acknowledge(heard.alerts[-1].seq))

    source.on_read = acknowledge
    monitor(source, heard, ScriptedPerception((1.0, 9.0)), commands).run()
    last = heard.alerts[-1]
    assert last.phase is Phase.ACKNOWLEDGED
    assert last.t_ns / 1e9 == pytest.approx(4.0, abs=0.1)


def test_a_vehicle_that_stands_raises_nothing_until_it_says_that_it_moves() -> None:
    heard = Heard()
    commands: SimpleQueue[Command] = SimpleQueue()
    source = ScriptedSource(seconds(0.0, 8.0))
    source.on_read = lambda: commands.put(VehicleSpeed(80.0)) if 4.9 < source.now_ns / 1e9 < 5.0 else None
    monitor(source, heard, ScriptedPerception((1.0, 3.5), (6.0, 7.5)), commands, speed_kmh=0.0).run()
    assert [alert.t_ns / 1e9 for alert in heard.alerts if alert.phase is Phase.RAISED] == [pytest.approx(7.0, abs=0.1)]


def test_commands_are_heard_while_no_frames_come() -> None:
    heard = Heard()
    commands: SimpleQueue[Command] = SimpleQueue()
    commands.put(VehicleSpeed(33.0))
    monitor(ScriptedSource([None] * 10), heard, commands=commands).run()
    assert heard.states[-1].speed_kmh == 33.0


def test_the_duration_is_the_sources_own_time() -> None:
    heard = Heard()
    monitor(ScriptedSource(seconds(100.0, 200.0)), heard, duration_s=2.0).run()
    assert heard.states[-1].t_ns / 1e9 == pytest.approx(102.0, abs=0.05)


def test_a_source_that_breaks_for_good_is_not_hidden() -> None:
    heard = Heard()
    with pytest.raises(SourceError, match="burnt"):
        monitor(ScriptedSource([0.0, SourceError("the camera has burnt down")]), heard).run()
    assert len(heard.states) == 1


def test_another_thread_may_stop_it() -> None:
    heard = Heard()
    source = ScriptedSource(i / 1000 for i in itertools.count())
    running = monitor(source, heard)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not heard.states:
        time.sleep(0.005)
    running.stop()
    thread.join(5.0)
    assert not thread.is_alive()


@pytest.mark.parametrize(("live", "age_ms"), [(True, 40.0), (False, 0.0)])
def test_the_age_of_a_frame_is_told_where_frames_come_with_the_clock(live: bool, age_ms: float) -> None:
    source = ScriptedSource(seconds(1.0, 2.0), live=live)
    perception = ScriptedPerception()
    look = perception.look

    def late(frame: Frame) -> Sighting:
        source.now_ns = frame.t_ns + 40_000_000
        return look(frame)

    perception.look = late  # type: ignore[method-assign]
    running = monitor(source, Heard(), perception)
    running.run()
    assert running.stats.frame_age_ms == pytest.approx(age_ms, abs=20.0)
    assert running.stats.landmarks == "scripted"


def test_a_rendered_driver_who_nods_off_is_warned(landmarks: str) -> None:
    pictures = {opening: render(DriverPose(eye_left=opening, eye_right=opening)) for opening in (0.0, 1.0)}

    class Portraits(ScriptedSource):
        def read_latest(self, max_age_s: float) -> Frame:
            frame = super().read_latest(max_age_s)
            return replace(frame, image=pictures[0.0 if frame.t_ns >= 3 * SECOND_NS else 1.0])

    heard = Heard()
    monitor(Portraits(seconds(0.0, 4.5)), heard, Perception(landmarks)).run()
    assert heard.told() == [("microsleep", Phase.RAISED)]
    assert heard.alerts[0].t_ns / 1e9 == pytest.approx(4.0, abs=0.1)


def test_a_network_that_answers_nan_is_nobody_seen_and_the_loop_goes_on(
    landmarks: str, caplog: pytest.LogCaptureFixture
) -> None:
    picture = render(DriverPose())

    class Portraits(ScriptedSource):
        def read_latest(self, max_age_s: float) -> Frame:
            return replace(super().read_latest(max_age_s), image=picture)

    perception = Perception(landmarks)
    source, heard = Portraits(seconds(0.0, 3.0)), Heard()
    source.on_read = lambda: _break_networks(perception) if 0.99 < source.now_ns / 1e9 < 1.01 else None
    monitor(source, heard, perception).run()
    assert heard.states[20].face
    assert not any(state.face for state in heard.states[35:])
    assert heard.states[-1].health is Health.NO_FACE
    assert heard.alerts == []
    assert perception.network_faults > 30
    assert caplog.text.count("NaN") == 1


def _break_networks(perception: Perception) -> None:
    """From now on every landmark network answers NaN everywhere but in its belief to see a face."""
    reader: Any = perception._reader
    for name in ("_network", "_mesh", "_iris"):
        if network := getattr(reader, name, None):
            setattr(reader, name, lambda tensor, network=network: _spoilt(network(tensor)))


def _spoilt(outputs: list[np.ndarray]) -> list[np.ndarray]:
    return [np.full_like(output, np.nan) if output.size > 1 else output for output in outputs]


class Watching(Heard):
    """An output that also wants the pictures and all that the judge is given."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[object] = []

    def frame(self, frame: Frame, sighting: Sighting) -> None:
        assert sighting.observation.seq == frame.seq
        self.order.append("seen")

    def engine_input(self, given: EngineInput) -> None:
        self.order.append(given)

    def state(self, state: DriverState) -> None:
        super().state(state)
        self.order.append("state")


def test_a_watcher_hears_all_that_the_judge_is_given_before_what_follows_from_it() -> None:
    watching = Watching()
    commands: SimpleQueue[Command] = SimpleQueue()
    commands.put(VehicleSpeed(50.0))
    monitor(ScriptedSource([0.0, 0.1, *[None] * 6]), watching, commands=commands, stale_s=0.5).run()
    first, *rest = watching.order
    assert first == CommandReceived(0, VehicleSpeed(50.0))
    assert [type(one).__name__ for one in rest if one not in ("seen", "state")] == ["Observation"] * 2 + ["Tick"] * 2
    assert rest[:3:2] == ["seen", "state"]


def test_the_same_given_again_gives_the_same_alerts() -> None:
    watching = Watching()
    perception = ScriptedPerception((2.0, 5.5), (7.0, 8.2))
    monitor(ScriptedSource(seconds(0.0, 10.0)), watching, perception).run()
    engine = Engine(EngineConfig(load_profile("vehicle")[0], TRAITS))
    again = [alert for one in watching.order if isinstance(one, Observation) for alert in engine.step(one).alerts]
    assert again == watching.alerts != []


def test_a_marker_is_told_with_the_time_at_which_it_was_pressed() -> None:
    heard = Heard()
    commands: SimpleQueue[Command] = SimpleQueue()
    commands.put(Marker("tunnel", pressed_ns=SECOND_NS))
    monitor(ScriptedSource(seconds(2.0, 2.2)), heard, commands=commands).run()
    (marker,) = (event for event in heard.events if event.kind == "marker")
    assert marker.data == {"text": "tunnel", "pressed_ns": SECOND_NS}


def test_what_is_wrong_with_the_monitor_is_told_beside_its_health() -> None:
    heard, notes = Heard(), Notes()
    source = ScriptedSource(seconds(0.0, 1.0))
    running = monitor(source, heard, notes=notes)
    notes.set("disk_full", "no video: make room")
    source.on_read = lambda: notes.clear("disk_full") if source.now_ns > SECOND_NS // 2 else None
    running.run()
    told = [event.data for event in heard.events if "note" in event.data]
    assert [(data["note"], data.get("text"), data.get("over")) for data in told] == [
        ("disk_full", "no video: make room", None),
        ("disk_full", None, 1),
    ]
    assert heard.states[0].notes == ("disk_full",)
    assert heard.states[-1].notes == ()


def test_a_failure_from_outside_ends_the_loop_and_is_raised() -> None:
    heard = Heard()
    source = ScriptedSource(seconds(0.0, 60.0))
    running = monitor(source, heard)
    source.on_read = lambda: running.fail(PartFailed("serial died")) if len(heard.states) == 5 else None
    with pytest.raises(PartFailed, match="serial died"):
        running.run()
    assert len(heard.states) == 6


def test_what_is_to_happen_between_frames_happens_in_the_loop_before_the_next() -> None:
    heard, done = Heard(), list[tuple[int, int, str]]()
    source = ScriptedSource(seconds(1.0, 2.0))
    running = monitor(source, heard)

    def note(t_ns: int) -> None:
        done.append((t_ns, len(heard.states), threading.current_thread().name))

    source.on_read = lambda: running.between_frames(note) if len(heard.states) == 5 else None
    running.run()
    assert done == [(heard.states[5].t_ns, 6, threading.current_thread().name)]


def test_a_perception_that_fails_is_nobody_seen_and_noted_until_it_works_again() -> None:
    heard, notes = Heard(), Notes()
    perception = ScriptedPerception()
    look = perception.look

    def failing(frame: Frame) -> Any:
        if 1.0 <= frame.t_ns / SECOND_NS < 3.0:
            raise MemoryError("no memory left")
        return look(frame)

    perception.look = failing  # type: ignore[method-assign]
    monitor(ScriptedSource(seconds(0.0, 4.0)), heard, perception, notes=notes).run()
    assert len(heard.states) == 120
    assert heard.states[75].health is Health.NO_FACE
    said = [event.data for event in heard.events if event.data.get("note") == "perception_failed"]
    assert said[0]["text"] == "a frame could not be analysed (MemoryError: no memory left)"
    assert said[-1]["over"] == 1
    assert heard.states[-1].face


def test_each_judged_frame_is_told_to_the_liveness_and_the_loop_is_watched_while_it_runs() -> None:
    liveness, watched = Liveness(), list[str]()
    source = ScriptedSource(seconds(0.0, 1.0))
    source.on_read = lambda: watched.extend(part.name for part in liveness.parts)
    monitor(source, Heard(), liveness=liveness).run()
    assert set(watched) == {"the loop"}
    assert liveness.frames == 30
    assert not liveness.parts


def test_whoever_iterates_gets_what_the_outputs_get_and_the_frame_behind_it() -> None:
    heard, commands = Heard(), SimpleQueue[Command]()
    source = ScriptedSource([*seconds(5.0, 8.0), *[None] * 8, *seconds(9.0, 9.5)])
    source.on_read = lambda: commands.put(Marker("rain")) if len(heard.states) == 3 else None
    moments = list(monitor(source, heard, ScriptedPerception((6.0, 7.5)), commands).moments())
    assert [moment.state for moment in moments] == heard.states
    assert [alert for moment in moments for alert in moment.alerts] == heard.alerts != []
    assert [event for moment in moments for event in moment.events] == heard.events
    assert [event.kind for event in moments[3].events] == ["marker"]
    missing = [moment for moment in moments if moment.frame is None]
    assert {moment.state.health for moment in missing} == {Health.STALE} and len(missing) == 4
    assert all(moment.observation is None for moment in missing)
    assert [moment.frame.seq for moment in moments if moment.frame] == list(range(105))
    assert moments[0].t_s == 0.0 and moments[-1].t_s == pytest.approx(4.4667, abs=1e-3)
    passed = moments[-1].time - moments[0].time
    assert passed.total_seconds() == pytest.approx(moments[-1].t_s, abs=1e-5)
    assert moments[0].time.tzinfo is UTC


def test_no_frame_is_kept_while_the_next_is_awaited() -> None:
    source, alive = ScriptedSource(seconds(0.0, 1.0)), list[int]()
    images: list[weakref.ref[Image]] = []
    read = source.read_latest

    def tracked(max_age_s: float) -> Frame:
        alive.append(sum(image() is not None for image in images))
        image = BLANK.view(Image)
        images.append(weakref.ref(image))
        return replace(read(max_age_s), image=image)

    source.read_latest = tracked  # type: ignore[method-assign]
    monitor(source, Heard()).run()
    assert alive == [0] * 31


class Image(np.ndarray):
    """An image that can be referred to weakly."""


def test_a_caller_who_takes_long_over_a_moment_is_no_loop_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.device.monitor.LOOP_STUCK_S", 0.0)
    liveness, source = Liveness(), ScriptedSource(seconds(0.0, 1.0))
    inside: list[str | None] = []
    source.on_read = lambda: inside.append(liveness.parts[0].fault())
    moments = monitor(source, Heard(), liveness=liveness).moments()
    outside = [liveness.parts[0].fault() for _ in itertools.islice(moments, 4)]
    assert (inside, outside) == (["is stuck"] * 4, [None] * 4)
    moments.close()
    assert not liveness.parts
