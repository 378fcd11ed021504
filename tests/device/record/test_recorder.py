"""A drive is on the disk as it was, whatever the disk does, and the monitor never waits for it."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tools.rigs.log_samples import CONFIG, ORIGIN_NS, SECOND_NS, at
from tools.rigs.recorded_drive import READ, eventful, given, play, points, record, recorder, shifted
from tools.rigs.waiting import eventually
from wakeful.device.alerts.registry import make_output
from wakeful.device.config.settings import RecordSettings
from wakeful.device.messages import DriverState, Event, Health, Observation, Phase, Tick
from wakeful.device.people import Person
from wakeful.device.record import disk_file, session
from wakeful.device.record.encode import encode
from wakeful.device.record.errors import RecordingError
from wakeful.device.record.folder import DiskSpace, Folder, Limits
from wakeful.device.record.reader import recording
from wakeful.device.record.recorder import Recorder
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
