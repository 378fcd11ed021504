"""The live page as an output of the monitor: passes on what it receives, and never waits for viewers or programs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from wakeful.device.alerts.loop_stats import LoopStats
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.run import Run
from wakeful.device.messages import Alert, Command, DriverState
from wakeful.device.perception.pipeline import Sighting
from wakeful.device.supervision.workers import Liveness
from wakeful.device.view.access import DEFAULT_ADDRESS, Access, parse_address
from wakeful.device.view.feed import Feed
from wakeful.device.view.pictures import Pictures
from wakeful.device.view.programs import Programs
from wakeful.device.view.server import PageServer, Site
from wakeful.sensors.frame import Frame

_log = logging.getLogger("wakeful.view")
# The page's address must be shown, though it is not a warning.
_log.setLevel(logging.INFO)


class LivePage(Feed, Output):
    """Serves the page from the moment it is made.

    Args:
        address: ``HOST:PORT``; port 0 takes any that is free.
        token: what viewers must know; needed where the address reaches beyond this machine.
        title: what is watched and by which rules.
        stats: figures of the loop.
        expression_classes: names of the probabilities in a state.
        on_command: takes what the page's buttons say, from any thread.
        clock_s: the clock by which a state grows old.

    Raises:
        ConfigError: the address or token will not do, or the port is in use.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        token: str | None = None,
        title: str = "",
        stats: Callable[[], LoopStats] = lambda: LoopStats(0.0, 0.0, 0, ""),
        expression_classes: tuple[str, ...] = (),
        on_command: Callable[[Command], None] = lambda command: None,
        clock_s: Callable[[], float] = time.monotonic,
        liveness: Liveness | None = None,
    ) -> None:
        where = parse_address(address, token)
        super().__init__(title, stats, expression_classes, clock_s, liveness)
        self.pictures = Pictures(liveness=liveness)
        self._programs = Programs(stats, expression_classes, clock_s)
        site = Site(Access(token), self, self.pictures, self._programs, on_command)
        try:
            self._server = PageServer(where, site, liveness)
        except Exception:
            self.pictures.close()
            raise
        self.url = f"http://{self._server.address}/"
        _log.info("live page: %s%s", self.url, "" if token is None else " (asks for the token)")

    def begin(self, run: Run) -> None:
        super().begin(run)
        self._programs.begin(run)

    def alert(self, alert: Alert) -> None:
        super().alert(alert)
        self._programs.alert(alert)

    def state(self, state: DriverState) -> None:
        super().state(state)
        self._programs.state(state)

    def frame(self, frame: Frame, sighting: Sighting) -> None:
        self.pictures.offer(frame, sighting)

    def close(self) -> None:
        """Viewers notice by the end of their streams; the port is free again."""
        super().close()
        self.pictures.close()
        self._server.close()
