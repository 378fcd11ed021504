"""SIGTERM ends the monitor cleanly whatever state it is in: status 0, whole files, and no word too many."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tools.rigs.scripts import eyes_shut
from tools.rigs.serial_receiver import Receiver
from tools.rigs.waiting import eventually

PATIENCE_S = 30.0
SLEEPER = eyes_shut(60.0, (0.4, 58.0))
NOBODY = "duration_s = 60\nkeyframes = [{ t = 0, present = false }]\n"


def ended(folder: Path, script: str, port: str, until: Callable[[str], bool]) -> tuple[int, str, str]:
    """Runs until the events satisfy ``until``, then ends it: status, standard error, events."""
    (folder / "script.toml").write_text(script)
    events = folder / "events.jsonl"
    command = [sys.executable, "-m", "wakeful", "run", "--plain", "--landmarks", "mesh+iris", "--serial", port]
    command += ["--source", f"synthetic:{folder / 'script.toml'}", "--events", str(events)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert eventually(lambda: events.exists() and until(events.read_text(encoding="utf-8")), PATIENCE_S)
    begun_s = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=PATIENCE_S)
    assert time.monotonic() - begun_s < 10.0
    return process.returncode, complaints, events.read_text(encoding="utf-8")


def test_in_the_middle_of_an_alert_with_a_receiver_that_reads_nothing(tmp_path: Path) -> None:
    receiver = Receiver()
    receiver.stop_reading()
    receiver.fill_up()
    status, complaints, events = ended(tmp_path, SLEEPER, receiver.path, lambda text: "microsleep" in text)
    receiver.close()
    assert status == 0
    assert complaints == f"wakeful: {receiver.path}: 1 alerts could not be sent\n"
    assert events.endswith("\n")
    assert [json.loads(line)["code"] for line in events.splitlines() if '"alert"' in line] == ["microsleep"]


@pytest.mark.parametrize(("script", "sign"), [(NOBODY, "no_face"), (SLEEPER, "calibrating")])
def test_with_nobody_there_or_just_begun_and_no_serial_port(script: str, sign: str, tmp_path: Path) -> None:
    status, complaints, events = ended(tmp_path, script, str(tmp_path / "ttyUSB9"), lambda text: sign in text)
    assert status == 0
    assert complaints.count("\n") == 1 and "does not exist" in complaints
    assert all(json.loads(line) for line in events.splitlines())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_before_the_configuration_is_read(number: signal.Signals, tmp_path: Path) -> None:
    pipe = tmp_path / "board.toml"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "wakeful", "run", "--plain", "--config", str(pipe)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    writer = os.open(pipe, os.O_WRONLY)  # waits until the monitor opens it
    # A signal in the few microseconds before the monitor waits for the file's first byte is handled after that byte.
    for _ in range(2):
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_S / 2)
    assert process.communicate(timeout=PATIENCE_S) == (b"", b"")
    assert process.returncode == 0
    os.close(writer)
