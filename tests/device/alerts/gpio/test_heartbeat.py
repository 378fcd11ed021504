"""A line that pulses while frames are judged, so that a level left behind is not taken for a monitor that watches."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

from tests.device.alerts.samples import AWAKE, MICROSLEEP, started
from tools.rigs.waiting import eventually
from wakeful.device.alerts.gpio import mock as gpio_mock
from wakeful.device.alerts.gpio.heartbeat import HeartbeatOutput
from wakeful.device.alerts.gpio.patterns import HEARTBEAT
from wakeful.device.alerts.gpio.settings import GpioSettings
from wakeful.device.alerts.staleness import STALE_AFTER_S
from wakeful.device.messages import DriverState, Health

LOST = replace(AWAKE, health=Health.CAMERA_LOST)


def settings(line: str) -> GpioSettings:
    return GpioSettings(line="mock:40", heartbeat_line=f"mock:{line}", active_low=True, safe_active=True)


def pulses(line: str) -> list[float]:
    """When the line has risen."""
    return [at_s for at_s, level in gpio_mock.line(line).transitions if level]


def give(output: HeartbeatOutput, state: DriverState, line: str, count: int) -> bool:
    """Gives ``state`` until the line has pulsed ``count`` times."""

    def done() -> bool:
        output.state(state)
        return len(pulses(line)) >= count

    return eventually(done)


def test_it_pulses_each_second_whatever_the_alerts() -> None:
    with started(HeartbeatOutput(settings("41"))) as output:
        assert give(output, AWAKE, "41", 2)
        assert give(output, MICROSLEEP, "41", 4)
    risen_s = pulses("41")
    period_s = HEARTBEAT.on_s + HEARTBEAT.off_s
    gaps_s = [after - before for before, after in pairwise(risen_s)]
    assert min(gaps_s) > 0.5 * period_s
    assert not gpio_mock.line("41").level
    assert gpio_mock.line("41").released


def test_before_the_first_frame_and_without_frames_it_does_not_pulse() -> None:
    with started(HeartbeatOutput(settings("42"))) as output:
        until_s = time.monotonic() + 0.3
        while time.monotonic() < until_s:
            output.state(LOST)
            time.sleep(0.02)
        assert pulses("42") == []
        assert give(output, AWAKE, "42", 1)
        ended_s = time.monotonic()
        until_s = ended_s + STALE_AFTER_S + 1.5
        while time.monotonic() < until_s:
            output.state(LOST)
            time.sleep(0.02)
        assert [at_s for at_s in pulses("42") if at_s > ended_s + STALE_AFTER_S + 0.5] == []
        assert not gpio_mock.line("42").level
