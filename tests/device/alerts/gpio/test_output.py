"""GPIO output: on the mock line that is shipped, and against libgpiod's own request call."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import gpiod
import pytest
from gpiod.line import Direction, Value

from tests.device.alerts.samples import AWAKE, MICROSLEEP, started
from tools.rigs.waiting import eventually, within
from wakeful.device.alerts.gpio import mock as gpio_mock
from wakeful.device.alerts.gpio import output as gpio
from wakeful.device.alerts.gpio.output import (
    GpioChipMissing,
    GpioLineBusy,
    GpioLineMissing,
    GpioOutput,
    GpioPermission,
    GpioSpecError,
    parse_spec,
)
from wakeful.device.alerts.gpio.settings import GpioSettings
from wakeful.device.messages import DriverState, Level

EMERGENCY = replace(MICROSLEEP, level=Level.EMERGENCY, code="unresponsive")


def show(output: GpioOutput, state: DriverState, duration_s: float) -> None:
    """Gives ``state`` at 30 fps."""
    until_s = time.monotonic() + duration_s
    while time.monotonic() < until_s:
        output.state(state)
        time.sleep(1 / 30)


def drives(output: GpioOutput, state: DriverState, line: str, level: bool) -> bool:
    """Gives ``state`` until ``line`` has ``level``."""

    def has_it() -> bool:
        output.state(state)
        return gpio_mock.line(line).level is level

    return eventually(has_it)


def test_an_attentive_driver_leaves_the_line_off() -> None:
    with started(GpioOutput(GpioSettings(line="mock:1"))) as output:
        show(output, AWAKE, 0.2)
    gpio_mock.line("1").assert_states([False])
    assert gpio_mock.line("1").released


def test_a_warning_pulses_in_time_and_ends_with_the_alert() -> None:
    with started(GpioOutput(GpioSettings(line="mock:2"))) as output:
        show(output, MICROSLEEP, 1.75)
        show(output, AWAKE, 0.2)
    gpio_mock.line("2").assert_states_and_times(
        [(0.0, False), (0.0, True), (0.5, False), (0.5, True), (0.5, False)], tolerance_s=0.24
    )


def test_an_escalation_changes_the_pattern_at_once() -> None:
    lines = iter(("31", "32", "33", "34", "35"))

    def changed_s() -> float:
        line = next(lines)
        with started(GpioOutput(GpioSettings(line=f"mock:{line}"))) as output:
            show(output, replace(MICROSLEEP, level=Level.ADVISORY), 0.4)
            before_s = time.monotonic()
            output.state(EMERGENCY)
            assert eventually(lambda: gpio_mock.line(line).level)
            took_s = time.monotonic() - before_s
        gpio_mock.line(line).assert_states([False, True, False, True, False])
        return took_s

    assert within(0.3, changed_s)


def test_an_active_low_line_is_at_0_volts_while_it_alerts() -> None:
    with started(GpioOutput(GpioSettings(line="mock:4", active_low=True))) as output:
        assert drives(output, EMERGENCY, "4", False)
    gpio_mock.line("4").assert_states([True, False, True])


def test_the_safe_level_may_be_the_alerting_one() -> None:
    with started(GpioOutput(GpioSettings(line="mock:5", safe_active=True))) as output:
        assert drives(output, AWAKE, "5", False)
    gpio_mock.line("5").assert_states([True, False, True])


def test_a_monitor_that_hangs_lets_the_line_go_to_its_safe_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.device.alerts.staleness.STALE_AFTER_S", 0.3)
    with started(GpioOutput(GpioSettings(line="mock:6"))) as output:
        show(output, EMERGENCY, 0.5)
        assert drives(output, EMERGENCY, "6", True)
        assert eventually(lambda: gpio_mock.line("6").level is False)
        assert drives(output, EMERGENCY, "6", True)


def test_a_line_that_was_lost_is_driven_again_when_its_chip_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpio, "RETRY_S", 0.5)
    with started(GpioOutput(GpioSettings(line="mock:8"))) as output:
        show(output, EMERGENCY, 0.1)
        gpio_mock.line("8").released = True
        show(output, AWAKE, 0.02)
        assert eventually(lambda: output.problem is not None)
        assert eventually(lambda: output.problem is None)
        assert drives(output, EMERGENCY, "8", True)


CRASHING = """
import signal, sys, time
from wakeful.device.alerts.gpio import mock as gpio_mock
from wakeful.device.alerts.gpio.output import GpioOutput
from wakeful.device.alerts.gpio.settings import GpioSettings
from tests.device.alerts.gpio.test_output import EMERGENCY

def report(self):
    print("levels", [level for _, level in self.transitions], flush=True)
gpio_mock.MockLine.close = report
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
output = GpioOutput(GpioSettings(line="mock:7"))
output.start(0)
output.state(EMERGENCY)
while not gpio_mock.line("7").level:
    pass
