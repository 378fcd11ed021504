"""A monitor put together from its settings: source, networks, engine and outputs.

The command line (``wakeful.device.app``) and the library (``wakeful.api``) both start here. Nothing in this file
changes the process: no signal handlers, no logging set-up, no environment variables.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wakeful.device.alerts.fan_out import FanOut
from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.registry import make_output
from wakeful.device.config.output_tables import changeable, live_page
from wakeful.device.config.settings import Settings
from wakeful.device.driver_store import DriverSaver, load_driver, with_what_is_known
from wakeful.device.drivers import AUTO, SetDriver
from wakeful.device.exposure_control import ExposureControl
from wakeful.device.messages import Command
from wakeful.device.monitor import Everybody, Monitor
from wakeful.device.opening import OPENING_S, open_when_there
from wakeful.device.perception.everyone import Everyone
from wakeful.device.perception.expression import NETWORK as EXPRESSION
from wakeful.device.perception.expression import ExpressionReader, expression_classes
from wakeful.device.perception.face_detector import NETWORK as DETECTOR
from wakeful.device.perception.landmarks import READERS
from wakeful.device.perception.network import Loader, Network
from wakeful.device.perception.pipeline import Perception
from wakeful.device.perception.qnn_probe import TIMEOUT_S as PROBE_S
from wakeful.device.perception.runtime_choice import Runtimes, choose, reader_for
from wakeful.device.perception.seat import Seat
from wakeful.device.record.setup import record_outputs
from wakeful.device.stages import UNWATCHED, Stages
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.gaze_zone import Direction
from wakeful.device.state.people import PeopleInView
from wakeful.device.state.profile import Profile
from wakeful.device.summary import Summary
from wakeful.device.supervision.load_shedding import LoadShedding
from wakeful.device.supervision.notes import Notes
from wakeful.device.supervision.squeezed import SqueezedImages
from wakeful.device.supervision.start_progress import StartProgress
from wakeful.device.supervision.workers import Liveness
from wakeful.errors import WakefulError
from wakeful.models import registry
from wakeful.sensors.source import Source, expose
from wakeful.sensors.usable import UsableFrames

if TYPE_CHECKING:
    from wakeful.device.identity.published import Publish

log = logging.getLogger("wakeful.run")

IDENTITY = "identity"


class Assembly:
    """Source, perception and engine of one monitor, and what makes its outputs.

    Networks and source come first: their errors are raised before any output reports that the monitor is alive.

    Args:
        source: used instead of the one in the settings, for measurements.
        source_wait_s: how long a source that cannot be opened yet is waited for.
        stages: notified when a stage of a frame is done.
        liveness: of the monitor's threads; None: a new one.
        progress: notified of each step of the start.

    Attributes:
        made: the outputs of the settings, by name.

    Raises:
        SourceError: the source cannot be opened.
        ModelError: a network is missing or corrupt.
        ConfigError: the driver's file is damaged.
    """

    def __init__(
        self,
        settings: Settings,
        profile: Profile,
        *,
        source: Source | None = None,
        source_wait_s: float = 0.0,
        stages: Stages = UNWATCHED,
        liveness: Liveness | None = None,
        progress: StartProgress | None = None,
    ) -> None:
        self._progress = progress or StartProgress()
        self.settings = settings
        self.profile = profile
        self.notes = Notes()
        self.liveness = liveness or Liveness()
        self.commands: SimpleQueue[Command] = SimpleQueue()
        self.expressions = _expressions(settings)
        with self._progress.bounded(PROBE_S):
            self.runtimes = _runtimes(settings, bool(self.expressions), self.notes)
        self.perception = _perception(settings, bool(self.expressions), self._load, _seat(settings, profile))
        self.perception.watch(stages)
        log.info("%s in %s", self.perception.reader, self.runtimes.name)
        self.engine_config = _engine_config(settings, profile, self.perception, self.expressions)
        self.engine = Engine(self.engine_config)
        self._recognition = [self._recognize()] if settings.driver.name == AUTO else []
        with self._progress.bounded(source_wait_s + OPENING_S):
            self.source = UsableFrames(source or open_when_there(settings, source_wait_s), self.notes)
        # Size and rate are requested from cameras; a file has those it has.
        if self.source.info.requested and not _is_file(settings.source.source):
            log.warning("%s: requested and not granted: %s", self.source.info.name, self.source.info.requested)
        self.summary = Summary(self._about())
        self.made: dict[str, Output] = {}
        self._stages = stages
        self._monitor: Monitor | None = None

    @property
    def title(self) -> str:
        """What is watched and by which rules, for people."""
        return f"{self.source.info.name}, {self.settings.profile}"

    def stats(self) -> LoopStats:
        """Figures of the loop at present."""
        stats = self._monitor.stats if self._monitor else LoopStats(0.0, 0.0, 0, self.perception.reader)
        recording = any(output.recording for output in self.made.values())
        return replace(stats, runtime=self.runtimes.name, recording=recording)

    def send(self, command: Command) -> None:
        """Hand a command to the monitor, from any thread; a driver's file is read first."""
        self.commands.put(with_what_is_known(command) if isinstance(command, SetDriver) else command)

    def make(self, name: str, table: dict[str, Any]) -> Output:
        """One output. Raises: ConfigError: it cannot be used as configured."""
        self._progress.step()
        return make_output(name, table, self.send, self.notes, self.liveness)

    def outputs(
        self,
        first: Sequence[Output] = (),
        *,
        further: Mapping[str, dict[str, Any]] = MappingProxyType({}),
        last: Sequence[Output] = (),
    ) -> FanOut:
        """Everything in the settings as one output. If one cannot be had, all are closed.

        Args:
            first, last: come before and after all others.
            further: outputs beside those of the settings, by name, with what they are built from.
        """
        name = self.settings.driver.name or ""
        saver = DriverSaver("" if name == AUTO else name, self.engine.calibration)
        opened = [*first, saver, self._exposure(), SqueezedImages(self.notes)]
        page = live_page(self.settings, self.title, self.expressions, self.stats)
        recording = record_outputs(self.settings, self.engine_config, self._about())
        tables = changeable(self.settings, self.expressions) | page | recording | dict(further)
        try:
            for name, table in tables.items():
                self.made[name] = self.make(name, table)
        except WakefulError:
            FanOut([*opened, *self.made.values(), *last]).close()
            raise
        return FanOut([*opened, *self.made.values(), *self._recognition, *last])

    def monitor(self, output: FanOut, clock_ns: Callable[[], int] = time.monotonic_ns) -> Monitor:
        """The loop over all of it.

        Args:
            clock_ns: the clock that the source takes its times from.
        """
        self._monitor = Monitor(
            self.source,
            self.perception,
            self.engine,
            output,
            self.summary,
            self.commands,
            self.notes,
            max_age_s=self.settings.source.max_age_s,
            duration_s=self.settings.source.duration_s,
            stale_s=self.profile.health.stale_s,
            stages=self._stages,
            clock_ns=clock_ns,
            load_shedding=self._load_shedding(),
            everybody=self._everybody(),
            liveness=self.liveness,
        )
        return self._monitor

    def figures(self) -> dict[str, Any]:
        """The figures of the run so far, as ``--summary`` writes them."""
        return self.summary.figures(self.source.dropped, self.perception.network_faults)

    def close(self) -> None:
        """Closes the source and perception; outputs are closed by whoever made them."""
        self.source.close()
        self.perception.close()

    def _load(self, name: str, threads: int = 1) -> Network:
        self._progress.step()
        return self.runtimes.load(name, threads)

    def _recognize(self) -> Output:
        """Whose face it is; it comes after all other outputs, since it costs more than they do."""
        from wakeful.device.identity.network import load_embedder
        from wakeful.device.identity.recognition import Recognition
        from wakeful.device.identity.store import store_for

        driver, embedder = self.settings.driver, load_embedder(self.settings.perception.threads, self._load)
        store = store_for(driver.key)
        return Recognition(store, embedder, self.commands.put, self.engine.calibration, driver.publish)

    def _exposure(self) -> ExposureControl:
        """An exposure that the user has set is left alone."""
        is_fixed = isinstance(self.settings.source.exposure, int)
        return ExposureControl(lambda factor: not is_fixed and expose(self.source, factor), self.notes)

    def _load_shedding(self) -> LoadShedding | None:
        if not self.source.info.live:
            return None
        return LoadShedding(self.perception, self.notes, self.settings.board.hot_c)

    def _everybody(self) -> Everybody | None:
        most = self.settings.perception.everyone
        if most == 1:
            return None
        everyone, people = Everyone(self.perception, most), PeopleInView(self.profile.engagement, self.expressions)
        return lambda frame, watched, state: people.step(everyone.look(frame, watched), state)

    def _about(self) -> dict[str, str | float | None]:
        info, runtimes = self.source.info, self.runtimes
        return {
            "source": info.name,
            "live": info.live,
            "width": info.width,
            "height": info.height,
            "profile": self.settings.profile,
            "landmarks": self.perception.reader,
            "runtime": runtimes.name,
            "soc": runtimes.soc or None,
            "runtime_fallback": runtimes.fallback or None,
            "threads": self.settings.perception.threads,
        }


