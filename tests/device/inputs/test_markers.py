"""Markers carry the moment at which somebody pressed, from a button and from the keyboard."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.device.alerts.samples import alert
from tools.rigs.waiting import eventually
from wakeful.device.alerts.gpio import mock as gpio_mock
from wakeful.device.alerts.gpio.output import GpioChipMissing, GpioSpecError
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.terminal.plain import PlainOutput
from wakeful.device.alerts.terminal.view import KEYS
from wakeful.device.config.settings import RecordSettings
from wakeful.device.inputs.button import ButtonMarkers
from wakeful.device.inputs.keys import NOT_RECORDED, KeyActions, TerminalKeys
from wakeful.device.inputs.registry import opened_inputs
from wakeful.device.messages import Acknowledge, Command, Level, Marker, Phase
from wakeful.device.record.reader import recording
from wakeful.device.record.schema import MARKER
from wakeful.device.supervision.workers import Liveness


def actions(recording: Callable[[], bool], stop: Callable[[], None] = lambda: None) -> KeyActions:
    return KeyActions(PlainOutput(lambda: LoopStats(0.0, 0.0, 0, "v2"), 2), stop, recording)


def test_a_press_of_the_button_is_a_marker_of_that_moment() -> None:
    heard: list[Command] = []
    settings = RecordSettings(folder="/logs", button="mock:7")
    with opened_inputs(settings, heard.append, Liveness(), terminal=None) as inputs:
        assert [type(one) for one in inputs] == [ButtonMarkers]
        button = gpio_mock.button("7")
        pressed = [button.press(), button.press()]
        assert eventually(lambda: len(heard) == 2)
    assert heard == [Marker("button", one) for one in pressed]
    assert button.released


def test_a_button_that_cannot_be_had_is_told_as_other_lines_are() -> None:
    with pytest.raises(GpioSpecError):
        ButtonMarkers("nonsense", print)
    missing = ButtonMarkers("/dev/gpiochip987:1", print)
    with pytest.raises(GpioChipMissing):
        missing.start()
    missing.close()


def test_a_button_without_a_recording_is_not_opened() -> None:
    with opened_inputs(RecordSettings(button="mock:8"), print, Liveness(), terminal=None) as inputs:
        assert inputs == []


def test_what_is_no_terminal_is_left_alone() -> None:
    read, write = os.pipe()
    heard: list[Command] = []
    output = TerminalKeys(heard.append, actions(lambda: True), read)
    output.start()
    os.write(write, b"m")
    time.sleep(0.05)
    output.close()
    assert os.read(read, 1) == b"m"
    os.close(read)
    os.close(write)


def test_keys_in_the_terminal_set_markers_and_the_terminal_is_given_back(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    command = [sys.executable, "-m", "wakeful", "run", "--plain", "--source", "synthetic:attentive"]
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [*command, "--record", str(logs)])
    before = termios.tcgetattr(terminal)
    assert eventually(lambda: any(logs.glob("*.mcap")), timeout_s=30.0)
    assert eventually(lambda: not termios.tcgetattr(terminal)[3] & termios.ICANON, timeout_s=10.0)
    pressed_ns = time.monotonic_ns()
    shown = bytearray()
    os.write(terminal, b"m")
    _read_until(terminal, shown, b"key")
    os.write(terminal, b"\x1b[A")
    time.sleep(0.3)  # a key of its own, which is none of ours
    os.write(terminal, b"x7")
    _read_until(terminal, shown, b"KSS 7")
    os.kill(process, signal.SIGTERM)
    _drain(terminal)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    found = [entry.value.data for entry in recording(logs).entries(MARKER)]  # type: ignore[union-attr]
    assert [one["text"] for one in found] == ["key", "KSS 7"]
    assert 0 <= int(found[0]["pressed_ns"]) - pressed_ns < 5_000_000_000
    assert termios.tcgetattr(terminal)[3] == before[3]
    os.close(terminal)


def _drain(terminal: int) -> None:
    """Take what the process still says, until it is gone."""
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        return


def test_a_monitor_in_the_background_leaves_the_keyboard_to_its_shell(tmp_path: Path) -> None:
    # A background job that read its terminal would be stopped by the system, and watch nobody.
    script = (
        "import os, sys, time\n"
        "from tests.device.inputs.test_markers import actions\n"
        "from wakeful.device.inputs.keys import TerminalKeys\n"
        "if os.fork() == 0:\n"
        "    os.setpgid(0, 0)\n"
        "    keys = TerminalKeys([].append, actions(lambda: True), 0); keys.start(); time.sleep(0.6); keys.close()\n"
        "    print('not stopped', flush=True); os._exit(0)\n"
        "time.sleep(0.3); os.wait()\n"
    )
    told = tmp_path / "told"
    process, terminal = pty.fork()
    if process == 0:
        with told.open("w") as file:
            os._exit(subprocess.run([sys.executable, "-c", script], stdout=file, check=False).returncode)
    _drain(terminal)
    os.waitpid(process, 0)
    assert told.read_text() == "not stopped\n"
    os.close(terminal)


@pytest.mark.parametrize("view", ["--plain", "--live"])
def test_the_keys_answer_and_q_ends_the_run_with_status_0(view: str) -> None:
    command = [sys.executable, "-m", "wakeful", "run", view, "--source", "synthetic:demo"]
    process, terminal = pty.fork()
    if process == 0:
        os.environ["TERM"] = "xterm"
        os.execv(sys.executable, command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    shown = bytearray()
    try:
        _read_until(terminal, shown, b"alibrating")
        for key, answer in ((b"m", NOT_RECORDED[:40]), (b"a", "no active alert"), (b"?", "as Ctrl-C does")):
            os.write(terminal, key)
            _read_until(terminal, shown, answer.encode())
        if view == "--live":
            assert KEYS.encode() in shown
        os.write(terminal, b"q")
        _drain(terminal)
    except BaseException:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        raise
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    os.close(terminal)


def _read_until(terminal: int, shown: bytearray, wanted: bytes) -> None:
    deadline_s = time.monotonic() + 90.0
    while wanted not in shown:
        assert time.monotonic() < deadline_s, f"{wanted!r} was not shown: {bytes(shown[-2000:])!r}"
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 4096)


def test_a_acknowledges_the_most_urgent_active_alert_and_m_marks_only_a_recording() -> None:
    sent: list[Command] = []
    stopped: list[bool] = []
    recording = False
    keyboard, terminal = pty.openpty()
    acted = actions(lambda: recording, lambda: stopped.append(True))
    acted.view.alert(replace(alert(), seq=1, level=Level.URGENT))
    acted.view.alert(replace(alert(), seq=2, level=Level.WARNING))
    acted.view.alert(replace(alert(), seq=3, level=Level.EMERGENCY, phase=Phase.CLEARED))
    keys = TerminalKeys(sent.append, acted, terminal)
    keys.press("m", 5)
    assert sent == []
    recording = True
    for key in "maq":
        keys.press(key, 5)
    acted.view.alert(replace(alert(), seq=1, level=Level.URGENT, phase=Phase.ACKNOWLEDGED))
    keys.press("a", 6)
    assert sent == [Marker("key", 5), Acknowledge(1), Acknowledge(2)]
    assert stopped == [True]
    acted.view.close()
    os.close(keyboard)
    os.close(terminal)
