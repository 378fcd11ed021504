"""What the report knows of a log: curves, spans, the lives of alerts, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mcap", reason="logs need mcap: pip install 'wakeful[record]'")

from tools.rigs.log_samples import CONFIG, at, log_bytes, observations, time_of
from tools.rigs.report_logs import LOG_CONFIG, write_log
from wakeful.device.messages import Acknowledge, Alert, CommandReceived, Event, Health, Level, Phase, Tick, VehicleSpeed
from wakeful.device.record.encode import Recorded
from wakeful.device.record.reader import recording
from wakeful.device.state.inputs import EngineInput, NewRules
from wakeful.device.view.drive import Drive, Runs, Span, read_drive
from wakeful.device.view.figures import figures


def an_eventful_drive(seconds: float = 24.0) -> Iterator[EngineInput]:
    """Shut eyes from 12 to 17 s, acknowledged at 16 s; 60 km/h from 1 s on; the camera is lost from 20 to 21 s."""
    for seen in observations(seconds, shut=(12.0, 17.0)):
        if seen.t_ns == at(1.0):
            yield CommandReceived(seen.t_ns, VehicleSpeed(60.0))
        if seen.t_ns == at(16.0):
            yield CommandReceived(seen.t_ns, Acknowledge(1))
        yield Tick(seen.t_ns, Health.CAMERA_LOST) if at(20.0) < seen.t_ns < at(21.0) else seen


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Drive:
    file = tmp_path_factory.mktemp("logs") / "drive.mcap"
    return read_drive(recording(write_log(file, an_eventful_drive(), {9.0: "tunnel"})))


def of(*messages: Recorded, folder: Path) -> Drive:
    """A drive of these messages alone."""
    file = folder / "made.mcap"
    file.write_bytes(log_bytes(messages, CONFIG))
    return read_drive(recording(file))


def names(spans: Iterable[Span]) -> list[str]:
    return [span.name for span in spans]


def test_curves_have_a_value_a_frame_and_none_where_it_is_unknown(drive: Drive) -> None:
    assert drive.damage == []
    assert len(drive.t_s) == len(drive.curves["eye_open_left"]) == 24 * 30
    assert (drive.start_s, drive.end_s) == pytest.approx((0.0, 24.0), abs=0.05)
    lost = (drive.t_s > 20.1) & (drive.t_s < 20.9)
    assert np.isnan(drive.curves["eye_open_left"][lost]).all()
    shut = (drive.t_s > 12.2) & (drive.t_s < 16.8)
    assert np.nanmax(drive.curves["eye_open_left"][shut]) < 0.2


def test_an_alert_lives_from_its_raising_to_its_end(drive: Drive) -> None:
    microsleep, sleep = drive.alerts
    assert (microsleep.seq, microsleep.level, microsleep.at_start) == (1, Level.WARNING, False)
    assert microsleep.start_s == pytest.approx(13.0, abs=0.2)
    assert microsleep.acknowledged_s == pytest.approx(16.0, abs=0.1)
    assert microsleep.end_s == pytest.approx(17.3, abs=0.4)
    # Nothing is cleared while the camera is lost, and the log ends soon after.
    assert (sleep.level, sleep.end_s) == (Level.URGENT, None)


def test_an_alert_that_stands_at_the_end_has_none(tmp_path: Path) -> None:
    raised = Alert(at(1.0), 4, "sleep", Level.URGENT, Phase.ESCALATED, {"closure_s": 3.0})
    (life,) = of(raised, folder=tmp_path).alerts
    assert (life.end_s, life.at_start) == (None, True)


def test_health_and_markers_lie_where_they_were(drive: Drive) -> None:
    assert [span.name for span in drive.health if span.name != "calibrating"][:1] in (["ok"], ["camera_lost"])
    (lost,) = (span for span in drive.health if span.name == "camera_lost")
    assert (lost.start_s, lost.end_s) == pytest.approx((20.0, 21.0), abs=0.1)
    assert drive.markers == [Span(9.0, 9.0, "tunnel")]
    assert any(span.name == "closure" and span.length_s == pytest.approx(5.0, abs=0.3) for span in drive.events)


def test_a_hole_in_the_log_is_a_gap(tmp_path: Path) -> None:
    inputs = (seen for seen in observations(10.0) if not at(4.0) <= seen.t_ns < at(7.0))
    drive = read_drive(recording(write_log(tmp_path / "gap.mcap", inputs)))
    (gap,) = drive.gaps
    assert gap.length_s == pytest.approx(3.0, abs=0.1)
    assert figures(drive).watched_s == pytest.approx(7.0, abs=0.1)


def test_a_clock_that_goes_back_is_told_and_time_does_not(tmp_path: Path) -> None:
    inputs = [replace(seen, t_ns=seen.t_ns - 3 * 10**9) if seen.seq >= 100 else seen for seen in observations(6.0)]
    drive = read_drive(recording(write_log(tmp_path / "back.mcap", iter(inputs))))
    assert (np.diff(drive.t_s) >= 0).all()
    assert any("the clock went back" in line for line in drive.damage)


def test_rules_that_change_on_the_way_are_a_moment_of_the_drive(tmp_path: Path) -> None:
    inputs: list[EngineInput] = list(observations(4.0))
    inputs.insert(60, NewRules(at(2.0), LOG_CONFIG.engine_config.profile))
    drive = read_drive(recording(write_log(tmp_path / "rules.mcap", iter(inputs))))
    assert drive.changes == [Span(2.0, 2.0, "other rules")]


def test_a_note_lasts_until_it_is_over_or_to_the_end(tmp_path: Path) -> None:
    def note(t_s: float, code: str, **more: str | int) -> Event:
        return Event(at(t_s), "health", {"health": "ok", "note": code, **more})

    states = list(_states(3.0))
    drive = of(
        *sorted(
            [note(0.5, "disk_full", text="x"), note(1.0, "disk_full", over=1), note(2.0, "hot", text="x"), *states],
            key=time_of,
        ),
        folder=tmp_path,
    )
    assert [(span.name, span.start_s, round(span.end_s, 1)) for span in drive.notes] == [
        ("disk_full", 0.5, 1.0),
        ("hot", 2.0, 3.0),
    ]


def _states(seconds: float) -> Iterator[Recorded]:
    from wakeful.device.state.engine import Engine

    engine = Engine(LOG_CONFIG.engine_config)
    for seen in observations(seconds):
        yield engine.step(seen).state


def test_a_log_without_any_state_is_an_empty_drive(tmp_path: Path) -> None:
    drive = of(folder=tmp_path)
    assert (len(drive.t_s), drive.start_s, drive.end_s) == (0, 0.0, 0.0)
    found = figures(drive)
    assert (found.fps, found.eyes_known, found.longest_closure, found.alerts_per_hour) == (None, None, None, None)


def test_a_cut_off_log_gives_what_is_whole_and_says_so(tmp_path: Path) -> None:
    whole = write_log(tmp_path / "whole.mcap", an_eventful_drive())
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    drive = read_drive(recording(cut))
    assert 5.0 < drive.end_s < 24.0
    assert drive.damage


def test_what_holds_ends_where_frames_are_missing() -> None:
    runs = Runs()
    for t_s, name in ((0.0, "road"), (0.1, "road"), (0.2, "lap"), (5.0, "lap"), (5.1, "")):
        runs.see(t_s, name)
    assert runs.end() == [Span(0.0, 0.2, "road"), Span(0.2, 0.2, "lap"), Span(5.0, 5.1, "lap")]