def perception_for(settings: Settings) -> Perception:
    """Perception alone, for images that nobody follows. Raises: ModelError: a network is missing or corrupt."""
    read_expressions = bool(_expressions(settings))
    return _perception(settings, read_expressions, _runtimes(settings, read_expressions, Notes()).load)


def _expressions(settings: Settings) -> tuple[str, ...]:
    """Names of the expressions that are distinguished; none if they are not read."""
    wanted = settings.perception.expression and EXPRESSION in registry.networks() and registry.available(EXPRESSION)
    return expression_classes() if wanted else ()


def _seat(settings: Settings, profile: Profile) -> Seat:
    """Where the driver sits; people who come to a robot have no seat to come back to."""
    return replace(settings.driver.seat, kept=profile.engagement is None)


def _perception(settings: Settings, read_expressions: bool, load: Loader, seat: Seat | None = None) -> Perception:
    chosen = settings.perception
    return Perception(
        _reader(settings),
        threads=chosen.threads,
        focal_px=chosen.focal_px,
        min_detection=chosen.min_detection_score,
        min_presence=chosen.min_presence,
        expression=ExpressionReader(chosen.threads, load) if read_expressions else None,
        load=load,
        seat=seat,
    )


def _runtimes(settings: Settings, read_expressions: bool, notes: Notes) -> Runtimes:
    networks = [DETECTOR, *READERS[_reader(settings)].networks]
    if read_expressions:
        networks.append(EXPRESSION)
    if settings.driver.name == AUTO:
        networks.append(IDENTITY)
    return choose(settings.perception.runtime, networks, notes)


def _reader(settings: Settings) -> str:
    return reader_for(settings.perception.landmarks, settings.perception.runtime)


def _engine_config(
    settings: Settings, profile: Profile, perception: Perception, expressions: tuple[str, ...]
) -> EngineConfig:
    driver = settings.driver
    named = driver.name if driver.name != AUTO else None
    known = load_driver(named) if named else None
    road = None
    if driver.road_yaw_deg is not None and driver.road_pitch_deg is not None:
        road = Direction(driver.road_yaw_deg, driver.road_pitch_deg)
    return EngineConfig(
        profile,
        perception.traits,
        settings.vehicle.speed_kmh,
        known=known,
        road=road,
        expression_classes=expressions,
        driver=_published(named, driver.publish) if named else "",
    )


def _published(name: str, how: Publish) -> str:
    if how == "name":
        return name
    from wakeful.device.identity.published import published
    from wakeful.device.identity.store import Store, identities_folder

    return published(name, how, Store(identities_folder()))


def _is_file(source: str) -> bool:
    path = Path(source).expanduser()
    return path.is_file() or path.is_dir()
