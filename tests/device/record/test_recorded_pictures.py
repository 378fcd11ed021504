"""Pictures and points of faces in a recording: only on request, and the first to go when the disk is slow."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tools.rigs.log_samples import FACE, ORIGIN_NS, at, observations
from tools.rigs.recorded_drive import READ, eventful, given, play, points, record, recorder
from wakeful.device.record import session
from wakeful.device.record.reader import recording, recordings
from wakeful.device.record.replay import replay
from wakeful.device.record.schema import (
    CAMERA,
    Picture,
)

pytest.importorskip("mcap.reader", reason="the extra [record] is not installed")


def pictures(folder: Path) -> list[Picture]:
    (log,) = recordings([folder])
    return [entry.value for entry in log.entries(CAMERA)]  # type: ignore[misc]


def test_the_points_of_each_face_are_recorded_on_request_and_change_nothing_else(tmp_path: Path) -> None:
    inputs = [replace(one, face=False) if one.t_ns == at(1.0) else one for one in observations(2.0)]
    without = record(tmp_path / "without", inputs, face=READ)
    told = record(tmp_path / "with", inputs, face=READ, landmarks=True)
    found, seen = points(tmp_path / "with"), [one for one in inputs if one.face]
    assert [(one.t_ns, one.seq) for one in found] == [(one.t_ns, one.seq) for one in seen]
    first = found[0].landmarks
    # The frame of this drive is small; everything else comes back as it was read.
    assert (first.width, first.height) == (64, 48)
    assert replace(first, width=FACE.width, height=FACE.height) == FACE
    log = recording(tmp_path / "with")
    assert (log.missing, log.damage, given(log)) == (0, [], inputs)
    assert replay(log).now == replay(recording(tmp_path / "without")).now == told == without
    assert points(tmp_path / "without") == []


def test_while_the_disk_hangs_points_are_left_out_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeful.device.record.recorder.NO_POINTS_FROM", 20)
    hangs, write = [True], session.Session.write

    def hang(self: session.Session, *arguments: object) -> None:
        while hangs[0]:
            time.sleep(0.01)
        write(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(session.Session, "write", hang)
    to = recorder(tmp_path, landmarks=True)
    to.start(ORIGIN_NS)
    inputs = list(observations(3.0))
    play(to, inputs, face=READ)
    hangs[0] = False
    to.close()
    assert 0 < len(points(tmp_path)) <= 21
    log = recording(tmp_path)
    assert (given(log), log.missing, to.dropped) == (inputs, 0, 0)


def test_without_being_asked_no_picture_is_recorded(tmp_path: Path) -> None:
    record(tmp_path, eventful(5.0))
    assert pictures(tmp_path) == []


def test_all_pictures_are_recorded_at_the_rate_asked_for(tmp_path: Path) -> None:
    to = recorder(tmp_path, video="all", video_fps=10)
    to.start(ORIGIN_NS)
    play(to, observations(3.0), pace=lambda _: time.sleep(0.005))
    to.close()
    times = [picture.t_ns for picture in pictures(tmp_path)]
    assert len(times) == 30
    assert times == sorted(times)
