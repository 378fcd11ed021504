"""What is left of a log when the disk fails, is full or loses its power, and that it is used once it works."""

from __future__ import annotations

import errno
import os
import random
import time
from pathlib import Path

import pytest

from tools.rigs.log_samples import CONFIG, ORIGIN_NS, at
from tools.rigs.recorded_drive import eventful, given, play, recorder
from tools.rigs.waiting import eventually, settled
from wakeful.device.messages import Alert, Health, Level, Phase, Tick
from wakeful.device.record import disk_file, session
from wakeful.device.record.container import MAGIC
from wakeful.device.record.errors import RecordingError
from wakeful.device.record.folder import DiskSpace, Folder, Limits
from wakeful.device.record.reader import recording
from wakeful.device.record.recorder import TURN_S
from wakeful.device.record.schema import ALERT
from wakeful.device.supervision.notes import Notes

mcap_reader = pytest.importorskip("mcap.reader", reason="the extra [record] is not installed")


def size_of(folder: Path) -> int:
    """Bytes of all recordings in a folder."""
    return sum(file.stat().st_size for file in folder.glob("*.mcap"))


def test_a_power_cut_loses_little_more_than_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written_s = committed_s = synced_s = 0.0

    def commit(file: disk_file.DiskFile) -> None:
        nonlocal committed_s
        committed_s = written_s

    def sync(file: disk_file.DiskFile) -> None:
        nonlocal synced_s
        synced_s = committed_s

    monkeypatch.setattr(disk_file.DiskFile, "commit", commit)
    monkeypatch.setattr(disk_file.DiskFile, "sync", sync)
    folder = Folder(tmp_path, Limits(min_free_bytes=0))
    one = session.Session(folder, CONFIG, session.Rotation(1 << 40, 1e9), Notes(), 0.0)
    turns, now_s, lost_s = random.Random(21), 0.0, []
    for number in range(1, 2000):
        now_s += turns.uniform(TURN_S, 2 * TURN_S)
        lost_s.append(now_s - synced_s)
        one.write(Tick(at(now_s), Health.NO_FACE), at(now_s), number)
        written_s = now_s
        one.turn(now_s)
    assert max(lost_s) <= 1.3


