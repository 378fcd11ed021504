"""Frames of a log become pictures to label: one in so many seconds, by the time in the drive."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("mcap", reason="logs need mcap: pip install 'wakeful[record]'")

from tests.device.view.test_thumbnails import filmed, jpeg
from wakeful.device.cli import status
from wakeful.models.labelling.journal import Journal, Look
from wakeful.models.labelling.log_frames import LogFrames
from wakeful.models.labelling.scheme import LIDS, parse_scheme


def test_one_frame_in_so_many_seconds_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = filmed(tmp_path, *((i / 10, jpeg(grey=10 + i, width=64, height=48)) for i in range(50)))
    frames = LogFrames(tmp_path / "film.mcap", 1.0)
    assert [item.name for item in frames.items] == [f"{film.config.session}@{t_s}.000" for t_s in range(5)]
    shown = [frames.picture(i) for i in range(5)]
    assert [int(one[24, 32, 0]) for one in shown if one is not None] == [10, 20, 30, 40, 50]
    assert len(LogFrames(tmp_path, 0.0).items) == 50
    journal = Journal(tmp_path / "l.csv.journal", LogFrames(tmp_path, 1.0), parse_scheme(LIDS))
    journal.add(Look("a-1", 3, "c", True), 1)
    journal.close()
    assert status(["data", "label", str(tmp_path), "--out", str(tmp_path / "l.csv"), "--table-only"]) == 0
    assert (tmp_path / "l.csv").read_text().splitlines()[1:] == [f"3,{film.config.session}@3.000,c,1,1"]


def test_a_log_without_images_says_how_to_record_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filmed(tmp_path)
    assert status(["data", "label", str(tmp_path / "film.mcap"), "--out", str(tmp_path / "l.csv")]) == 3
    told = capsys.readouterr().err
    assert "--record-video all" in told and told.count("\n") == 1
