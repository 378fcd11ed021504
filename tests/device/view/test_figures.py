"""The figures of a drive are those of what happened in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("mcap", reason="logs need mcap: pip install 'wakeful[record]'")

from tools.rigs.log_samples import observations
from tools.rigs.report_logs import write_log
from wakeful.device.messages import Level, Observation
from wakeful.device.record.reader import recording
from wakeful.device.state.inputs import EngineInput
from wakeful.device.view.drive import Drive, Span, read_drive
from wakeful.device.view.figures import Figures, figures, seconds_of
from wakeful.device.view.report_parts import figures_table, in_short, rows, say_duration

SHUT = (0.01, 0.09, 0.02, 0.88)


def blinking(seconds: float, fps: float, every_s: float = 3.0, for_s: float = 0.2) -> list[EngineInput]:
    """Blinks of 0.2 s, and one closure of 0.8 s at second 20."""
    seen: list[EngineInput] = []
    for one in observations(seconds, fps):
        t_s = one.seq / fps
        shut = (t_s % every_s < for_s and t_s > 1.0) or 20.0 <= t_s < 20.8
        seen.append(replace(one, eye_aspect_left=0.01, eye_aspect_right=0.01, lid_states=SHUT) if shut else one)
    return seen


def drive_of(seen: Iterable[EngineInput], file: Path) -> Drive:
    return read_drive(recording(write_log(file, iter(seen))))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    seen = [one for seq, one in enumerate(blinking(40.0, 30.0)) if seq not in (100, 101, 500)]
    return figures(drive_of(seen, tmp_path_factory.mktemp("logs") / "blinks.mcap"))


def test_blinks_and_closures_are_counted_apart(found: Figures) -> None:
    assert found.blinks == pytest.approx(12, abs=1)
    assert found.long_closures == 1
    assert found.blink_ms == pytest.approx(200, abs=40)
    assert found.longest_closure is not None
    assert found.longest_closure.start_s == pytest.approx(20.0, abs=0.1)
    assert found.longest_closure.length_s == pytest.approx(0.8, abs=0.1)


def test_frames_that_are_missing_in_the_count_were_dropped(found: Figures) -> None:
    assert (found.frames, found.dropped) == (40 * 30 - 3, 3)
    assert found.fps == pytest.approx(30.0, abs=0.1)


def test_a_zone_that_begins_with_the_last_frame_is_no_share_of_the_time(tmp_path: Path) -> None:
    drive = drive_of(observations(2.0, 10.0), tmp_path / "short.mcap")
    assert figures(replace(drive, zones=[Span(1.9, 1.9, "road")])).on_road is None


def test_too_few_frames_a_second_give_no_blinks_rather_than_wrong_ones(tmp_path: Path) -> None:
    slow = figures(drive_of(blinking(40.0, 10.0), tmp_path / "slow.mcap"))
    assert (slow.blinks, slow.blinks_per_min, slow.blink_ms) == (None, None, None)
    assert slow.long_closures == 1


def test_latency_is_unknown_where_it_was_not_recorded(found: Figures) -> None:
    assert (found.latency_ms, found.latency_p99_ms) == (None, None)
    assert [row.text for row in rows(found) if row.label.startswith("capture to")] == ["unknown"]


def test_time_counts_by_name_without_its_reason() -> None:
    spans = [Span(0.0, 2.0, "degraded: dark"), Span(2.0, 3.0, "ok"), Span(3.0, 6.5, "degraded: glare")]
    assert seconds_of(spans) == {"degraded": 5.5, "ok": 1.0}


def test_two_drives_are_shown_with_their_difference(found: Figures) -> None:
    other = replace(found, blinks=(found.blinks or 0) + 5, fps=None)
    table = figures_table([found, other])
    assert f"<td>blinks</td><td>{found.blinks}</td><td>{other.blinks}</td><td>+5</td>" in table
    assert "<td>30.0</td><td>unknown</td><td></td>" in table
    assert "<td>1</td><td>1</td><td>=</td>" in table


def test_an_alert_that_only_one_drive_has_is_0_in_the_other(found: Figures) -> None:
    other = replace(found)
    other.alerts[("sleep", Level.URGENT)] = 2
    first = replace(found, alerts=type(found.alerts)())
    assert "<td>sleep, urgent</td><td>0</td><td>2</td><td>+2</td>" in figures_table([first, other])


def test_a_quiet_drive_says_so_in_short(tmp_path: Path) -> None:
    drive = drive_of(observations(10.0), tmp_path / "quiet.mcap")
    said = in_short(drive, figures(drive), 0)
    assert "No alert was raised." in said
    assert "ongest closure" not in said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, "0.0 s"), (9.96, "10.0 s"), (43.2, "43 s"), (99.7, "100 s"), (723.0, "12 min 03 s"), (3725.0, "1 h 02 min")],
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert say_duration(seconds) == said


def test_the_sleepiest_moment_names_its_coverage_and_the_long_blinks_before_it(tmp_path: Path) -> None:
    """Ninety seconds of blinks of 0.2 s teach what is usual; then they last 0.4 s."""
    seen = blinking(90.0, 15.0, every_s=3.0)
    longer = (one for one in blinking(90.0, 15.0, every_s=3.0, for_s=0.4) if isinstance(one, Observation))
    later = [replace(one, t_ns=one.t_ns + 90_000_000_000, seq=one.seq + 1350) for one in longer]
    drive = drive_of([*seen, *later], tmp_path / "tiring.mcap")
    moment = figures(drive).sleepiest
    assert moment is not None and moment.t_s > 90.0
    assert 0.3 < moment.p <= 1.0 and moment.coverage == pytest.approx(1.0, abs=0.01)
    assert len(moment.long_blinks) > 10
    assert all(blink.start_s > 80.0 for blink in moment.long_blinks)
    assert "Sleepiest by the last blinks" in in_short(drive, figures(drive), 0)
    assert f"{len(moment.long_blinks)} long blinks before it, the longest" in in_short(drive, figures(drive), 0)


def test_a_drive_with_too_few_blinks_has_no_sleepiest_moment(tmp_path: Path) -> None:
    drive = drive_of(blinking(30.0, 15.0), tmp_path / "short.mcap")
    assert figures(drive).sleepiest is None
    assert "Sleepiest" not in in_short(drive, figures(drive), 0)
