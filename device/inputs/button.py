"""Markers from a push button on a GPIO line: a button that connects the line to ground when it is pressed.

The line's own pull-up holds it high; the kernel debounces it and records when it was pressed.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Protocol

from wakeful.device.alerts.gpio import mock as gpio_mock
from wakeful.device.alerts.gpio.output import gpio_errors, parse_spec
from wakeful.device.inputs.input import Input, Send
from wakeful.device.messages import Marker
from wakeful.device.supervision.workers import Liveness, Worker

DEBOUNCE = timedelta(milliseconds=20)
POLL_S = 0.2
CLOSE_TIMEOUT_S = 0.5

_log = logging.getLogger("wakeful.inputs")


class Button(Protocol):
    """One input line that waits for presses."""

    def wait(self, timeout_s: float) -> list[int]:
        """When the button was pressed, monotonic ns, as soon as it is, else an empty list after the timeout."""
        ...

    def close(self) -> None: ...


class ButtonMarkers(Input):
    """Turns presses into markers from ``start`` to ``close``.

    Args:
        spec: ``CHIP:LINE`` as in ``wakeful.device.alerts.gpio.output``; ``gpio_mock.button(NAME).press()`` presses
            ``mock:NAME``.
        send: takes each marker, from this input's own thread.

    Attributes:
        problem: why presses are no longer read, in one line; None while they are.

    Raises:
        GpioSpecError: ``spec`` is not understood. The other errors come from ``start``.
    """

    def __init__(self, spec: str, send: Send, liveness: Liveness | None = None) -> None:
        self._chip, self._line = parse_spec(spec)
        self._send = send
        self._button: Button | None = None
        self._closing = threading.Event()
        self._thread = Worker("button", self._run, liveness=liveness)

    def start(self) -> None:
        """Requests the line.

        Raises:
            GpioChipMissing, GpioLineMissing, GpioPermission, GpioLineBusy, GpioError: it cannot be had.
        """
        self._button = open_button(self._chip, self._line)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        button = self._button
        assert button is not None
        try:
            while not self._closing.is_set():
                for pressed_ns in button.wait(POLL_S):
                    self._send(Marker("button", pressed_ns))
        except OSError as error:
            self.problem = f"{self._chip}:{self._line}: presses are no longer read: {error}"
            _log.warning("button: %s", self.problem)
        finally:
            button.close()


def open_button(chip: str, line: str) -> Button:
    """Requests ``line`` of ``chip`` as an input with a pull-up.

    Raises:
        GpioError: one of its kinds, with the fix.
    """
    if chip == "mock":
        return gpio_mock.request_button(line)
    with gpio_errors(chip, line):
        return _GpiodButton(chip, line)


class _GpiodButton:
    """A button on a real chip, through libgpiod 2."""

    def __init__(self, chip: str, line: str) -> None:
        import gpiod
        from gpiod.line import Bias, Clock, Edge

        settings = gpiod.LineSettings(
            edge_detection=Edge.FALLING, bias=Bias.PULL_UP, debounce_period=DEBOUNCE, event_clock=Clock.MONOTONIC
        )
        wanted: int | str = int(line) if line.isdecimal() else line
        self._request = gpiod.request_lines(chip, consumer="wakeful", config={wanted: settings})

    def wait(self, timeout_s: float) -> list[int]:
        if not self._request.wait_edge_events(timeout_s):
            return []
        return [event.timestamp_ns for event in self._request.read_edge_events()]

    def close(self) -> None:
        self._request.release()
