"""One run of the monitor from settings to exit status: opens everything, joins it, and puts it down again."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from wakeful import WakefulError
from wakeful.device.alerts.fan_out import FanOut
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.registry import make_output
from wakeful.device.alerts.terminal.choice import terminal_view
from wakeful.device.config.output_tables import changeable, live_page
from wakeful.device.config.settings import Settings
from wakeful.device.driver_store import DriverKeeper, load_driver, with_what_is_known
from wakeful.device.judge import Judge
from wakeful.device.messages import Command, SetDriver
from wakeful.device.monitor import Monitor
from wakeful.device.perception.expression import NETWORK as EXPRESSION
from wakeful.device.perception.expression import ExpressionReader, expression_classes
from wakeful.device.perception.face_detector import NETWORK as DETECTOR
from wakeful.device.perception.landmarks import READERS
from wakeful.device.perception.pipeline import Perception
from wakeful.device.perception.runtime_choice import Runtimes, choose, reader_for
from wakeful.device.record.setup import record_outputs
from wakeful.device.reload import Configuration, Reload
from wakeful.device.stages import UNWATCHED, Stages
from wakeful.device.state.engine import Engine
from wakeful.device.state.gaze_zone import Direction
from wakeful.device.state.profile import Profile
from wakeful.device.summary import Summary, write_summary
from wakeful.device.supervision.load_shedding import Economy
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.overseer import overseen
from wakeful.device.supervision.signals import obeying_signals
from wakeful.models import registry
from wakeful.sensors.camera import open_source
from wakeful.sensors.source import Source

SWITCH_S = 0.0005
"""Seconds after which a thread has to let another one go on: the loop waits no longer for any that words a report."""

log = logging.getLogger("wakeful.run")


def run(
    settings: Settings,
    profile: Profile,
    load: Callable[[], Configuration] | None = None,
    *,
    source: Source | None = None,
    watching: Sequence[Output] = (),
    stages: Stages = UNWATCHED,
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> int:
    """Watch until the source ends, its duration is over, or SIGTERM or Ctrl-C comes. Gives the exit status.

    Args:
        load: reads the configuration anew when SIGHUP comes; None: it stays as it is.
        source: looked at in place of that of the settings, for measurements.
        watching: further outputs beside those of the settings.
        stages: told when a stage of a frame is done.
        clock_ns: the clock that ``source`` takes its times from.

    Raises:
        PartFailed: a part of the monitor cannot be kept alive.
        SourceError: the source cannot be opened, or broke for good.
        ModelError: a network is missing or corrupt.
        ConfigError: an output cannot be used as configured.
    """
    logging.basicConfig(level=logging.WARNING, format="wakeful: %(message)s")
    sys.setswitchinterval(SWITCH_S)
    # Networks and source first: what is wrong with them is told before any output says that the monitor lives.
    notes = Notes()
    expressions = _expressions(settings)
    runtimes = _runtimes(settings, bool(expressions), notes)
    perception = _perception(settings, bool(expressions), runtimes)
    perception.watch(stages)
    log.info("%s in %s", perception.reader, runtimes.name)
    commands: SimpleQueue[Command] = SimpleQueue()
    with ExitStack() as stack:
        source = stack.enter_context(closing(source or _source(settings)))
        # Size and rate are asked of cameras; a file has those it has.
        if source.info.requested and not _is_file(settings.source.source):
            log.warning("%s: asked for and not granted: %s", source.info.name, source.info.requested)
        about = _about(settings, source, perception, runtimes)
        summary = Summary(about)
        judge = _judge(settings, profile, perception, expressions)
        engine = judge.engine()
        recording = record_outputs(settings, judge, about)
        made: dict[str, Output] = {}

        def make(name: str, table: dict[str, Any]) -> Output:
            return make_output(name, table, lambda command: _take_in(command, commands), notes)

        def stats() -> LoopStats:
            return replace(monitor.stats, runtime=runtimes.name)

        output = FanOut([*_outputs(settings, expressions, recording, source, engine, stats, make, made), *watching])
        stack.callback(output.close)
        monitor = Monitor(
            source,
            perception,
            engine,
            output,
            summary,
            commands,
            notes,
            max_age_s=settings.source.max_age_s,
            duration_s=settings.source.duration_s,
            stale_s=profile.health.stale_s,
            stages=stages,
            clock_ns=clock_ns,
            economy=Economy(perception, notes, settings.board.hot_c) if source.info.live else None,
        )
        reload = Reload(
            load or (lambda: (settings, profile)),
            (settings, profile),
            tables=lambda settings: changeable(settings, expressions),
            made=made,
            make=make,
            engine=engine,
            output=output,
            loop=monitor,
            notes=notes,
        )
        stack.enter_context(closing(reload))
        reload.start()
        with overseen(monitor, source, output, notes), obeying_signals(monitor.stop, reload.request):
            monitor.run()
        if reload.settings.outputs.summary:
            write_summary(reload.settings.outputs.summary, summary.figures(source.dropped, perception.network_faults))
    return 0


def _expressions(settings: Settings) -> tuple[str, ...]:
    """Names of the expressions that are told apart; none if they are not read."""
    wanted = settings.perception.expression and EXPRESSION in registry.networks() and registry.available(EXPRESSION)
    return expression_classes() if wanted else ()


def _runtimes(settings: Settings, read_expressions: bool, notes: Notes) -> Runtimes:
    networks = [DETECTOR, *READERS[_reader(settings)][2]]
    if read_expressions:
        networks.append(EXPRESSION)
    return choose(settings.perception.runtime, networks, notes)


def _reader(settings: Settings) -> str:
    return reader_for(settings.perception.landmarks, settings.perception.runtime)


def _perception(settings: Settings, read_expressions: bool, runtimes: Runtimes) -> Perception:
    chosen = settings.perception
    return Perception(
        _reader(settings),
        threads=chosen.threads,
        focal_px=chosen.focal_px,
        min_detection=chosen.min_detection_score,
        min_presence=chosen.min_presence,
        expression=ExpressionReader(chosen.threads, runtimes.load) if read_expressions else None,
        load=runtimes.load,
    )


def _judge(settings: Settings, profile: Profile, perception: Perception, expressions: tuple[str, ...]) -> Judge:
    driver = settings.driver
    known = load_driver(driver.name) if driver.name else None
    road = None
    if driver.road_yaw_deg is not None and driver.road_pitch_deg is not None:
        road = Direction(driver.road_yaw_deg, driver.road_pitch_deg)
    return Judge(
        profile,
        perception.traits,
        settings.vehicle.speed_kmh,
        known=known,
        road=road,
        expression_classes=expressions,
    )


def _source(settings: Settings) -> Source:
    wanted = settings.source
    return open_source(
        wanted.source,
        pace=wanted.pace,
        width=wanted.width,
        height=wanted.height,
        fps=wanted.fps,
        pixel_format=wanted.pixel_format,
    )


def _is_file(source: str) -> bool:
    path = Path(source).expanduser()
    return path.is_file() or path.is_dir()


def _about(
    settings: Settings, source: Source, perception: Perception, runtimes: Runtimes
) -> dict[str, str | float | None]:
    return {
        "source": source.info.name,
        "live": source.info.live,
        "width": source.info.width,
        "height": source.info.height,
        "profile": settings.profile,
        "landmarks": perception.reader,
        "runtime": runtimes.name,
        "soc": runtimes.soc or None,
        "runtime_fallback": runtimes.fallback or None,
        "threads": settings.perception.threads,
    }


def _outputs(
    settings: Settings,
    expressions: tuple[str, ...],
    recording: dict[str, dict[str, Any]],
    source: Source,
    engine: Engine,
    stats: Callable[[], LoopStats],
    make: Callable[[str, dict[str, Any]], Output],
    made: dict[str, Output],
) -> list[Output]:
    """Everything the settings ask for, by name also in ``made``. If one cannot be had, the others are closed."""
    # The terminal comes first, so that what the others log appears in it. Events on the standard output leave the
    # standard error to the lines for people.
    descriptor = 2 if settings.outputs.events == "-" else 1
    title = f"{source.info.name}, {settings.profile}"
    outputs: list[Output] = [terminal_view(stats, title, settings.terminal.live, descriptor)]
    outputs.append(DriverKeeper(settings.driver.name or "", engine.calibration))
    try:
        page = live_page(settings, title, expressions, stats)
        for name, table in (changeable(settings, expressions) | page | recording).items():
            made[name] = make(name, table)
        if os.environ.get("NOTIFY_SOCKET"):
            # The last of all: its ping says that a frame has passed every other one.
            made["service"] = make("service", {})
    except WakefulError:
        FanOut([*outputs, *made.values()]).close()
        raise
    return [*outputs, *made.values()]


def _take_in(command: Command, commands: SimpleQueue[Command]) -> None:
    """Called by the threads of outputs, which may wait for a file."""
    commands.put(with_what_is_known(command) if isinstance(command, SetDriver) else command)
