"""One CAN bus, opened by python-can and driven by the thread that owns it.

    socketcan:can0                the kernel's own, as `ip link set can0 up type can bitrate 500000` makes it
    slcan:/dev/ttyACM0            a serial adapter; slcan:/dev/ttyUSB0@921600 says how fast its line is
    virtual:anything              inside this process, for tests: it knows no errors, no arbitration and no bus load

Any other interface of python-can is taken too. Those with a file descriptor are waited for, the rest are polled.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import re
import select
import time
from typing import Any

from wakeful.device.alerts.can.frames import CanFrame
from wakeful.device.alerts.waker import Waker
from wakeful.errors import ConfigError, WakefulError

ADDRESS = re.compile(r"(?P<interface>[a-z][a-z0-9_]*):(?P<channel>\S+)")
# Their speed is not set when they are opened: SocketCAN's by the system, that of a virtual bus by nobody.
NO_BITRATE = ("socketcan", "virtual", "udp_multicast")
FD_INTERFACES = ("socketcan", "virtual")
POLL_S = 0.01
SEND_TIMEOUT_S = 0.2
MAX_FRAMES_A_TURN = 500
MAX_LINE = 4096
FULL = (errno.ENOBUFS, errno.EAGAIN)
"""What the system answers while the queue of an interface is full; anything else does not pass by waiting."""
ADAPTER_BOOT_S = 2.0
"""Many serial adapters restart when their port is opened, and take this long."""


class BusError(WakefulError, ConnectionError):
    """A bus that cannot be opened, or that went away."""


class BusFull(BusError):
    """The bus takes no frame at present."""


def parse_address(address: str) -> tuple[str, str]:
    """Interface and channel. Raises ConfigError."""
    found = ADDRESS.fullmatch(address)
    if found is None:
        raise ConfigError("should be INTERFACE:CHANNEL, as in socketcan:can0 or slcan:/dev/ttyACM0")
    return found["interface"], found["channel"]


class Bus:
    """An open bus.

    Args:
        filters: identifiers (and whether extended) that matter; None: all.
        fd: CAN FD frames are sent, and received beside classic ones.

    Attributes:
        broken: what came from an adapter and was no frame.

    Raises:
        BusError: it cannot be opened.
    """

    def __init__(
        self, address: str, bitrate: int, filters: list[tuple[int, bool]] | None = None, *, fd: bool = False
    ) -> None:
        import can

        _silence_library()
        self._address = address
        interface, channel = parse_address(address)
        self._fix = _fix(interface, channel)
        options: dict[str, Any] = {} if interface in NO_BITRATE else {"bitrate": bitrate}
        if interface == "slcan":
            options["sleep_after_open"] = ADAPTER_BOOT_S
        if fd and interface == "socketcan":
            options["fd"] = True
        self._fd = fd
        self.broken = 0
        try:
            self._bus: Any = can.Bus(channel=channel, interface=interface, ignore_config=True, **options)
        except Exception as error:  # each interface has errors of its own
            raise BusError(f"{address} cannot be opened: {_words(error)}; {self._fix}") from error
        if filters is not None:
            self._bus.set_filters([_filter(*one) for one in filters])
        try:
            self._descriptor: int | None = self._bus.fileno()
        except (NotImplementedError, OSError):
            self._descriptor = None

    def send(self, frame: CanFrame) -> None:
        """Raises: BusFull: not at present. BusError: the bus is gone."""
        import can

        message = can.Message(
            arbitration_id=frame.id,
            data=frame.data,
            is_extended_id=frame.extended,
            is_fd=self._fd,
            bitrate_switch=self._fd,
        )
        try:
            self._bus.send(message, timeout=SEND_TIMEOUT_S)
        except Exception as error:
            system = error.__cause__
            if isinstance(error, can.CanError) and not (isinstance(system, OSError) and system.errno not in FULL):
                raise BusFull(f"{self._address} takes no frame: {_words(error)}") from error
            raise BusError(f"{self._address} cannot be written: {_words(error)}; {self._fix}") from error

    def receive(self, waker: Waker, timeout_s: float) -> list[CanFrame]:
        """Frames that came in, at the latest after ``timeout_s`` or when ``waker`` wakes. Raises: BusError."""
        self._wait(waker, timeout_s)
        frames: list[CanFrame] = []
        while len(frames) < MAX_FRAMES_A_TURN:
            message = self._read()
            if message is None:
                break
            if not (message.is_error_frame or message.is_remote_frame):
                frames.append(CanFrame(message.arbitration_id, bytes(message.data), message.is_extended_id))
        return frames

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._bus.shutdown()

    def _read(self) -> Any:
        import can

        try:
            message = self._bus.recv(0)
            if len(getattr(self._bus, "_buffer", b"")) > MAX_LINE:
                raise ValueError("noise without an end of line")
            return message
        except (can.CanError, OSError, ValueError, IndexError) as error:
            if not isinstance(error.__cause__ or error, ValueError | IndexError):
                raise BusError(f"{self._address} was disconnected: {_words(error)}; {self._fix}") from error
            # An adapter that talks nonsense: what it said so far is thrown away.
            self.broken += 1
            getattr(self._bus, "_buffer", bytearray()).clear()
            return None

    def _wait(self, waker: Waker, timeout_s: float) -> None:
        if self._descriptor is not None:
            select.select([self._descriptor, waker.fileno()], [], [], timeout_s)
        else:
            until = time.monotonic() + timeout_s
            waker.wait(max(0.0, min(POLL_S, until - time.monotonic())))
        waker.clear()


def _filter(frame_id: int, extended: bool) -> Any:
    return {"can_id": frame_id, "can_mask": 0x1FFFFFFF if extended else 0x7FF, "extended": extended}


def _fix(interface: str, channel: str) -> str:
    if interface == "socketcan":
        return f"bring it up with: sudo ip link set {channel} up type can bitrate 500000"
    if interface == "slcan":
        return "see `wakeful devices` for the ports there are"
    return "see the interfaces of python-can"


def _silence_library() -> None:
    """python-can logs what it raises, at every attempt; the wire reports it once. A level that was chosen is kept."""
    library = logging.getLogger("can")
    if library.level == logging.NOTSET:
        library.setLevel(logging.CRITICAL)


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
