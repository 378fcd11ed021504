"""A lamp, buzzer or relay on one GPIO line, blinking the level of the most urgent active alert.

The line goes to its safe level when the monitor ends, when it crashes, and when the monitor's thread has given no
state for 2 s. SIGTERM and Ctrl-C count as an end, because ``wakeful run`` turns them into one. After SIGKILL or a
kernel panic nobody can set anything: the kernel releases the line, and which level it then has depends on the board
(many keep the last one, some fall back to an input). Where that matters, a pull-up or pull-down resistor decides.
"""

from __future__ import annotations

import atexit
import errno
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from wakeful.device.alerts.gpio import mock as gpio_mock
from wakeful.device.alerts.gpio.patterns import OFF, PATTERNS, Pattern, is_on, until_change_s
from wakeful.device.alerts.gpio.settings import GpioSettings
from wakeful.device.alerts.output import Output
from wakeful.device.alerts.staleness import NewestLevel
from wakeful.device.config.section import needed
from wakeful.device.messages import DriverState
from wakeful.device.supervision.workers import Liveness, Worker
from wakeful.errors import WakefulError

RETRY_S = 1.0
STUCK_AFTER_S = 10.0

_log = logging.getLogger("wakeful.gpio")


class GpioError(WakefulError):
    """A GPIO line that cannot be used."""

    exit_status = 2


class GpioSpecError(GpioError, ValueError):
    """Not of the form CHIP:LINE."""


class GpioChipMissing(GpioError, FileNotFoundError):
    """No such GPIO chip."""


class GpioLineMissing(GpioError, ValueError):
    """The chip has no such line."""


class GpioPermission(GpioError, PermissionError):
    """This user may not use the chip."""


class GpioLineBusy(GpioError, OSError):
    """Another program or a driver holds the line."""


class Line(Protocol):
    """One requested output line. Active means alerting, whatever voltage that is."""

    def set(self, active: bool) -> None: ...

    def close(self) -> None: ...


class GpioOutput(Output):
    """Shows ``DriverState.level`` on one line, with the patterns of ``wakeful.device.alerts.gpio.patterns``.

    Args:
        settings: the table ``[gpio]``. The line is ``CHIP:LINE``, by number or name: ``/dev/gpiochip0:17``,
            ``gpiochip0:GPIO17``, or ``mock:17``. ``safe_active`` is for receivers that must notice when the monitor is
            gone.

    Attributes:
        problem: why the line is no longer driven, in one line; None while it is.

    Raises:
        GpioSpecError: the line is not CHIP:LINE. The other errors come from ``start``.
    """

    part = "gpio"
    """What the watchdog calls its thread."""

    def __init__(self, settings: GpioSettings, liveness: Liveness | None = None) -> None:
        self._chip, self._line_name = parse_spec(needed(settings.line, "gpio.line"))
        self._active_low = settings.active_low
        self._safe_active = settings.safe_active
        self._line: Line | None = None
        self._changed = threading.Condition()
        self._pattern_began_s = 0.0
        self._newest = NewestLevel()
        self._closing = False
        self._worker = Worker(self.part, self._run, stuck_s=STUCK_AFTER_S, liveness=liveness)

    def start(self, origin_ns: int) -> None:
        """Requests the line, at its safe level.

        Raises:
            GpioChipMissing, GpioLineMissing, GpioPermission, GpioLineBusy, GpioError: it cannot be had.
        """
        self._line = open_line(self._chip, self._line_name, active=self._safe_active, active_low=self._active_low)
        self._newest.start(time.monotonic())
        atexit.register(self.close)
        self._worker.start()

    def state(self, state: DriverState) -> None:
        now_s = time.monotonic()
        with self._changed:
            if self._newest.begins(state, now_s):
                self._pattern_began_s = now_s
                self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._worker.join(1.0)
        atexit.unregister(self.close)

    def _run(self) -> None:
        while self._worker.in_charge():
            line, self._line = self._line, None
            if line is not None:
                self._drive(line)
            if self._closing:
                return
            with self._changed:
                self._changed.wait(RETRY_S)
            self._reopen()

    def _reopen(self) -> None:
        """A chip that was unplugged may be back."""
        try:
            with self._worker.part.working():
                self._line = open_line(
                    self._chip, self._line_name, active=self._safe_active, active_low=self._active_low
                )
        except WakefulError:
            return  # what is wrong was noted when the line was lost
        self.problem = None
        _log.warning("gpio: %s:%s is driven again", self._chip, self._line_name)

    def _drive(self, line: Line) -> None:
        """Until the output is closed or the line fails; leaves it at its safe level, if it still can."""
        try:
            while not self._closing and self._worker.in_charge():
                # Not under the lock: a line behind an I2C expander takes its time, and the monitor must not wait.
                with self._changed:
                    active, _ = self._wanted(time.monotonic())
                with self._worker.part.working():
                    line.set(active)
                with self._changed:
                    wanted, wait_s = self._wanted(time.monotonic())
                    if wanted == active and not self._closing:
                        self._changed.wait(wait_s)
        except Exception as error:
            self._report("can no longer be driven", error)
        finally:
            self._make_safe(line)

    def _wanted(self, now_s: float) -> tuple[bool, float]:
        """The level to show now, and for how many seconds at most."""
        stale_in_s = self._newest.stale_in_s(now_s)
        if stale_in_s < 0.0:
            return self._safe_active, RETRY_S
        pattern = self._pattern()
        elapsed_s = now_s - self._pattern_began_s
        change_in_s = until_change_s(pattern, elapsed_s)
        # A millisecond past the edge, so that rounding cannot wake it just before.
        wait_s = stale_in_s if change_in_s is None else min(change_in_s, stale_in_s)
        return is_on(pattern, elapsed_s), wait_s + 0.001

    def _pattern(self) -> Pattern:
        return PATTERNS.get(self._newest.level, OFF)

    def _make_safe(self, line: Line) -> None:
        try:
            line.set(self._safe_active)
            line.close()
        except Exception as error:
            self._report("could not be set to its safe level", error)

    def _report(self, what: str, error: Exception) -> None:
        self.problem = f"{self._chip}:{self._line_name} {what}: {error}"
        _log.error("gpio: %s", self.problem)


