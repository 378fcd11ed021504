"""What systemd hears, on a real datagram socket in systemd's place."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.device.alerts.samples import AWAKE, MICROSLEEP
from tools.rigs.waiting import Clock
from wakeful import ConfigError
from wakeful.device.alerts.service import LOST_WATCHDOG_S, ServiceOutput, describe
from wakeful.device.messages import DriverState, Health

LOST = DriverState(t_ns=0, seq=150, health=Health.CAMERA_LOST)
STALE = replace(LOST, health=Health.STALE)


class Manager:
    """The receiving end of ``NOTIFY_SOCKET``."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        """The lines of everything that has arrived."""
        lines: list[str] = []
        while True:
            try:
                lines += self._socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return lines

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    one = Manager(str(tmp_path / "notify"))
    yield one
    one.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def output(manager: Manager, clock: Clock) -> Iterator[ServiceOutput]:
    one = ServiceOutput(manager.address, watchdog_s=5.0, clock_s=clock)
    one.start(0)
    yield one
    one.close()


def drive(output: ServiceOutput, clock: Clock, state: DriverState, duration_s: float, step_s: float = 0.1) -> None:
    for _ in range(round(duration_s / step_s)):
        clock.now_s += step_s
        output.state(state)


def test_ready_comes_with_the_first_judgement_and_once(output: ServiceOutput, manager: Manager, clock: Clock) -> None:
    assert manager.heard() == []
    output.state(AWAKE)
    assert manager.heard() == ["READY=1", "WATCHDOG=1", "STATUS=ok"]
    drive(output, clock, AWAKE, 0.5)
    assert manager.heard() == []


def test_frames_ping_about_once_a_second(output: ServiceOutput, manager: Manager, clock: Clock) -> None:
    drive(output, clock, AWAKE, 10.0)
    assert 9 <= manager.heard().count("WATCHDOG=1") <= 11


def test_a_short_watchdog_is_pinged_four_times_in_its_time(manager: Manager, clock: Clock) -> None:
    output = ServiceOutput(manager.address, watchdog_s=1.0, clock_s=clock)
    drive(output, clock, AWAKE, 2.0, step_s=0.05)
    assert 7 <= manager.heard().count("WATCHDOG=1") <= 9
    output.close()


def test_a_silent_camera_gets_no_ping(output: ServiceOutput, manager: Manager, clock: Clock) -> None:
    output.state(AWAKE)
    manager.heard()
    drive(output, clock, STALE, 30.0)
    assert manager.heard() == ["STATUS=stale"]


def test_a_lost_camera_is_waited_for_and_a_loop_that_hangs_then_is_noticed_as_soon_as_ever(
    output: ServiceOutput, manager: Manager, clock: Clock
) -> None:
    output.state(AWAKE)
    manager.heard()
    for _ in range(round(LOST_WATCHDOG_S / 5.0) - 1):
        drive(output, clock, LOST, 5.0)
        heard = manager.heard()
        assert heard.count("WATCHDOG=1") >= 2
        assert not any(line.startswith("WATCHDOG_USEC") for line in heard)
    drive(output, clock, LOST, 6.0)
    manager.heard()
    drive(output, clock, LOST, 10.0)
    drive(output, clock, STALE, 5.0)
    assert "WATCHDOG=1" not in manager.heard()
    output.state(AWAKE)
    assert "WATCHDOG=1" in manager.heard()
    drive(output, clock, LOST, 5.0)
    assert "WATCHDOG=1" in manager.heard()


def test_a_camera_that_is_lost_from_the_beginning_still_makes_a_running_service(
    output: ServiceOutput, manager: Manager
) -> None:
    output.state(LOST)
    assert manager.heard()[0] == "READY=1"


def test_without_a_watchdog_nothing_is_pinged(manager: Manager, clock: Clock) -> None:
    output = ServiceOutput(manager.address, watchdog_s=0.0, clock_s=clock)
    drive(output, clock, AWAKE, 5.0)
    drive(output, clock, LOST, 5.0)
    assert [line for line in manager.heard() if line.startswith("WATCHDOG")] == []
    output.close()


def test_the_status_follows_the_health_once_a_second_at_most(
    output: ServiceOutput, manager: Manager, clock: Clock
) -> None:
    for turn in range(30):
        clock.now_s += 0.1
        output.state(AWAKE if turn % 2 else MICROSLEEP)
    assert sum(line.startswith("STATUS=") for line in manager.heard()) == 3


def test_the_status_is_in_words_for_people() -> None:
    assert describe(replace(AWAKE, health=Health.DEGRADED, reason="dark")) == "degraded (dark)"
    assert describe(replace(AWAKE, health=Health.CALIBRATING, calibration_pct=47.0)) == "calibrating 40 %"
    assert describe(replace(AWAKE, notes=("disk_full", "hot"))) == "ok, disk full, hot"
    assert describe(MICROSLEEP) == "ok, warning: microsleep"


def test_the_end_is_told(output: ServiceOutput, manager: Manager) -> None:
    output.close()
    assert manager.heard() == ["STOPPING=1", "STATUS=ending"]


def test_a_manager_that_does_not_listen_costs_no_time_and_hears_it_later(tmp_path: Path, clock: Clock) -> None:
    address = str(tmp_path / "notify")
    output = ServiceOutput(address, watchdog_s=5.0, clock_s=clock)
    drive(output, clock, AWAKE, 3.0)
    assert output.failed == 30
    manager = Manager(address)
    output.state(AWAKE)
    assert manager.heard() == ["READY=1", "WATCHDOG=1", "STATUS=ok"]
    manager.close()
    output.close()


def test_a_full_socket_is_not_waited_for(output: ServiceOutput, manager: Manager, clock: Clock) -> None:
    drive(output, clock, AWAKE, 2000.0, step_s=1.0)
    assert output.failed > 0
    manager.heard()
    drive(output, clock, AWAKE, 2.0, step_s=1.0)
    assert "WATCHDOG=1" in manager.heard()


def test_an_abstract_socket_is_reached() -> None:
    manager = Manager(f"@wakeful-test-{os.getpid()}")
    output = ServiceOutput(manager.address)
    output.state(AWAKE)
    assert manager.heard()[0] == "READY=1"
    output.close()
    manager.close()


@pytest.mark.parametrize("address", ["", "notify", "vsock:2:1234", "/" + "x" * 200])
def test_what_is_no_socket_is_refused_in_one_line(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with pytest.raises(ConfigError, match="NOTIFY_SOCKET"):
        ServiceOutput()


@pytest.mark.parametrize(
    ("usec", "pid", "pings"),
    [("5000000", None, True), ("5000000", "1", False), ("soon", None, False), ("", None, False)],
)
def test_the_watchdog_is_the_one_systemd_set_for_this_process(
    usec: str, pid: str | None, pings: bool, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", pid or str(os.getpid()))
    output = ServiceOutput(manager.address)
    output.state(AWAKE)
    assert ("WATCHDOG=1" in manager.heard()) == pings
    output.close()


def test_a_whole_run_tells_that_it_is_ready_alive_and_ends(manager: Manager, tmp_path: Path) -> None:
    environment = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "1000000", "RUNTIME_DIRECTORY": str(tmp_path)}
    run = [sys.executable, "-m", "wakeful", "run", "--plain", "--source", "synthetic:attentive", "--duration", "1.2"]
    done = subprocess.run(run, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    heard = [line for line in manager.heard() if not line.startswith("EXTEND_TIMEOUT_USEC=")]
    assert heard[0] == "READY=1"
    assert heard.count("WATCHDOG=1") >= 2
    assert heard[-2:] == ["STOPPING=1", "STATUS=ending"]
    assert list(tmp_path.glob("*status*")) == []
