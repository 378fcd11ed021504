"""What people see of a running monitor: gauges on a terminal that can show them, else plain lines."""

from __future__ import annotations

import sys
from collections.abc import Callable

from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.terminal.plain import PlainOutput
from wakeful.device.alerts.terminal.view import TerminalView
from wakeful.device.supervision.workers import Liveness


def terminal_view(
    stats: Callable[[], LoopStats],
    title: str = "",
    live: bool | None = None,
    descriptor: int = 1,
    liveness: Liveness | None = None,
) -> TerminalView:
    """Gauges where the standard output is a terminal that can show them, else plain lines.

    Args:
        live: True or False decides instead.
        descriptor: where to, 1, or 2 where the standard output carries the events; gauges go there only if asked for.
    """
    if live is None:
        live = descriptor == 1 and sys.stdout.isatty() and not _is_dumb()
    if not live:
        return PlainOutput(stats, descriptor, liveness)
    # A service that is started again should see its first frame soon: what draws is not imported for nothing.
    from wakeful.device.alerts.terminal.output import TerminalOutput, terminal_on

    return TerminalOutput(stats, title, terminal_on(descriptor), liveness)


def _is_dumb() -> bool:
    from rich.console import Console

    return Console().is_dumb_terminal