class Disk:
    """Files may grow up to a size, and no further."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: int = errno.ENOSPC) -> None:
        self.limit = 1 << 40
        self._error = error
        self._write = os.write
        monkeypatch.setattr("wakeful.device.record.disk_file.os.write", self.write)

    def write(self, descriptor: int, data: bytes) -> int:
        fits = min(len(data), self.limit - os.lseek(descriptor, 0, os.SEEK_CUR))
        if fits <= 0:
            raise OSError(self._error, os.strerror(self._error))
        return self._write(descriptor, data[:fits])


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("error", "code"), [(errno.ENOSPC, "disk_full"), (errno.EIO, "record_failed")], ids=["full", "broken"]
)
def test_a_disk_that_refuses_leaves_a_valid_file_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, code: str
) -> None:
    monkeypatch.setattr(session, "RETRY_EVERY_S", 0.2)
    disk, notes = Disk(monkeypatch, error), Notes()
    to = recorder(tmp_path, notes)
    to.start(ORIGIN_NS)
    inputs = list(eventful())
    play(to, inputs[:60], pace=lambda _: time.sleep(0.003))  # for several commits: the last may be given up
    disk.limit = settled(lambda: size_of(tmp_path), rest_s=0.3) + 10
    play(to, inputs[60:90])
    assert eventually(lambda: code in notes.codes)
    (first,) = tmp_path.glob("*.mcap")
    assert eventually(lambda: first.read_bytes().endswith(MAGIC))  # all that did not fit is given up
    late = Alert(at(3.5), 9, "sleep", Level.URGENT, Phase.RAISED)
    to.alert(late)
    disk.limit = 1 << 40
    assert eventually(lambda: len(list(tmp_path.glob("*.mcap"))) == 2)
    to.close()
    log = recording(tmp_path)
    assert len(log.files) == 2
    for file in log.files:
        with file.path.open("rb") as opened:
            assert list(mcap_reader.make_reader(opened).iter_messages())
    assert late in [entry.value for entry in log.entries(ALERT)]
    assert log.missing > 0
    assert given(log)[:30] == inputs[:30]
    assert code not in notes.codes or code == "disk_full"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("error", "code"), [(errno.EROFS, "record_failed"), (errno.EIO, "record_failed"), (errno.ENOSPC, "disk_full")]
)
def test_a_disk_that_fails_from_the_start_is_reported_and_used_once_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, code: str
) -> None:
    monkeypatch.setattr(session, "RETRY_EVERY_S", 0.1)
    works, take = [False], os.open

    def refuse(path: str, *arguments: int) -> int:
        if str(path).startswith(str(tmp_path)) and not works[0]:
            raise OSError(error, os.strerror(error))
        return take(path, *arguments)

    monkeypatch.setattr("wakeful.device.record.folder.os.open", refuse)
    notes = Notes()
    to = recorder(tmp_path / "log", notes)
    to.start(ORIGIN_NS)
    assert eventually(lambda: code in notes.codes)
    assert eventually(lambda: not to.recording)
    late = Alert(at(1.0), 9, "sleep", Level.URGENT, Phase.RAISED)
    to.alert(late)
    works[0] = True
    assert eventually(lambda: to.recording)
    with pytest.raises(RecordingError, match="another process"):
        recorder(tmp_path / "log")
    to.close()
    assert late in [entry.value for entry in recording(tmp_path / "log").entries(ALERT)]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("error", "code"), [(errno.EIO, "record_failed"), (errno.ENOSPC, "disk_full")])
@pytest.mark.parametrize("deletes", [True, False])
def test_a_disk_that_fails_only_when_it_is_synced_is_reported_until_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, code: str, deletes: bool
) -> None:
    for name, value in (("RETRY_EVERY_S", 0.05), ("LOOK_EVERY_S", 0.0), ("SYNC_EVERY_S", 0.0)):
        monkeypatch.setattr(session, name, value)
    tried, works, sync, unlink = [0], [True], os.fsync, Path.unlink

    def fail(descriptor: int) -> None:
        tried[0] += 1
        if not works[0]:
            raise OSError(error, os.strerror(error))
        sync(descriptor)

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if not deletes and not works[0]:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        unlink(path, missing_ok)

    monkeypatch.setattr("wakeful.device.record.disk_file.os.fsync", fail)
    monkeypatch.setattr(Path, "unlink", refuse)
    notes = Notes()
    to = recorder(tmp_path, notes)
    to.start(ORIGIN_NS)
    assert eventually(lambda: to.recording)
    works[0] = False
    assert eventually(lambda: code in notes.codes)
    late = Alert(at(1.0), 9, "sleep", Level.URGENT, Phase.RAISED)
    to.alert(late)
    tried[0] = 0
    while tried[0] < 4:
        assert code in notes.codes
        time.sleep(0.002)
    if deletes:
        assert len(list(tmp_path.glob("*.mcap"))) <= 2
    works[0] = True
    assert eventually(lambda: code not in notes.codes and to.recording)
    to.close()
    newest = max(tmp_path.glob("*.mcap"))
    assert [entry.value for entry in recording(newest).entries(ALERT)] == [late]


@pytest.mark.usefixtures("quick")
def test_a_disk_that_is_taken_out_is_used_again_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "RETRY_EVERY_S", 0.05)
    monkeypatch.setattr(session, "SYNC_EVERY_S", 0.0)
    there, sync, space, tried = [True], os.fsync, Folder.space, [0]

    def fail(descriptor: int) -> None:
        if not there[0]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)

    def count(folder: Folder, at_least: DiskSpace = DiskSpace.ALERTS_ONLY) -> tuple[DiskSpace, int]:
        tried[0] += 1
        return space(folder, at_least)

    monkeypatch.setattr("wakeful.device.record.disk_file.os.fsync", fail)
    monkeypatch.setattr(Folder, "space", count)
    mount, away, notes = tmp_path / "mount", tmp_path / "away", Notes()
    to = recorder(mount / "log", notes)
    to.start(ORIGIN_NS)
    assert eventually(lambda: to.recording)
    there[0] = False
    mount.rename(away)
    mount.touch()  # whatever lies below the place where the disk was
    assert eventually(lambda: notes.codes == ("record_failed",))
    tried[0] = 0
    assert eventually(lambda: tried[0] >= 3)
    held = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert not [one for one in held if one.is_relative_to(tmp_path)]
    mount.unlink()
    away.rename(mount)
    there[0] = True
    assert eventually(lambda: to.recording and notes.codes == ())
    late = Alert(at(1.0), 9, "sleep", Level.URGENT, Phase.RAISED)
    to.alert(late)
    to.close()
    newest = max((mount / "log").glob("*.mcap"))
    assert late in [entry.value for entry in recording(newest).entries(ALERT)]


def test_what_a_full_disk_took_half_of_is_taken_out_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    file = disk_file.DiskFile(tmp_path / "x")
    file.write(b"whole")
    file.commit()
    disk.limit = 8
    file.write(b"longer than there is room")
    with pytest.raises(OSError, match="No space"):
        file.commit()
    assert (tmp_path / "x").read_bytes() == b"whole"
    disk.limit = 1000
    file.commit()
    file.close()
    assert (tmp_path / "x").read_bytes() == b"wholelonger than there is room"
