"""The same inputs and rules give the same alerts; other rules show what they would have changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tools.rigs.log_samples import CONFIG, MESSAGES, at, log_bytes
from tools.rigs.recorded_drive import eventful, record
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Alert, Event, Level, Phase
from wakeful.device.record.compare import changes, differences
from wakeful.device.record.engine_revision import engine_revision
from wakeful.device.record.errors import LogError
from wakeful.device.record.outcome import Job, replay_job
from wakeful.device.record.reader import recording
from wakeful.device.record.replay import Said, replay

pytest.importorskip("mcap", reason="the extra [record] is not installed")


def alert(seconds: float, code: str = "sleep", phase: Phase = Phase.RAISED, seq: int = 1) -> Alert:
    return Alert(at(seconds), seq, code, Level.URGENT, phase, {"closure_s": 3.0})


def test_a_replay_says_what_was_said_live_to_the_last_digit(tmp_path: Path) -> None:
    told = record(tmp_path, eventful())
    done = replay(recording(tmp_path))
    assert done.now == told == done.then
    assert done.raised == {"microsleep": 1, "sleep": 1}
    assert any(one.phase is Phase.ACKNOWLEDGED for one in told if isinstance(one, Alert))
    assert done.seconds == pytest.approx(14.0, abs=0.1)
    assert done.health_s["camera_lost"] == pytest.approx(1.0, abs=0.1)


def test_with_another_profile_other_alerts_are_raised(tmp_path: Path) -> None:
    record(tmp_path, eventful())
    log = recording(tmp_path)
    lenient = replace(log.config.engine_config, profile=load_profile("robot")[0])
    done = replay(log, lenient)
    assert done.raised != replay(log).raised
    assert {change.what for change in changes(done.then, done.now)} >= {"vanished"}


def test_markers_and_notes_of_the_log_are_passed_on_in_their_place(tmp_path: Path) -> None:
    record(tmp_path, eventful(5.0), marks={at(4.5): "here"})
    told: list[Said] = []
    replay(recording(tmp_path), tell=told.append)
    kinds = [one.kind if isinstance(one, Event) else one.code for one in told if one.t_ns >= at(3.9)]
    assert kinds.index("microsleep") < kinds.index("marker")


def test_a_log_whose_alerts_were_changed_differs(tmp_path: Path) -> None:
    told = record(tmp_path / "a", eventful())
    changed = [replace(one, evidence={"closure_s": 1.0001}) if isinstance(one, Alert) else one for one in told]
    (tmp_path / "b.mcap").write_bytes(log_bytes([*eventful(), *changed], CONFIG))
    outcome = replay_job(Job((tmp_path / "b.mcap",)))
    assert not outcome.same
    assert {one.code for one in outcome.now_only if isinstance(one, Alert)} == {"microsleep", "sleep"}


@pytest.mark.parametrize(
    ("code", "told"), [("0123456789ab", True), (engine_revision(), False), (None, False), (7, False)]
)
def test_differences_that_other_code_may_have_made_are_told_as_such(tmp_path: Path, code: object, told: bool) -> None:
    inputs, said = list(eventful(5.0)), record(tmp_path / "a", eventful(5.0))
    same = replace(CONFIG, about={**CONFIG.about, "judging_code": code})
    (tmp_path / "b.mcap").write_bytes(log_bytes([*inputs, *said[1:]], same))
    (tmp_path / "c.mcap").write_bytes(log_bytes([*inputs, *said], same))
    assert any("by other code" in line for line in replay_job(Job((tmp_path / "b.mcap",))).warnings) is told
    assert not any("by other code" in line for line in replay_job(Job((tmp_path / "c.mcap",))).warnings)


def test_what_a_log_ends_in_the_middle_of_is_not_compared(tmp_path: Path) -> None:
    inputs = [one for one in eventful() if one.t_ns <= at(4.1)]
    told = record(tmp_path / "a", inputs)
    last = next(one for one in told if isinstance(one, Alert)).t_ns
    whole = log_bytes([one for one in inputs if one.t_ns <= last] + [one for one in told if one.t_ns < last])
    (tmp_path / "b.mcap").write_bytes(whole[: whole.rindex(b"\x0f\x04")])
    outcome = replay_job(Job((tmp_path / "b.mcap",)))
    assert outcome.same
    assert any("not closed" in warning for warning in outcome.warnings)


def test_a_log_without_inputs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mcap").write_bytes(log_bytes([MESSAGES[9]]))
    with pytest.raises(LogError, match="nothing to evaluate"):
        replay_job(Job((tmp_path / "a.mcap",)))


def test_the_same_twice_is_no_difference_and_every_figure_counts() -> None:
    one = alert(1.0)
    first: list[Said] = [one, Event(at(2.0), "yawn", {"start_ns": 1})]
    assert differences(first, list(first)) == ([], [])
    for other in (
        replace(one, evidence={"closure_s": 3.0000000000000004}),
        replace(one, t_ns=at(1.0) + 1),
        replace(one, level=Level.WARNING),
        replace(one, phase=Phase.CLEARED),
    ):
        assert differences(first, [other, first[1]]) == ([first[0]], [other])
    assert differences(first, [first[1], first[0]]) == (first, [first[1], first[0]])
    assert differences([*first, first[0]], first) == ([first[0]], [])


def test_changes_are_told_as_appeared_vanished_and_moved() -> None:
    then = [alert(10.0), alert(50.0, "drowsy"), alert(90.0, phase=Phase.CLEARED)]
    now = [alert(10.6), alert(70.0, "drowsy"), alert(80.0, "yawning")]
    found = [(change.alert.code, change.what, round(change.by_s, 3)) for change in changes(then, now)]
    assert found == [
        ("sleep", "moved", 0.6),
        ("drowsy", "vanished", 0.0),
        ("drowsy", "appeared", 0.0),
        ("yawning", "appeared", 0.0),
    ]
    assert changes(then, then) == []
