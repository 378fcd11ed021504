"""A drive is on the disk as it was, whatever the disk does, and the monitor never waits for it."""

from __future__ import annotations

import errno
import os
import random
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tools.rigs.log_samples import CONFIG, ORIGIN_NS, SECOND_NS, at
from tools.rigs.recorded_drive import READ, eventful, given, play, points, record, recorder, shifted
from tools.rigs.waiting import eventually, settled
from wakeful.device.alerts.registry import make_output
from wakeful.device.config.settings import RecordSettings
from wakeful.device.messages import Alert, DriverState, Event, Health, Level, Observation, Phase, Tick
from wakeful.device.people import Person
from wakeful.device.record import disk_file, session
from wakeful.device.record.encode import encode
from wakeful.device.record.errors import RecordingError
from wakeful.device.record.folder import DiskSpace, Folder, Limits
from wakeful.device.record.reader import recording
from wakeful.device.record.recorder import TURN_S, Recorder
from wakeful.device.record.replay import replay
from wakeful.device.record.schema import (
    ALERT,
    CAMERA,
    EXPRESSION,
    MARKER,
    STATE,
)
from wakeful.device.supervision.notes import Notes

mcap_reader = pytest.importorskip("mcap.reader", reason="the extra [record] is not installed")


def test_everything_the_judge_was_given_and_said_is_recorded_in_its_order(tmp_path: Path) -> None:
    told = record(tmp_path, eventful(), marks={at(2.0): "bridge"})
    log = recording(tmp_path)
    assert given(log) == list(eventful())
    assert replay(log).then == told
    assert log.missing == 0
    assert log.damage == []
    assert log.files[0].condition.whole
    (marker,) = log.entries(MARKER)
    assert marker.value == Event(at(2.0), "marker", {"text": "bridge", "pressed_ns": at(2.0)})
    assert len(list(log.entries(STATE))) == sum(isinstance(one, Observation | Tick) for one in eventful())


def test_who_else_is_in_view_is_not_recorded() -> None:
    state = DriverState(ORIGIN_NS, 0, Health.OK, people=(Person(2, False, 0.5, 0.5, 0.1, 0.2),))
    assert encode(state, CONFIG) == encode(replace(state, people=None), CONFIG)


def test_the_head_says_when_it_began_and_how_was_judged(tmp_path: Path) -> None:
    before_ns = time.time_ns()
    record(tmp_path, eventful(1.0))
    config = recording(tmp_path).config
    assert config.engine_config == CONFIG.engine_config
    assert (config.part, config.origin_ns) == (1, ORIGIN_NS)
    assert before_ns <= config.wall_ns <= time.time_ns()


def test_each_reading_of_the_expression_is_recorded_by_name(tmp_path: Path) -> None:
    record(tmp_path, eventful(1.0))
    first = next(recording(tmp_path).entries(EXPRESSION)).value
    assert set(first.p) == {"neutral", "happiness"}  # type: ignore[union-attr]


