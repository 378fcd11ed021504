"""The live view on a terminal: gauges, health, the active alert and recent events.

The monitor only stores its newest state; a separate thread draws it ten times a second. A terminal that is slow or
stopped (Ctrl-S) therefore costs no frame.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.style import Style

from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.output import seconds
from wakeful.device.alerts.staleness import NewestState
from wakeful.device.alerts.terminal.dashboard import TEXT_STYLES, Recent, View, draw
from wakeful.device.alerts.terminal.gauges import BLOCKS, Line, OpeningTrace
from wakeful.device.alerts.terminal.view import TerminalView
from wakeful.device.alerts.wording import alert_text, event_text
from wakeful.device.messages import Alert, DriverState, Event, Health, Phase
from wakeful.device.supervision.workers import Liveness, Worker

_log = logging.getLogger("wakeful.terminal")

REDRAW_EVERY_S = 0.1
TRACE_CELLS = 120
RECENT = 12

ASCII = str.maketrans(
    {"━": "=", "╸": "=", "─": "-", "┼": "|", "╌": ".", "●": "o", "◐": "o", "○": "o", "✕": "x"}
    | {"·": ".", "–": "-", "°": " ", "…": "."}
    | dict(zip(BLOCKS, "_.:-=+*#", strict=True))
)
"""For consoles whose encoding has no such characters."""


class TerminalOutput(TerminalView):
    """Draws the dashboard until it is closed; the last drawing stays in the scroll-back.

    While it runs, what the project logs appears in its list instead of between its lines.

    Args:
        stats: returns the loop's figures; called for each drawing.
        title: what is watched, in a few words.
        console: where to draw; by default the standard output.
    """

    def __init__(
        self,
        stats: Callable[[], LoopStats],
        title: str = "",
        console: Console | None = None,
        liveness: Liveness | None = None,
    ) -> None:
        super().__init__()
        self._stats = stats
        self._title = title
        self._console = console or terminal_on(1)
        self._lock = threading.Lock()
        self._newest = NewestState()
        self._opening = OpeningTrace(TRACE_CELLS)
        self._recent: deque[Recent] = deque(maxlen=RECENT)
        self._help = False
        self._origin_ns = 0
        self._closing = threading.Event()
        self._worker = Worker("terminal", self._run, liveness=liveness)

    def start(self, origin_ns: int) -> None:
        self._origin_ns = origin_ns
        self._newest.start(time.monotonic())
        atexit.register(self.close)
        self._worker.start()

    def alert(self, alert: Alert) -> None:
        super().alert(alert)
        over = alert.phase in (Phase.ACKNOWLEDGED, Phase.CLEARED)
        style = "bright_black" if over else TEXT_STYLES[alert.level]
        self._note(Recent(seconds(alert.t_ns, self._origin_ns), alert.level.label, alert_text(alert), style))

    def event(self, event: Event) -> None:
        text = event_text(event)
        if text:
            self._note(Recent(seconds(event.t_ns, self._origin_ns), "", text))

    def state(self, state: DriverState) -> None:
        eyes = [eye for eye in (state.eye_open_left, state.eye_open_right) if eye is not None]
        with self._lock:
            self._newest.update(state, time.monotonic())
            self._opening.add(state.t_ns, sum(eyes) / len(eyes) if eyes else None)

    def say(self, text: str) -> None:
        state = self._newest.last
        self._note(Recent(seconds(state.t_ns, self._origin_ns) if state else 0.0, "", text))

    def toggle_help(self) -> None:
        self._help = not self._help

    def close(self) -> None:
        self._closing.set()
        self._worker.join(1.0)
        atexit.unregister(self.close)

    def _run(self) -> None:
        try:
            with _log_into(self._note_log):
                self._draw_until_closed()
        except Exception as error:
            # A terminal that goes away (a closed ssh session) ends the view, not the monitor.
            _log.warning("the terminal view ended: %s: %s; the monitor continues", type(error).__name__, error)

    def _draw_until_closed(self) -> None:
        # Not redirected: otherwise prints of other threads would block while the terminal is stopped.
        with Live(
            console=self._console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        ) as live:
            while not self._closing.wait(REDRAW_EVERY_S):
                view = self._view()
                if view is not None:
                    live.update(_Dashboard(view), refresh=True)
        view = self._view()
        if view is not None:
            self._console.print(_Dashboard(view, height=min(24, self._console.height - 1)), end="")

    def _view(self) -> View | None:
        with self._lock:
            state, stale = self._newest.last, self._newest.is_stale(time.monotonic())
            opening, recent = self._opening.last(TRACE_CELLS), tuple(reversed(self._recent))
        if state is None:
            return None
        if stale and not self._closing.is_set():
            state = replace(state, health=Health.STALE)
        t_s = seconds(state.t_ns, self._origin_ns)
        keys = self.keys_read and not self._closing.is_set()
        return View(self._title, t_s, state, self._stats(), opening, recent, keys, help=keys and self._help)

    def _note(self, entry: Recent) -> None:
        with self._lock:
            self._recent.append(entry)

    def _note_log(self, record: logging.LogRecord) -> None:
        if record.name == "wakeful.notes":
            return  # its event is listed already
        state = self._newest.last
        t_s = seconds(state.t_ns, self._origin_ns) if state else 0.0
        style = "yellow" if record.levelno >= logging.WARNING else ""
        self._note(Recent(t_s, "", record.getMessage(), style))


class _Dashboard:
    """The dashboard as something rich can print, past its wrapping and measuring, which would cost most of the time."""

    def __init__(self, view: View, height: int | None = None) -> None:
        self._view = view
        self._height = height

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = self._height or options.height or console.height
        for line in draw(self._view, options.max_width, height):
            yield from _segments(line, options.ascii_only)
            yield Segment.line()


def _segments(line: Line, ascii_only: bool) -> list[Segment]:
    return [Segment(text.translate(ASCII) if ascii_only else text, Style.parse(style)) for text, style in line if text]


def terminal_on(descriptor: int) -> Console:
    """A console on a copy of ``descriptor``: a thread that hangs in writing it must not hang the interpreter's exit."""
    return Console(file=os.fdopen(os.dup(descriptor), "w", encoding=sys.stdout.encoding))


@contextlib.contextmanager
def _log_into(note: Callable[[logging.LogRecord], None]) -> Iterator[None]:
    """Gives what the project logs to ``note`` instead of to the log's handlers, which would write over the view."""
    logger, handler = logging.getLogger("wakeful"), logging.Handler()
    handler.handle = lambda record: note(record) or True  # type: ignore[method-assign, func-returns-value]
    saved = (logger.handlers, logger.propagate)
    logger.handlers, logger.propagate = [handler], False
    try:
        yield
    finally:
        logger.handlers, logger.propagate = saved
