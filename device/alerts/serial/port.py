"""A serial port that never makes its owner wait: bytes it cannot take now stay with the caller.

Anything ``serial.serial_for_url`` opens: ``/dev/ttyUSB0``, a pseudo-terminal, ``socket://host:port``, ``loop://``.
Ports with a file descriptor are driven through it, because pyserial's own ``write`` with a time-out does not tell how
much of a sentence is already on its way; the few without one (``loop://``, ``rfc2217://``) are polled.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from typing import Protocol

import serial

from wakeful.device.alerts.waker import Waker
from wakeful.errors import WakefulError

READ_SIZE = 4096
POLL_INTERVAL_S = 0.01


class PortError(WakefulError, ConnectionError):
    """A serial port that cannot be opened, or that went away."""


class Port(Protocol):
    """An open port. ``write``, ``read`` and ``wait`` raise PortError when it is gone."""

    def write(self, data: bytes) -> int:
        """Hands over what fits at present and says how many bytes that was."""
        ...

    def read(self) -> bytes:
        """What has come in after ``wait`` said that something has."""
        ...

    def wait(self, waker: Waker, timeout_s: float | None, writing: bool) -> bool:
        """Until bytes come in (True), ``waker`` wakes, the time is over, or, if ``writing``, bytes fit again."""
        ...

    def close(self) -> None: ...


def open_port(url: str, baud: int) -> Port:
    """Opens a port for this process alone.

    Raises:
        PortError: it does not exist, is no serial port, may not be used, or is in use.
    """
    try:
        port = serial.serial_for_url(url, baudrate=baud, timeout=0, write_timeout=1.0, exclusive=True)
    except Exception as error:  # besides its own errors pyserial lets termios.error and those of URL handlers through
        raise PortError(_why_not_open(url, error)) from error
    try:
        return _DescriptorPort(port, port.fileno())
    except OSError:
        return _PolledPort(port)


class _DescriptorPort:
    def __init__(self, port: serial.SerialBase, descriptor: int) -> None:
        self._port = port
        self._descriptor = descriptor
        self._stuck = False

    def write(self, data: bytes) -> int:
        try:
            taken = os.write(self._descriptor, data)
        except BlockingIOError:
            taken = 0
        except OSError as error:
            raise PortError(f"{self._port.port} cannot be written: {error.strerror}") from error
        self._stuck = taken < len(data)
        return taken

    def read(self) -> bytes:
        try:
            data = os.read(self._descriptor, READ_SIZE)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PortError(f"{self._port.port} cannot be read: {error.strerror}") from error
        if not data:
            # Readable without bytes is how a pulled adapter, a closed pseudo-terminal and a closed socket look.
            raise PortError(f"{self._port.port} was disconnected")
        return data

    def wait(self, waker: Waker, timeout_s: float | None, writing: bool) -> bool:
        writable = [self._descriptor] if writing else []
        readable, _, _ = select.select([self._descriptor, waker.fileno()], writable, [], timeout_s)
        waker.clear()
        return self._descriptor in readable

    def close(self) -> None:
        with contextlib.suppress(Exception):
            if self._stuck:
                # The kernel would hold a UART open for up to 30 s, hoping that its receiver reads on.
                self._port.reset_output_buffer()
            self._port.close()


class _PolledPort:
    def __init__(self, port: serial.SerialBase) -> None:
        self._port = port

    def write(self, data: bytes) -> int:
        try:
            return self._port.write(data) or 0
        except Exception as error:
            # How much went out is unknown, so only a fresh start keeps sentences whole. loop:// raises queue.Full.
            raise PortError(f"{self._port.port} cannot be written: {error or type(error).__name__}") from error

    def read(self) -> bytes:
        try:
            return bytes(self._port.read(READ_SIZE))
        except Exception as error:
            raise PortError(f"{self._port.port} cannot be read: {error or type(error).__name__}") from error

    def wait(self, waker: Waker, timeout_s: float | None, writing: bool) -> bool:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._has_input():
            remaining = POLL_INTERVAL_S if deadline is None else deadline - time.monotonic()
            readable, _, _ = select.select([waker.fileno()], [], [], max(0.0, min(POLL_INTERVAL_S, remaining)))
            if readable or writing or remaining <= 0.0:
                waker.clear()
                return False
        return True

    def _has_input(self) -> bool:
        try:
            return bool(self._port.in_waiting)
        except Exception as error:
            raise PortError(f"{self._port.port} was disconnected") from error

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._port.close()


def _why_not_open(url: str, error: Exception) -> str:
    """One line that names the fix. pyserial wraps the system's error into a text of its own."""
    errno_, text = getattr(error, "errno", None), str(error).lower()
    if errno_ == 2 or "no such file" in text:
        return f"{url} does not exist; plug the adapter in, or see `wakeful devices` for the ports there are"
    if errno_ == 13 or "permission denied" in text:
        return f"{url} may not be opened; add the user to its group (sudo usermod -aG dialout $USER) and log in again"
    if errno_ == 11 or "exclusively lock" in text:
        return f"{url} is in use by another program; end that one first (sudo fuser {url} names it)"
    if "inappropriate ioctl" in text or "could not configure" in text:
        return f"{url} is not a serial port; see `wakeful devices` for the ports there are"
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"{url} cannot be opened: {reason}"
