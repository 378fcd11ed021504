"""All outputs as one, each kept from hurting the others or the monitor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Thread
from typing import TYPE_CHECKING

from wakeful import WakefulError
from wakeful.device.alerts.output import Output
from wakeful.device.messages import Alert, DriverState, Event, Given

if TYPE_CHECKING:
    from wakeful.device.perception.pipeline import Sighting
    from wakeful.sensors.frame import Frame

_log = logging.getLogger("wakeful.outputs")


class FanOut:
    """Passes every call on to each of ``outputs``, in order.

    An output that raises is reported once, counted, and called again the next time; the others do not notice. Only
    ``start`` lets errors meant for the user through (a GPIO line that does not exist), after closing all outputs.

    Attributes:
        failures: calls that raised, by the name of the output's class.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._set(outputs)
        self.failures: dict[str, int] = {}

    def _set(self, outputs: Sequence[Output]) -> None:
        self._outputs = tuple(outputs)
        self._seeing = tuple(output for output in outputs if hasattr(output, "seen"))
        self._fed = tuple(output for output in outputs if hasattr(output, "fed"))

    def exchange(self, old: Sequence[Output], new: Sequence[Output]) -> None:
        """From now on ``new`` hear and ``old`` do not; closing those may take a second, in a thread of its own."""
        first, *others = [output for output in self._outputs if not any(output is one for one in old)]
        # The last one may have to say that all others have heard.
        self._set([first, *new, *others])
        if old:
            Thread(target=self._close, args=(tuple(old),), name="wakeful-close", daemon=True).start()

    def start(self, origin_ns: int) -> None:
        """Raises: WakefulError: an output cannot be used as configured; all are closed then."""
        for output in self._outputs:
            try:
                output.start(origin_ns)
            except WakefulError:
                self.close()
                raise
            except Exception as error:
                self._count(output, error)

    def seen(self, frame: Frame, sighting: Sighting) -> None:
        for output in self._seeing:
            self._isolated(output, output.seen, frame, sighting)

    def fed(self, given: Given) -> None:
        for output in self._fed:
            self._isolated(output, output.fed, given)

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
        """What the outputs themselves report as wrong at present, a line each."""
        told = (getattr(output, "problem", None) for output in self._outputs)
        return [problem for problem in told if problem]

    def _isolated(self, output: Output, call: Callable[..., None], *arguments: object) -> None:
        try:
            call(*arguments)
        except Exception as error:
            self._count(output, error)

    def _count(self, output: Output, error: Exception) -> None:
        name = type(output).__name__
        self.failures[name] = self.failures.get(name, 0) + 1
        if self.failures[name] == 1:
            _log.warning("output %s failed: %s: %s; the monitor goes on", name, type(error).__name__, error)
            _log.debug("output %s failed", name, exc_info=error)
