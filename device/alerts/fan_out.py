"""All outputs as one; a fault of one affects neither the others nor the monitor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Thread
from typing import TYPE_CHECKING

from wakeful.device.alerts.output import Output
from wakeful.device.alerts.run import Run
from wakeful.device.messages import Alert, DriverState, Event
from wakeful.device.state.inputs import EngineInput
from wakeful.errors import WakefulError

if TYPE_CHECKING:
    from wakeful.device.perception.pipeline import Sighting
    from wakeful.sensors.frame import Frame

_log = logging.getLogger("wakeful.outputs")


class FanOut(Output):
    """Forwards every call to each of ``outputs``, in order.

    An output that raises is logged once, counted, and called again the next time; the others are not affected. Only
    ``start`` passes on errors that the user has to fix (a GPIO line that does not exist), after closing all outputs.

    Attributes:
        failures: calls that raised, by the name of the output's class.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._outputs = tuple(outputs)
        self.failures: dict[str, int] = {}

    def exchange(self, old: Sequence[Output], new: Sequence[Output]) -> None:
        """Replace ``old`` by ``new``; the old ones are closed by another thread, within a second."""
        first, *others = [output for output in self._outputs if not any(output is one for one in old)]
        # The last output may have to confirm that all others have been called.
        self._outputs = (first, *new, *others)
        if old:
            Thread(target=self._close, args=(tuple(old),), name="wakeful-close", daemon=True).start()

    def begin(self, run: Run) -> None:
        for output in self._outputs:
            self._isolated(output, output.begin, run)

    def start(self, origin_ns: int) -> None:
        """Raises: WakefulError: an output cannot be used as configured; then all are closed."""
        for output in self._outputs:
            try:
                output.start(origin_ns)
            except WakefulError:
                self.close()
                raise
            except Exception as error:
                self._count(output, error)

    def frame(self, frame: Frame, sighting: Sighting) -> None:
        for output in self._outputs:
            self._isolated(output, output.frame, frame, sighting)

    def engine_input(self, given: EngineInput) -> None:
        for output in self._outputs:
            self._isolated(output, output.engine_input, given)

    def alert(self, alert: Alert) -> None:
        for output in self._outputs:
            self._isolated(output, output.alert, alert)

    def event(self, event: Event) -> None:
        for output in self._outputs:
            self._isolated(output, output.event, event)

    def state(self, state: DriverState) -> None:
        for output in self._outputs:
            self._isolated(output, output.state, state)

    def close(self) -> None:
        self._close(self._outputs)

    def _close(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            self._isolated(output, output.close)

    @property
    def problems(self) -> list[str]:
        """Current problems reported by the outputs, one line each."""
        return [output.problem for output in self._outputs if output.problem]

    def _isolated(self, output: Output, call: Callable[..., None], *arguments: object) -> None:
        try:
            call(*arguments)
        except Exception as error:
            self._count(output, error)

    def _count(self, output: Output, error: Exception) -> None:
        name = type(output).__name__
        self.failures[name] = self.failures.get(name, 0) + 1
        if self.failures[name] == 1:
            _log.warning("output %s failed: %s: %s; the monitor continues", name, type(error).__name__, error)
            _log.debug("output %s failed", name, exc_info=error)
