"""What the monitor hands on: engine input, markers, notes, failures, and moments to whoever iterates."""

from __future__ import annotations

import itertools
import threading
import weakref
from dataclasses import replace
from datetime import UTC
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

from tests.device.scripted_monitor import (
    BLANK,
    SECOND_NS,
    TRAITS,
    ScriptedPerception,
    ScriptedSource,
    monitor,
    seconds,
)
from tools.rigs.heard import Heard
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import (
    Command,
    CommandReceived,
    DriverState,
    Health,
    Marker,
    Observation,
    VehicleSpeed,
)
from wakeful.device.perception.pipeline import Sighting
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.inputs import EngineInput
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.watchdog import PartFailed
from wakeful.device.supervision.workers import Liveness
from wakeful.sensors.frame import Frame


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
