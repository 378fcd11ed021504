"""The loop: every frame is judged and told, silence is told too, and it ends when it should."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace
from queue import SimpleQueue

import pytest

from tests.device.scripted_monitor import (
    SECOND_NS,
    ScriptedPerception,
    ScriptedSource,
    monitor,
    seconds,
)
from tools.rigs.heard import Heard
from tools.rigs.networks import LANDMARKS, Breakable, kept
from wakeful import SourceError
from wakeful.device.drivers import Calibration, SetDriver
from wakeful.device.messages import (
    Acknowledge,
    Alert,
    Command,
    CommandReceived,
    DriverState,
    Health,
    Marker,
    Phase,
    VehicleSpeed,
)
from wakeful.device.perception.pipeline import Perception, Sighting
from wakeful.device.state.inputs import EngineInput
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame


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


def test_a_camera_of_one_frame_a_second_is_slow_and_not_stale_in_turns() -> None:
    heard = Heard()
    slow = [item for t_s in range(1, 12) for item in (float(t_s), *[None] * 9)]
    monitor(ScriptedSource([*slow, *[None] * 9]), heard).run()
    # After the last frame, at 11 s, the silence is longer than ever.
    assert heard.healths() == ["calibrating", "stale", "calibrating", "degraded", "stale"]
    stale_s = [state.t_ns / 1e9 for state in heard.states if state.health is Health.STALE]
    assert min(t_s for t_s in stale_s if t_s > 11.0) == pytest.approx(12.5)
    assert max(late - early for early, late in itertools.pairwise(state.t_ns for state in heard.states)) < 2e9


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


@pytest.mark.parametrize("late_s", [0.5, 1.5, 8.0])
def test_frames_that_a_slow_machine_takes_late_make_no_clock_jump(late_s: float) -> None:
    heard = Heard()
    source = ScriptedSource([*[None] * 60, *seconds(6.0 - late_s, 8.0)])
    moments = list(monitor(source, heard).moments())
    times = [moment.t_s for moment in moments]
    assert times == sorted(times)
    assert max(late - early for early, late in itertools.pairwise(times)) < 0.2
    assert heard.states[-1].t_ns / 1e9 == pytest.approx(8.0, abs=0.05)


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


def test_acknowledging_what_is_active_is_recorded_by_number() -> None:
    heard = Heard()
    commands: SimpleQueue[Command] = SimpleQueue()
    source = ScriptedSource(seconds(0.0, 6.0))

    def acknowledge() -> None:
        if any(alert.code == "sleep" for alert in heard.alerts) and not source.dropped:
            source.dropped = 1  # once
            commands.put(Acknowledge(None))

    source.on_read = acknowledge
    monitor(source, heard, ScriptedPerception((1.0, 9.0)), commands).run()
    acknowledged = {alert.seq for alert in heard.alerts if alert.phase is Phase.ACKNOWLEDGED}
    assert acknowledged == {alert.seq for alert in heard.alerts}
    recorded = [given.command for given in heard.given if isinstance(given, CommandReceived)]
    assert recorded == [Acknowledge(seq) for seq in sorted(acknowledged)]


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
    monitor(Portraits(seconds(0.0, 4.5)), heard, Perception(landmarks, load=kept)).run()
    assert heard.told() == [("microsleep", Phase.RAISED)]
    assert heard.alerts[0].t_ns / 1e9 == pytest.approx(4.0, abs=0.1)


def test_a_network_that_answers_nan_is_nobody_seen_and_the_loop_goes_on(
    landmarks: str, caplog: pytest.LogCaptureFixture
) -> None:
    picture = render(DriverPose())

    class Portraits(ScriptedSource):
        def read_latest(self, max_age_s: float) -> Frame:
            return replace(super().read_latest(max_age_s), image=picture)

    networks = Breakable(kept)
    perception = Perception(landmarks, load=networks)
    source, heard = Portraits(seconds(0.0, 3.0)), Heard()

    def broken_from_the_first_second_on() -> None:
        networks.broken = LANDMARKS if source.now_ns > 0.99e9 else ()

    source.on_read = broken_from_the_first_second_on
    monitor(source, heard, perception).run()
    assert heard.states[20].face
    assert not any(state.face for state in heard.states[35:])
    assert heard.states[-1].health is Health.NO_FACE
    assert heard.alerts == []
    assert perception.network_faults > 30
    assert caplog.text.count("NaN") == 1


def test_what_was_learned_of_one_driver_is_at_hand_when_another_one_is_set() -> None:
    known = [Calibration("scripted", aspect, aspect) for aspect in (0.3, 0.25)]
    commands: SimpleQueue[Command] = SimpleQueue()
    learned: list[Calibration | None] = []

    class Saver(Heard):
        def engine_input(self, given: EngineInput) -> None:
            if isinstance(given, CommandReceived):
                learned.append(engine.calibration())

    for number, name in enumerate(("anna", "bert")):
        commands.put(SetDriver(name, known[number]))
    watching = monitor(ScriptedSource(seconds(0.0, 1.0)), Saver(), commands=commands)
    engine = watching._engine
    watching.run()
    assert learned == [None, known[0]]