print("on", flush=True)
"""


@pytest.mark.parametrize("end", ["raise RuntimeError('crash')", "while True: time.sleep(0.01)"])
def test_a_crash_or_a_sigterm_that_becomes_an_exit_sets_the_safe_level(end: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CRASHING + end], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"on\n"
    if "sleep" in end:
        process.send_signal(signal.SIGTERM)
    assert process.stdout.read() == b"levels [False, True, False]\n"
    process.stdout.close()
    process.wait(timeout=30.0)


class Request:
    """Stands in for libgpiod's line request; notes what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.error: OSError | None = None

    def set_value(self, line: int | str, value: Value) -> None:
        if self.error:
            raise self.error
        self.calls.append((line, value))

    def release(self) -> None:
        self.calls.append(("release",))


def test_a_real_chip_is_driven_through_libgpiod(monkeypatch: pytest.MonkeyPatch) -> None:
    request, asked = Request(), []

    def request_lines(path: str, consumer: str, config: dict[int | str, gpiod.LineSettings]) -> Request:
        asked.append((path, consumer, config))
        return request

    monkeypatch.setattr(gpiod, "request_lines", request_lines)
    with started(GpioOutput(GpioSettings(line="gpiochip0:17", active_low=True))) as output:
        show(output, EMERGENCY, 0.1)
    [(path, consumer, config)] = asked
    assert (path, consumer, list(config)) == ("/dev/gpiochip0", "wakeful", [17])
    assert (config[17].direction, config[17].active_low) == (Direction.OUTPUT, True)
    assert config[17].output_value == Value.INACTIVE
    assert request.calls == [(17, Value.ACTIVE), (17, Value.INACTIVE), ("release",)]


def test_a_line_that_breaks_while_in_use_is_reported_and_does_not_hurt(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    request = Request()
    monkeypatch.setattr(gpiod, "request_lines", lambda *_args, **_settings: request)
    with started(GpioOutput(GpioSettings(line="gpiochip0:17"))) as output:
        request.error = OSError(errno.EIO, "Input/output error")
        show(output, EMERGENCY, 0.1)
        assert "can no longer be driven" in caplog.text
        assert output.problem is not None


@pytest.mark.parametrize(
    ("raised", "kind", "mend"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), GpioPermission, "usermod"),
        (OSError(errno.EBUSY, "Device or resource busy"), GpioLineBusy, "gpioinfo"),
        (ValueError("line offset of out range"), GpioLineMissing, "gpioinfo"),
    ],
)
def test_what_libgpiod_refuses_is_said_with_its_mend(
    raised: Exception, kind: type[Exception], mend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(gpiod, "request_lines", refuse)
    with pytest.raises(kind, match=mend) as caught:
        GpioOutput(GpioSettings(line="gpiochip0:17")).start(0)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2  # type: ignore[attr-defined]


def test_a_chip_that_is_not_there_or_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(GpioChipMissing, match="there is no GPIO chip"):
        GpioOutput(GpioSettings(line=f"{tmp_path}/gpiochip99:1")).start(0)
    (tmp_path / "file").touch()
    with pytest.raises(GpioChipMissing, match="is not a GPIO chip"):
        GpioOutput(GpioSettings(line=f"{tmp_path}/file:1")).start(0)


def test_errors_are_their_builtin_twins_too() -> None:
    assert issubclass(GpioLineMissing, ValueError)
    assert issubclass(GpioPermission, PermissionError)
    assert issubclass(GpioChipMissing, FileNotFoundError)


def test_lines_are_written_as_chip_and_line() -> None:
    assert parse_spec("/dev/gpiochip1:17") == ("/dev/gpiochip1", "17")
    assert parse_spec("gpiochip0:BUZZER") == ("/dev/gpiochip0", "BUZZER")
    assert parse_spec("0:4") == ("/dev/gpiochip0", "4")
    assert parse_spec("mock:17") == ("mock", "17")
    for wrong in ("", "17", "gpiochip0", "gpiochip0:", ":17"):
        with pytest.raises(GpioSpecError, match="CHIP:LINE"):
            GpioOutput(GpioSettings.model_construct(line=wrong))


def test_the_mock_line_tells_what_differs() -> None:
    line = gpio_mock.request_line("9", active=False, active_low=False)
    line.set(True)
    line.assert_states([False, True])
    with pytest.raises(AssertionError, match="wanted"):
        line.assert_states([False, True, False])
    with pytest.raises(AssertionError, match="changed after"):
        line.assert_states_and_times([(0.0, False), (1.0, True)])


def test_closing_twice_or_without_a_start_is_harmless() -> None:
    GpioOutput(GpioSettings(line="mock:10")).close()
    with started(GpioOutput(GpioSettings(line="mock:11"))) as output:
        output.close()
