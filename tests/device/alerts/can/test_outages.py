"""Buses that can be opened and take no frame, on python-can's virtual bus: what is reported of them, and what not."""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.device.alerts.samples import AWAKE, alert, started
from tools.rigs.can_node import CanNode
from tools.rigs.waiting import eventually
from wakeful.device.alerts.can.settings import CanSettings

can = pytest.importorskip("can", reason="CAN needs python-can")
pytest.importorskip("cantools", reason="CAN needs cantools")

from wakeful.device.alerts.can.bus import Bus, BusError, BusFull  # noqa: E402
from wakeful.device.alerts.can.output import CanOutput  # noqa: E402


def system_says(number: int) -> Exception:
    """As python-can's socketcan raises what the kernel answers to a frame."""
    error: Exception = can.CanOperationError(f"Failed to transmit: {os.strerror(number)}", number)
    error.__cause__ = OSError(number, os.strerror(number))
    return error


@pytest.fixture
def vehicle(request: pytest.FixtureRequest) -> Iterator[CanNode]:
    vehicle = CanNode(request.node.name)
    yield vehicle
    vehicle.close()


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception | None], None]:
    """What the monitor's frames meet from now on; None: nothing."""
    send = can.interfaces.virtual.VirtualBus.send
    met: list[Exception | None] = [None]

    def sends(bus: Any, message: Any, timeout: float | None = None) -> None:
        if met[0] is not None and threading.current_thread().name == "wakeful-can":
            raise met[0]
        send(bus, message, timeout)

    monkeypatch.setattr(can.interfaces.virtual.VirtualBus, "send", sends)

    def meets(error: Exception | None) -> None:
        met[0] = error

    return meets


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (system_says(errno.ENETDOWN), BusError),
        (system_says(errno.ENODEV), BusError),
        (system_says(errno.ENOBUFS), BusFull),
        (can.CanOperationError("Transmit buffer full"), BusFull),
    ],
    ids=["down", "deleted", "no buffers", "full"],
)
def test_only_a_queue_without_room_is_a_full_bus(
    error: Exception, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wakeful.device.alerts.can.frames import CanFrame

    def sends(*_: object, **__: object) -> None:
        raise error

    bus = Bus("virtual:kinds", 500_000)
    monkeypatch.setattr(can.interfaces.virtual.VirtualBus, "send", sends)
    with pytest.raises(BusError) as caught:
        bus.send(CanFrame(1, b""))
    assert caught.type is kind
    bus.close()


class KernelSays(socket.socket):
    """A socket that can be written, and whose frames the kernel refuses."""

    def __init__(self, number: int) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self._number = number

    def send(self, *_: object) -> int:
        raise OSError(self._number, os.strerror(self._number))


@pytest.mark.parametrize(("number", "kind"), [(errno.ENETDOWN, BusError), (errno.ENOBUFS, BusFull)])
def test_what_the_kernel_answers_is_found_in_the_errors_of_python_can(
    number: int, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    from can.interfaces.socketcan import SocketcanBus

    from wakeful.device.alerts.can.frames import CanFrame

    def opens(channel: str, **_: object) -> Any:
        bus: Any = object.__new__(SocketcanBus)
        bus.socket, bus.channel, bus._is_shutdown = KernelSays(number), channel, True
        return bus

    monkeypatch.setattr(can, "Bus", opens)
    bus = Bus("socketcan:can0", 500_000)
    with pytest.raises(BusError) as caught:
        bus.send(CanFrame(1, b""))
    assert caught.type is kind
    assert ("sudo ip link set can0 up" in str(caught.value)) == (kind is BusError)
    bus._bus.socket.close()


@pytest.mark.parametrize(
    "error", [system_says(errno.ENETDOWN), can.CanOperationError("Transmit buffer full")], ids=["down", "full"]
)
def test_a_frame_that_cannot_leave_is_reported_until_one_leaves(
    error: Exception,
    outage: Callable[[Exception | None], None],
    vehicle: CanNode,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("wakeful.device.alerts.can.output.FULL_REOPEN_S", 0.1)
    opened: list[str] = []
    bus_open = Bus.__init__

    def opens(bus: Bus, address: str, *rest: Any, **named: Any) -> None:
        opened.append(address)
        bus_open(bus, address, *rest, **named)

    monkeypatch.setattr(Bus, "__init__", opens)
    outage(error)
    with started(CanOutput(CanSettings(address=f"virtual:{request.node.name}"))) as output:
        output.state(AWAKE)
        output.alert(alert(seq=5))
        assert eventually(lambda: output.problem is not None)
        tries = len(opened)
        assert eventually(lambda: len(opened) >= tries + 3)
        assert output.problem is not None
        assert len(caplog.messages) == 1, caplog.messages
        outage(None)
        assert eventually(lambda: output.problem is None)
        assert eventually(lambda: len(vehicle.of("WakefulAlert")) == 1)
    assert [text.endswith("works again") for text in caplog.messages] == [False, True]


def test_a_bus_that_is_only_listened_to_works_while_it_can_be_read(
    vehicle: CanNode, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    down = [True]
    receive = can.interfaces.virtual.VirtualBus.recv

    def receives(bus: Any, timeout: float | None = None) -> Any:
        if down[0] and threading.current_thread().name == "wakeful-can":
            raise system_says(errno.ENETDOWN)
        return receive(bus, timeout)

    monkeypatch.setattr(can.interfaces.virtual.VirtualBus, "recv", receives)
    with started(CanOutput(CanSettings(address=f"virtual:{request.node.name}", send=False))) as output:
        assert eventually(lambda: output.problem is not None)
        down[0] = False
        assert eventually(lambda: output.problem is None)
    assert len(caplog.messages) == 2


def test_the_library_writes_no_line_of_its_own_at_every_attempt(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    attempts: list[str] = []
    # The level is that of a process in which nobody has chosen one.
    monkeypatch.setattr(logging.getLogger("can"), "level", logging.NOTSET)

    def opens(channel: str, **_: object) -> None:
        attempts.append(channel)
        logging.getLogger("can.interfaces.socketcan.socketcan").error("Could not access SocketCAN device %s", channel)
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    monkeypatch.setattr(can, "Bus", opens)
    with started(CanOutput(CanSettings(address="socketcan:can0"))) as output:
        assert eventually(lambda: len(attempts) >= 3)
        assert "sudo ip link set can0 up" in str(output.problem)
    assert [record.name for record in caplog.records] == ["wakeful.wire"]