def test_recordings_are_their_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "logs"
    record(folder, eventful(1.0))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is written fifty times a second, and each time to the disk."""
    monkeypatch.setattr("wakeful.device.record.recorder.TURN_S", 0.02)
    monkeypatch.setattr(session, "FLUSH_EVERY_S", 0.0)


def size_of(folder: Path) -> int:
    """Bytes of all recordings in a folder."""
    return sum(file.stat().st_size for file in folder.glob("*.mcap"))


@pytest.mark.usefixtures("quick")
def test_a_long_drive_is_several_files_that_are_one_recording(tmp_path: Path) -> None:
    # Shorter than a configuration may ask for.
    rotating = RecordSettings(folder=str(tmp_path)).model_copy(update={"rotate_s": 0.2})
    to = Recorder(rotating, CONFIG)
    to.start(ORIGIN_NS)
    told = play(to, eventful(), pace=lambda _: time.sleep(0.002))
    to.close()
    log = recording(tmp_path)
    assert len(log.files) >= 3
    assert log.complete
    assert log.missing == 0
    assert given(log) == list(eventful())
    assert replay(log).now == told
    assert [file.condition.whole for file in log.files] == [True] * len(log.files)


def test_two_recordings_into_one_folder_are_refused(tmp_path: Path) -> None:
    first = recorder(tmp_path)
    with pytest.raises(RecordingError, match="another process records into"):
        recorder(tmp_path)
    first.close()
    recorder(tmp_path).close()


@pytest.mark.parametrize("folder", ["file/logs", "/proc/logs"])
def test_a_folder_that_cannot_be_written_to_is_refused_in_one_line(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match=r"cannot record into .*; name a folder") as refused:
        recorder(tmp_path / folder)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_status == 2


def test_the_registry_of_outputs_makes_one_and_hands_it_the_notes(tmp_path: Path) -> None:
    options = RecordSettings(folder=str(tmp_path))
    output = make_output("record", {"options": options, "template": CONFIG}, notes=Notes())
    output.close()


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


def test_a_disk_that_hangs_costs_the_monitor_no_time_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wakeful.device.record.recorder.MAX_QUEUED", 200)
    hangs, commit = [True], disk_file.DiskFile.commit

    def hang(self: disk_file.DiskFile) -> None:
        while hangs[0]:
            time.sleep(0.01)
        commit(self)

    notes = Notes()
    to = recorder(tmp_path, notes)
    to.start(ORIGIN_NS)
    assert eventually(lambda: any(tmp_path.glob("*.mcap")))
    monkeypatch.setattr(disk_file.DiskFile, "commit", hang)
    # The disk hangs until the drive is over: it would never end if anybody waited for it.
    play(to, eventful(), pace=lambda _: time.sleep(0.002))
    assert to.dropped > 0
    assert "record_slow" in notes.codes
    hangs[0] = False
    to.close()
    log = recording(tmp_path)
    assert replay(log).now
    assert 0 < log.missing <= to.dropped
    alerts = [entry.value for entry in log.entries(ALERT)]
    assert [alert.code for alert in alerts if alert.phase is Phase.RAISED][:1] == ["microsleep"]  # type: ignore[union-attr]


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


@pytest.mark.usefixtures("quick")
def test_with_little_room_pictures_end_first_and_then_all_but_alerts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LOOK_EVERY_S", 0.0)
    room, looks = [DiskSpace.ALL], [0]

    def space(folder: Folder, at_least: DiskSpace = DiskSpace.ALERTS_ONLY) -> tuple[DiskSpace, int]:
        looks[0] += 1
        return room[0], 1 << 30

    def looked_twice() -> bool:
        """The second look comes after all that waited at the first was written."""
        before = looks[0]
        return eventually(lambda: looks[0] >= before + 2)

    monkeypatch.setattr(Folder, "space", space)
    notes = Notes()
    to = recorder(tmp_path, notes, video="all", video_fps=30, landmarks=True)
    to.start(ORIGIN_NS)
    inputs = list(eventful())
    counts = {}
    for part, level in (
        (inputs[:60], DiskSpace.ALL),
        (inputs[60:90], DiskSpace.NO_VIDEO),
        (inputs[90:240], DiskSpace.ALERTS_ONLY),
    ):
        room[0] = level
        assert looked_twice()
        play(to, part, pace=lambda _: time.sleep(0.002), face=READ)
        assert looked_twice()
        counts[level] = notes.codes
    to.close()
    log = recording(tmp_path)
    assert counts == {DiskSpace.ALL: (), DiskSpace.NO_VIDEO: ("disk_full",), DiskSpace.ALERTS_ONLY: ("disk_full",)}
    assert len(list(log.entries(CAMERA))) <= 60
    assert 0 < len(points(tmp_path)) <= 60
    assert log.missing > 0


def test_room_is_given_back_only_once_there_is_a_tenth_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path, Limits(min_free_bytes=100))

    def free(count: int) -> None:
        figures = os.statvfs_result((1, 1, 1 << 40, count, count, 0, 0, 0, 0, 255))
        monkeypatch.setattr("wakeful.device.record.folder.os.statvfs", lambda path: figures)

    free(205)
    assert folder.space(DiskSpace.ALL)[0] is DiskSpace.ALL
    assert folder.space(DiskSpace.NO_VIDEO)[0] is DiskSpace.NO_VIDEO
    free(230)
    assert folder.space(DiskSpace.NO_VIDEO)[0] is DiskSpace.ALL
    free(105)
    assert folder.space(DiskSpace.ALERTS_ONLY)[0] is DiskSpace.ALERTS_ONLY
    assert folder.space(DiskSpace.ALL)[0] is DiskSpace.NO_VIDEO
    free(99)
    assert folder.space(DiskSpace.ALL)[0] is DiskSpace.ALERTS_ONLY
    folder.close()


def test_old_recordings_go_when_they_exceed_what_is_kept(tmp_path: Path) -> None:
    for number in range(5):
        file = tmp_path / f"wakeful-old-{number}.mcap"
        file.write_bytes(bytes(400_000))
        os.utime(file, (time.time() - 1000 + number, time.time() - 1000 + number))
    (tmp_path / "mine.mcap").write_bytes(bytes(2_000_000))
    record(tmp_path, eventful(1.0), keep_mb=1)
    assert sorted(file.name for file in tmp_path.glob("*old*")) == ["wakeful-old-3.mcap", "wakeful-old-4.mcap"]
    assert (tmp_path / "mine.mcap").exists()
    os.utime(tmp_path / "wakeful-old-3.mcap", (0, 0))
    record(tmp_path, eventful(1.0), keep_days=1.0)
    assert [file.name for file in tmp_path.glob("*old*")] == ["wakeful-old-4.mcap"]


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0, -0.5])
def test_a_clock_that_jumps_is_recorded_and_judged_again_as_it_was(tmp_path: Path, jump_s: float) -> None:
    inputs = list(shifted(eventful(), at(5.0), round(jump_s * SECOND_NS)))
    inputs = [one for one in inputs if one.t_ns > 0]
    told = record(tmp_path, inputs)
    log = recording(tmp_path)
    assert given(log) == inputs
    assert replay(log).now == told
