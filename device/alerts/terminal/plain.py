"""What happens as plain lines, where the output is no terminal: for a journal, a pipe, a serial console."""

from __future__ import annotations

import time
from collections.abc import Callable

from wakeful.device.alerts.background import BackgroundWriter
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.output import seconds
from wakeful.device.alerts.terminal.view import HELP, TerminalView
from wakeful.device.alerts.wording import alert_text, code_text, event_text, health_text, time_text
from wakeful.device.messages import Alert, DriverState, Event, Health
from wakeful.device.supervision.workers import Liveness

STATUS_EVERY_S = 5.0


class PlainOutput(TerminalView):
    """One line for each alert, event and change of health, and a status line every 5 s of the reader's time.

    Args:
        stats: figures of the loop.
        descriptor: where to write, 1 or 2 for the standard output or error.
    """

    def __init__(self, stats: Callable[[], LoopStats], descriptor: int = 1, liveness: Liveness | None = None) -> None:
        super().__init__()
        self._stats = stats
        self._lines = BackgroundWriter(descriptor, liveness)
        self._origin_ns = 0
        self._newest_ns = 0
        self._health: Health | None = None
        self._status_due_s = 0.0

    def start(self, origin_ns: int) -> None:
        self._origin_ns = self._newest_ns = origin_ns

    def alert(self, alert: Alert) -> None:
        super().alert(alert)
        self._say(alert.t_ns, alert.level.label.upper(), alert_text(alert))

    def event(self, event: Event) -> None:
        text = event_text(event)
        if text:
            self._say(event.t_ns, "event", text)

    def state(self, state: DriverState) -> None:
        self._newest_ns = state.t_ns
        if state.health != self._health:
            self._health = state.health
            self._say(state.t_ns, "health", health_text(state.health, state.reason))
        if time.monotonic() >= self._status_due_s:
            self._status_due_s = time.monotonic() + STATUS_EVERY_S
            self._say(state.t_ns, "status", status_text(state, self._stats()))

    def say(self, text: str) -> None:
        self._say(self._newest_ns, "key", text)

    def toggle_help(self) -> None:
        for key, text in HELP:
            self.say(f"{key:<9} {text}")

    def close(self) -> None:
        self._lines.close()

    def _say(self, t_ns: int, kind: str, text: str) -> None:
        self._lines.write(f"{time_text(seconds(t_ns, self._origin_ns)):>9}  {kind:<9}  {text}\n")


def status_text(state: DriverState, stats: LoopStats) -> str:
    """The state and the loop in one line; what is unknown is left out."""
    parts = [
        health_text(state.health, state.reason),
        code_text(state.code) if state.code else "no alert",
        _known("eyes {:.2f}", state.eye_open_left) + _known(" {:.2f}", state.eye_open_right),
        _known("closed {:.1f} s", state.closure_s or None),
        f"lids {state.lids}" if state.lids in ("lowered", "narrowed") else "",
        _known("PERCLOS {:.1%}", state.perclos_60s),
        _known("sleepiness {:.0%}", state.sleepiness),
        _known("yaw {:+z.0f}°", state.yaw_deg) + _known(" pitch {:+z.0f}°", state.pitch_deg),
        state.expression or "",
        _known("{:.0f} km/h", state.speed_kmh),
        f"{stats.fps:.1f} fps",
        f"age {stats.frame_age_ms:.0f} ms",
        f"dropped {stats.dropped}",
        f"{stats.landmarks} in {stats.runtime}" if stats.runtime else "",
        "● rec" if stats.recording else "",
    ]
    return ", ".join(part.strip() for part in parts if part)


def _known(template: str, value: float | None) -> str:
    return "" if value is None else template.format(value)
