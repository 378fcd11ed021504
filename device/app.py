"""``wakeful run``, from settings to exit status: one monitor that has the process to itself."""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import Any

from wakeful.device.alerts.output import Output
from wakeful.device.alerts.terminal.choice import terminal_view
from wakeful.device.alerts.terminal.view import TerminalView
from wakeful.device.assembly import Assembly
from wakeful.device.config.output_tables import changeable
from wakeful.device.config.settings import Settings
from wakeful.device.inputs.keys import KeyActions
from wakeful.device.inputs.registry import opened_inputs
from wakeful.device.messages import DriverState
from wakeful.device.opening import SERVICE_WAIT_S
from wakeful.device.reload import Configuration, Reload
from wakeful.device.stages import UNWATCHED, Stages
from wakeful.device.state.profile import Profile
from wakeful.device.summary import write_summary
from wakeful.device.supervision.free_memory import give_back
from wakeful.device.supervision.native_messages import DamagedImages, NativeMessages
from wakeful.device.supervision.overseer import overseen
from wakeful.device.supervision.service_manager import service_address
from wakeful.device.supervision.signals import obeying_signals
from wakeful.device.supervision.start_progress import StartProgress
from wakeful.device.supervision.workers import Liveness
from wakeful.errors import TruncatedSource
from wakeful.sensors.opencv import cv2
from wakeful.sensors.source import Source

SWITCH_S = 0.0005
"""Seconds after which a thread yields to another: limits how long the loop waits for one that formats reports."""


def run(
    settings: Settings,
    profile: Profile,
    load: Callable[[], Configuration] | None = None,
    *,
    source: Source | None = None,
    watching: Sequence[Output] = (),
    stages: Stages = UNWATCHED,
    clock_ns: Callable[[], int] = time.monotonic_ns,
    liveness: Liveness | None = None,
    progress: StartProgress | None = None,
) -> int:
    """Watch until the source ends, its duration is over, or SIGTERM or Ctrl-C comes. Gives the exit status.

    Args:
        load: reads the configuration again when SIGHUP comes; None: it stays as it is.
        source: used instead of the one in the settings, for measurements.
        watching: further outputs beside those of the settings.
        stages: notified when a stage of a frame is done.
        clock_ns: the clock that ``source`` takes its times from.
        liveness: of the monitor's threads, for callers that examine it.
        progress: notified of each step of the start, and closed when its first frame was judged.

    Raises:
        PartFailed: a part of the monitor cannot be kept alive.
        SourceError: the source cannot be opened, or broke for good.
        TruncatedSource: a file ended before its own length said so; everything was judged and written before.
        ModelError: a network is missing or corrupt.
        ConfigError: an output cannot be used as configured.
    """
    logging.basicConfig(level=logging.WARNING, format="wakeful: %(message)s")
    sys.setswitchinterval(SWITCH_S)
    # OpenCV's own threads, by default one a core, make no frame quicker and wait busily for each other's work.
    cv2.setNumThreads(settings.perception.threads)
    liveness = liveness or Liveness()
    with ExitStack() as stack:
        native = stack.enter_context(closing(NativeMessages(liveness)))
        # A person is told at once what is wrong with a camera.
        wait_s = SERVICE_WAIT_S if service_address() else 0.0
        parts = Assembly(
            settings,
            profile,
            source=source,
            source_wait_s=wait_s,
            stages=stages,
            liveness=liveness,
            progress=progress,
        )
        stack.callback(parts.close)
        native.start(DamagedImages(parts.notes))
        # The terminal is first, so that it shows what the others log. The service manager's ping is last: it confirms
        # that a frame has passed all outputs.
        service: dict[str, dict[str, Any]] = {"service": {}} if service_address() else {}
        view = _terminal(settings, parts)
        output = parts.outputs([view], further=service, last=[*watching, _StartIsOver(progress)])
        stack.callback(output.close)
        monitor = parts.monitor(output, clock_ns)
        reload = Reload(
            load or (lambda: (settings, profile)),
            (settings, profile),
            tables=lambda settings: changeable(settings, parts.expressions),
            made=parts.made,
            make=parts.make,
            engine=parts.engine,
            output=output,
            loop=monitor,
            notes=parts.notes,
            liveness=parts.liveness,
        )
        stack.enter_context(closing(reload))
        reload.start()
        keys = KeyActions(view, monitor.stop, lambda: parts.stats().recording)
        with (
            opened_inputs(settings.record, parts.send, parts.liveness, terminal=keys) as inputs,
            overseen(monitor, parts.source, parts.notes, parts.liveness, *inputs, output),
            obeying_signals(monitor.stop, reload.request),
        ):
            monitor.run()
        if reload.settings.outputs.summary:
            write_summary(reload.settings.outputs.summary, parts.figures())
    if monitor.ended_early is not None:
        raise TruncatedSource(str(monitor.ended_early))
    return 0


class _StartIsOver(Output):
    """Ends the start once the first state, be it `stale`, has gone through all outputs: then the watchdog watches."""

    def __init__(self, progress: StartProgress | None) -> None:
        self._progress = progress
        self._over = False

    def state(self, state: DriverState) -> None:
        if self._over:
            return
        self._over = True
        if self._progress is not None:
            self._progress.close()
        give_back()
        # What was made until now stays; looking through all of it for garbage would hold up a frame by many ms.
        gc.freeze()
        gc.enable()


def _terminal(settings: Settings, parts: Assembly) -> TerminalView:
    # If events go to the standard output, the text for people goes to the standard error.
    descriptor = 2 if settings.outputs.events == "-" else 1
    return terminal_view(parts.stats, parts.title, settings.terminal.live, descriptor, parts.liveness)
