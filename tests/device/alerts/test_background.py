"""The background writer: files, pipes and readers that misbehave."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tools.rigs.waiting import eventually, usual_longest
from wakeful import ConfigError
from wakeful.device.alerts.background import BackgroundWriter


def test_everything_queued_is_written_when_it_closes(tmp_path: Path) -> None:
    lines = BackgroundWriter(tmp_path / "out")
    for number in range(5000):
        lines.write(f"{number}\n")
    lines.close()
    lines.close()
    assert (tmp_path / "out").read_text() == "".join(f"{number}\n" for number in range(5000))
    assert lines.dropped == 0


def test_a_line_is_in_the_file_soon_and_not_only_at_the_end(tmp_path: Path) -> None:
    lines = BackgroundWriter(tmp_path / "out")
    lines.write("now\n")
    assert eventually(lambda: (tmp_path / "out").read_text() == "now\n")
    lines.close()


def test_new_files_are_for_their_owner_only_and_old_ones_are_emptied(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("from the last run\n")
    (tmp_path / "old").chmod(0o644)
    for name in ("new", "old"):
        BackgroundWriter(tmp_path / name).close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o644
    assert (tmp_path / "old").read_text() == ""


def test_a_file_that_cannot_be_created_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot write to .*No such file or directory"):
        BackgroundWriter(tmp_path / "nowhere" / "out")
    with pytest.raises(ConfigError, match="Is a directory"):
        BackgroundWriter(tmp_path)


def test_a_pipe_without_a_reader_costs_lines_but_no_time(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    lines = BackgroundWriter(tmp_path / "pipe")
    before_s = time.monotonic()
    took_s = []
    for _ in range(15_000):
        begun_s = time.monotonic()
        lines.write("x" * 99 + "\n")
        took_s.append(time.monotonic() - begun_s)
    assert usual_longest(took_s) < 0.05
    lines.close()
    assert time.monotonic() - before_s < 10.0
    assert lines.dropped > 14_000  # a pipe holds 64 KiB


def test_a_full_disk_is_reported_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    lines = BackgroundWriter("/dev/full")
    for _ in range(3):
        lines.write("x\n")
        time.sleep(0.03)
    lines.close()
    assert lines.dropped == 3
    assert [record.message for record in caplog.records if "No space left" in record.message] == [
        "/dev/full cannot be written at present: No space left on device"
    ]


def test_a_reader_of_the_standard_output_that_goes_away_does_not_end_the_process() -> None:
    code = """
import time
from wakeful.device.alerts.background import BackgroundWriter
lines = BackgroundWriter("-")
for number in range(200):
    lines.write(f"{number}\\n")
    time.sleep(0.002)
lines.close()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == "0\n"
    process.stdout.close()
    assert process.wait(timeout=30.0) == 0
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


def test_lines_wait_for_a_disk_that_is_full_and_arrive_whole_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    full, refused = threading.Event(), threading.Event()
    full.set()
    write = os.write

    def scarce(descriptor: int, data: bytes) -> int:
        """Takes five bytes and then none, as a disk does that fills up in the middle of a line."""
        if full.is_set() and len(data) < 30:
            refused.set()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[:5] if full.is_set() else data)

    monkeypatch.setattr(os, "write", scarce)
    monkeypatch.setattr("wakeful.device.alerts.background.RETRY_S", 0.01)
    lines = BackgroundWriter(writing)
    text = "".join(f"line {number}\n" for number in range(5))
    lines.write(text)
    assert refused.wait(5.0)
    full.clear()
    lines.write("and on\n")
    arrived = b""
    while not arrived.endswith(b"and on\n"):
        arrived += os.read(reading, 1000)
    lines.close()
    assert arrived.decode() == text + "and on\n"
    assert lines.dropped == 0
    os.close(reading)
    os.close(writing)


class Disk:
    """Refuses to open files, and to write to those that are open, while it has an error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: int | None = None
        self.refused = threading.Event()
        for name in ("open", "write"):
            monkeypatch.setattr(f"wakeful.device.alerts.background.os.{name}", self._unless_broken(getattr(os, name)))
        monkeypatch.setattr("wakeful.device.alerts.background.RETRY_S", 0.01)

    def _unless_broken(self, function: Callable[..., int]) -> Callable[..., int]:
        def call(target: int | str, *arguments: Any, **named: Any) -> int:
            if self.error is not None and threading.current_thread() is not threading.main_thread():
                self.refused.set()
            if self.error is not None and (not isinstance(target, int) or target > 2):
                raise OSError(self.error, os.strerror(self.error))
            return function(target, *arguments, **named)

        return call


@pytest.mark.parametrize("error", [errno.EROFS, errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_from_the_start_is_no_reason_not_to_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    (tmp_path / "out").write_text("from the last run\n")
    disk = Disk(monkeypatch)
    disk.error = error
    lines = BackgroundWriter(tmp_path / "out")
    lines.write("first\n")
    assert disk.refused.wait(10.0)
    disk.error = None
    assert eventually(lambda: (tmp_path / "out").read_text() == "first\n")
    lines.close()
    assert lines.dropped == 0


def holds(file: Path, text: str) -> bool:
    return file.exists() and file.read_text() == text


def test_a_file_goes_on_where_it_was_or_on_the_disk_that_is_there_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    lines = BackgroundWriter(tmp_path / "out")
    lines.write("before\n")
    assert eventually(lambda: (tmp_path / "out").read_text() == "before\n")
    for error, then in ((errno.EROFS, "before\nduring\n"), (errno.EIO, "during\n")):
        disk.refused.clear()
        disk.error = error
        lines.write("during\n")
        assert disk.refused.wait(10.0)
        if error == errno.EIO:
            (tmp_path / "out").unlink()
        disk.error = None
        assert eventually(partial(holds, tmp_path / "out", then))
    lines.close()
    assert lines.dropped == 0
