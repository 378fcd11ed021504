"""The live view on real pseudo-terminals."""

from __future__ import annotations

import fcntl
import logging
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from tests.device.alerts.samples import AWAKE, MICROSLEEP, SECOND_NS, alert
from tools.rigs.waiting import eventually
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.terminal.choice import terminal_view
from wakeful.device.alerts.terminal.output import TerminalOutput
from wakeful.device.alerts.terminal.plain import PlainOutput
from wakeful.device.messages import Event, Health
from wakeful.device.supervision.notes import Notes

STATS = LoopStats(29.8, 11.6, 3, "v2")
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


def viewed(encoding: str = "utf-8") -> tuple[TerminalOutput, StringIO]:
    """A view on a terminal of 80 by 24 whose screen is a string."""

    screen: StringIO = type("Screen", (StringIO,), {"encoding": encoding})()
    console = Console(file=screen, force_terminal=True, width=80, height=24, color_system="standard")
    output = TerminalOutput(lambda: STATS, "synthetic:demo", console)
    output.start(0)
    return output, screen


def test_it_draws_the_newest_state_and_leaves_the_last_picture_behind() -> None:
    output, screen = viewed()
    output.state(AWAKE)
    assert eventually(lambda: "No alert" in screen.getvalue())
    output.alert(alert())
    output.event(Event(SECOND_NS, "yawn", {"start_ns": 0, "end_ns": SECOND_NS}))
    output.state(MICROSLEEP)
    assert eventually(lambda: "WARNING   microsleep" in screen.getvalue())
    output.close()
    output.close()
    live, left = screen.getvalue().split(LEAVE)
    assert ENTER in live
    assert "WARNING   microsleep" in left and "microsleep raised, closure 1.0 s" in left and "yawn, 1.0 s" in left


def test_nothing_is_drawn_before_the_first_state() -> None:
    output, screen = viewed()
    time.sleep(0.15)
    output.close()
    assert "wakeful" not in screen.getvalue()


def test_what_the_project_logs_appears_in_the_list_and_the_log_is_itself_again_after() -> None:
    logger = logging.getLogger("wakeful")
    before = (list(logger.handlers), logger.propagate)
    output, screen = viewed()
    output.state(AWAKE)
    assert eventually(lambda: "No alert" in screen.getvalue())
    logging.getLogger("wakeful.serial").warning("serial: /dev/ttyUSB0 does not exist")
    assert eventually(lambda: "serial: /dev/ttyUSB0 does not exist" in screen.getvalue())
    output.close()
    assert (logger.handlers, logger.propagate) == before


def test_a_note_is_listed_once_although_it_is_logged_too() -> None:
    output, screen = viewed()
    output.state(AWAKE)
    Notes().set("disk_full", "no video: 40 MB left")
    output.event(Event(AWAKE.t_ns, "health", {"health": "ok", "note": "disk_full", "text": "no video: 40 MB left"}))
    assert eventually(lambda: "disk full: no video" in screen.getvalue())
    output.close()
    last = screen.getvalue()[screen.getvalue().rindex("Recent") :]
    assert last.count("disk full: no video") == 1


def test_a_monitor_that_hangs_is_shown_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.device.alerts.staleness.STALE_AFTER_S", 0.2)
    output, screen = viewed()
    output.state(AWAKE)
    assert eventually(lambda: "The monitor does not answer" in screen.getvalue())
    output.close()


def test_a_terminal_without_the_characters_gets_others() -> None:
    output, screen = viewed("ascii")
    output.state(replace(AWAKE, health=Health.CALIBRATING))
    output.alert(alert())
    assert eventually(lambda: "calibrating" in screen.getvalue())
    output.close()
    assert screen.getvalue().isascii()


def test_a_failure_to_draw_ends_the_view_with_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> LoopStats:
        raise RuntimeError("no figures")

    output = TerminalOutput(broken, console=Console(file=StringIO(), force_terminal=True, width=80, height=24))
    output.start(0)
    output.state(AWAKE)
    assert eventually(lambda: "the terminal view ended: RuntimeError: no figures" in caplog.text)
    output.state(AWAKE)
    output.close()


PROGRAM = """
import signal, sys, time
from wakeful.device.alerts.terminal.choice import terminal_view
from tests.device.alerts.samples import AWAKE
from tests.device.alerts.terminal.test_output import STATS

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
output = terminal_view(lambda: STATS, "synthetic:demo")
output.start(0)
print(type(output).__name__, file=sys.stderr, flush=True)
waits = 0
while True:
    before = time.monotonic()
    output.state(AWAKE)
    waits += time.monotonic() - before > 0.1
    if waits == 3:  # once or twice it may be the machine
        print("waited", file=sys.stderr, flush=True)
    time.sleep(0.01)
"""


@contextmanager
def on_a_terminal(term: str = "xterm-256color") -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """PROGRAM on a fresh pseudo-terminal of 80 by 24; the descriptor is that of its screen."""
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": term, "LANG": "C.UTF-8"},
    )
    os.close(terminal)
    try:
        yield process, screen
    finally:
        process.kill()
        process.communicate()
        os.close(screen)


def first_line(process: subprocess.Popen[bytes]) -> bytes:
    """What the program says first on its standard error, or nothing within 30 s."""
    assert process.stderr is not None
    readable, _, _ = select.select([process.stderr], [], [], 30.0)
    return process.stderr.readline() if readable else b""


def read_until(descriptor: int, ending: str) -> str:
    """What appears on the screen up to ``ending``, or until nobody holds its terminal any more."""
    until_s, data = time.monotonic() + 30.0, b""
    while ending.encode() not in data and (left_s := until_s - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left_s)[0]:
            try:
                data += os.read(descriptor, 65536)
            except OSError:
                break
    return data.decode(errors="replace")


def test_sigterm_gives_the_terminal_back() -> None:
    with on_a_terminal() as (process, screen):
        assert first_line(process) == b"TerminalOutput\n"
        drawn = read_until(screen, "synthetic:demo")
        process.send_signal(signal.SIGTERM)
        drawn += read_until(screen, "the end of the program")
        assert process.wait(timeout=30.0) == 0
    assert "synthetic:demo" in drawn
    assert drawn.index(ENTER) < drawn.index(LEAVE)
    assert drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l")


def test_a_terminal_that_nobody_reads_holds_up_neither_the_loop_nor_the_end() -> None:
    with on_a_terminal() as (process, _):
        assert first_line(process) == b"TerminalOutput\n"
        time.sleep(1.0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30.0) == 0
        assert process.stderr is not None and process.stderr.read() == b""


def test_dumb_terminals_and_pipes_get_plain_lines(capfd: pytest.CaptureFixture[str]) -> None:
    with on_a_terminal(term="dumb") as (process, _):
        assert first_line(process) == b"PlainOutput\n"
    output = terminal_view(lambda: STATS)
    assert isinstance(output, PlainOutput)
    output.close()


def test_the_user_may_decide_between_gauges_and_lines() -> None:
    assert isinstance(terminal_view(lambda: STATS, live=True), TerminalOutput)
    assert isinstance(terminal_view(lambda: STATS, live=False), PlainOutput)