def parse_spec(spec: str) -> tuple[str, str]:
    """``("/dev/gpiochip0", "17")`` from ``gpiochip0:17``, ``0:17`` or ``/dev/gpiochip0:17``; ``mock`` stays itself.

    Raises:
        GpioSpecError: it is not of that form.
    """
    chip, colon, line = spec.rpartition(":")
    if not (chip and colon and line):
        raise GpioSpecError(f"GPIO line {spec!r} is not CHIP:LINE; write it as in /dev/gpiochip0:17 or mock:17")
    if chip.isdecimal():
        chip = f"gpiochip{chip}"
    return (chip if chip == "mock" or chip.startswith("/") else f"/dev/{chip}"), line


def open_line(chip: str, line: str, active: bool, active_low: bool) -> Line:
    """Requests ``line`` of ``chip`` as an output that begins ``active`` or not.

    Raises:
        GpioError: one of its kinds, with the fix.
    """
    if chip == "mock":
        return gpio_mock.request_line(line, active, active_low)
    with gpio_errors(chip, line):
        return _GpiodLine(chip, line, active, active_low)


@contextmanager
def gpio_errors(chip: str, line: str) -> Iterator[None]:
    """Turns what libgpiod raises for a line into a ``GpioError`` of the fitting kind, with the fix."""
    try:
        yield
    except ImportError as error:
        raise GpioError("the package gpiod is not installed; pip install gpiod (Linux only)") from error
    except FileNotFoundError as error:
        if Path(chip).exists():
            raise GpioLineMissing(f"{chip} has no line {line!r}; gpioinfo lists its lines") from error
        raise GpioChipMissing(f"there is no GPIO chip {chip}; `wakeful devices` lists those there are") from error
    except PermissionError as error:
        raise GpioPermission(
            f"{chip} may not be used; add the user to its group (sudo usermod -aG gpio $USER) and log in again"
        ) from error
    except ValueError as error:
        raise GpioLineMissing(f"{chip} has no line {line!r}; gpioinfo lists its lines") from error
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise GpioLineBusy(f"line {line} of {chip} is in use; gpioinfo says by whom") from error
        if error.errno in (errno.ENODEV, errno.ENOTTY, errno.EISDIR):
            raise GpioChipMissing(f"{chip} is not a GPIO chip; `wakeful devices` lists those there are") from error
        raise GpioError(f"line {line} of {chip} cannot be used: {error.strerror or error}") from error


class _GpiodLine:
    """A line of a real chip, through libgpiod 2."""

    def __init__(self, chip: str, line: str, active: bool, active_low: bool) -> None:
        import gpiod
        from gpiod.line import Direction, Value

        self._values = (Value.INACTIVE, Value.ACTIVE)
        self._line: int | str = int(line) if line.isdecimal() else line
        settings = gpiod.LineSettings(
            direction=Direction.OUTPUT, active_low=active_low, output_value=self._values[active]
        )
        self._request = gpiod.request_lines(chip, consumer="wakeful", config={self._line: settings})
        self._active = active

    def set(self, active: bool) -> None:
        if active != self._active:
            self._request.set_value(self._line, self._values[active])
            self._active = active

    def close(self) -> None:
        self._request.release()
