"""Plain lines, for pipes and journals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.device.alerts.samples import AWAKE, SECOND_NS, alert
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.terminal import plain
from wakeful.device.alerts.terminal.plain import PlainOutput
from wakeful.device.messages import DriverState, Event, Health

STATS = LoopStats(29.84, 11.6, 3, "mesh+iris")


def printed(capfd: pytest.CaptureFixture[str], states: list[DriverState], descriptor: int = 1) -> list[str]:
    output = PlainOutput(lambda: STATS, descriptor)
    output.start(0)
    for state in states:
        output.state(state)
    output.alert(alert())
    output.event(Event(8 * SECOND_NS, "closure", {"start_ns": 0, "end_ns": SECOND_NS // 10}))
    output.event(Event(9 * SECOND_NS, "yawn", {"start_ns": 0, "end_ns": 3 * SECOND_NS}))
    output.close()
    captured = capfd.readouterr()
    return (captured.out if descriptor == 1 else captured.err).splitlines()


def test_alerts_events_and_changes_of_health_are_a_line_each(capfd: pytest.CaptureFixture[str]) -> None:
    lines = printed(capfd, [AWAKE, AWAKE, replace(AWAKE, health=Health.NO_FACE), AWAKE])
    assert [line for line in lines if "status" not in line] == [
        "   0:05.0  health     ok",
        "   0:05.0  health     no face",
        "   0:05.0  health     ok",
        "   0:07.6  WARNING    microsleep raised, closure 1.0 s",
        "   0:09.0  event      yawn, 3.0 s",
    ]


def test_the_status_is_one_line_and_comes_seldom(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status = [line for line in printed(capfd, [AWAKE] * 500) if "status" in line]
    assert status == [
        "   0:05.0  status     ok, no alert, eyes 0.95 0.90, PERCLOS 4.1%, yaw +12° pitch -3°, neutral, 60 km/h, "
        "29.8 fps, age 12 ms, dropped 3"
    ]
    monkeypatch.setattr(plain, "STATUS_EVERY_S", 0.0)
    assert len([line for line in printed(capfd, [AWAKE] * 5) if "status" in line]) == 5


def test_lids_that_are_lowered_are_said_to_be(capfd: pytest.CaptureFixture[str]) -> None:
    lowered = replace(AWAKE, lid_open=0.1, lid_lowered=0.7, lid_narrowed=0.1, lid_closed=0.1)
    unsure = replace(AWAKE, lid_open=0.3, lid_lowered=0.4, lid_narrowed=0.2, lid_closed=0.1)
    assert ", lids lowered, " in printed(capfd, [lowered])[1]
    assert "lids" not in printed(capfd, [unsure])[1]


def test_sleepiness_follows_perclos_once_it_is_known(capfd: pytest.CaptureFixture[str]) -> None:
    tired = replace(AWAKE, sleepiness=0.62, sleepiness_coverage=0.5)
    assert ", PERCLOS 4.1%, sleepiness 62%, yaw " in printed(capfd, [tired])[1]
    assert "sleepiness" not in printed(capfd, [AWAKE])[1]


def test_what_is_unknown_is_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    lines = printed(capfd, [DriverState(SECOND_NS, 0, Health.CAMERA_LOST)])
    assert "   0:01.0  status     camera lost, no alert, 29.8 fps, age 12 ms, dropped 3" in lines


def test_lines_can_go_to_the_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert "   0:05.0  health     ok" in printed(capfd, [AWAKE], descriptor=2)
