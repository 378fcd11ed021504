"""A start that makes progress gets more time from systemd; one that hangs gets none."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from tools.rigs.waiting import Clock
from wakeful.device.supervision import start_progress
from wakeful.device.supervision.service_manager import ServiceManager
from wakeful.device.supervision.start_progress import (
    ENDLESS_WORK_S,
    EXTENSION_S,
    GAP_S,
    StartProgress,
    extending_start,
)

EXTEND = f"EXTEND_TIMEOUT_USEC={round(EXTENSION_S * 1e6)}"


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket in systemd's place."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(str(tmp_path / "notify"))
        opened.setblocking(False)
        yield opened


def heard(manager: socket.socket) -> list[str]:
    found: list[str] = []
    while True:
        try:
            found.append(manager.recv(4096).decode())
        except BlockingIOError:
            return found


def test_each_step_asks_for_more_time_but_not_more_than_once_a_second(manager: socket.socket) -> None:
    clock = Clock()
    progress = StartProgress(ServiceManager(manager.getsockname()), clock)
    progress.step()
    progress.step()
    assert heard(manager) == [EXTEND]
    clock.now_s += GAP_S
    progress.step()
    assert heard(manager) == [EXTEND]
    progress.close()
    clock.now_s += GAP_S
    progress.step()
    assert heard(manager) == []


def test_modules_that_are_imported_are_progress_until_the_start_is_over(
    manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("module_of_the_start", "module_of_later"):
        (tmp_path / f"{name}.py").touch()
    before = list(sys.meta_path)
    with extending_start() as progress:
        importlib.import_module("module_of_the_start")
        assert heard(manager) == [EXTEND]
        progress.close()
        importlib.import_module("module_of_later")
    assert heard(manager) == []
    assert sys.meta_path == before


def test_a_long_step_with_a_limit_of_its_own_is_progress_until_that_limit(manager: socket.socket) -> None:
    clock = Clock()
    progress = StartProgress(ServiceManager(manager.getsockname()), clock)
    with progress.bounded(60.0):
        assert heard(manager) == [EXTEND]
        clock.now_s += GAP_S
    assert heard(manager) == [EXTEND]


def test_processor_time_that_the_start_uses_is_progress_and_a_loop_that_polls_is_none(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_progress, "GAP_S", 0.01)
    used_s = iter([0.0, 0.001, 0.002, 0.003, 0.5, 0.501, ENDLESS_WORK_S + 1.0])
    said_after: list[int] = []
    watched = Event()

    def used() -> float:
        said_after.append(len(heard(manager)))
        try:
            return next(used_s)
        finally:
            if said_after[6:]:
                watched.set()

    progress = StartProgress(ServiceManager(manager.getsockname()))
    progress.watch_work(used)
    assert watched.wait(10.0)
    progress.close()

    assert said_after == [0, 0, 0, 0, 0, 1, 0]


def test_a_start_that_only_computes_asks_for_time_until_its_first_frame(manager: socket.socket) -> None:
    environment = os.environ | {"NOTIFY_SOCKET": manager.getsockname()}
    with subprocess.Popen([sys.executable, "-c", COMPUTING], env=environment, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"computed\n"
        before = heard(manager)
        child.send_signal(signal.SIGSTOP)
        time.sleep(2.5)
        assert heard(manager) == []
        child.kill()
    assert set(before) == {EXTEND} and len(before) >= 2


COMPUTING = """
import time
from wakeful.device.supervision.start_progress import extending_start
with extending_start():
    while time.process_time() < 3.5:
        pass
    print("computed", flush=True)
    time.sleep(60)
"""


def test_without_a_service_manager_nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    before = list(sys.meta_path)
    with extending_start() as progress, progress.bounded(1.0):
        assert sys.meta_path == before


LOADING = """
import time
from wakeful.device.supervision.signals import leaving_quietly

class Package:
    # As numpy and others do: whatever interrupts the import of a part becomes an ImportError that blames the package.
    def load(self):
        try:
            print("loading", flush=True)
            time.sleep(60)
        except BaseException as error:
            raise ImportError("the package is not installed properly") from error

with leaving_quietly():
    Package().load()
"""


def test_a_start_that_is_asked_to_end_inside_an_import_ends_with_status_0_and_blames_nobody() -> None:
    with subprocess.Popen([sys.executable, "-c", LOADING], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stderr is not None
        assert child.stdout.readline() == b"loading\n"
        child.send_signal(signal.SIGTERM)
        assert (child.wait(30), child.stderr.read()) == (0, b"")


def test_a_whole_start_asks_for_time_before_it_is_ready_and_not_after(manager: socket.socket) -> None:
    run = [sys.executable, "-m", "wakeful", "run", "--plain", "--source", "synthetic:attentive", "--duration", "0.3"]
    environment = os.environ | {"NOTIFY_SOCKET": manager.getsockname()}
    subprocess.run(run, env=environment, capture_output=True, check=True, timeout=60)
    lines = [line for message in heard(manager) for line in message.split("\n")]
    ready = lines.index("READY=1")
    assert ready > 0 and set(lines[:ready]) == {EXTEND}
    assert EXTEND not in lines[ready:]
