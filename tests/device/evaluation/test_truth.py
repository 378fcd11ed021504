"""What really happened, as CSV: read as written, and refused with the line where it is invalid."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeful.device.evaluation import truth
from wakeful.device.evaluation.truth import Moment, Truth, TruthError, read_truth


def written(folder: Path, text: str) -> Path:
    file = folder / "truth.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_intervals_and_ratings_are_read_with_their_driver_and_recording(tmp_path: Path) -> None:
    rows = read_truth(
        written(
            tmp_path,
            "recording,driver,event,start,end,value\none,ada,microsleep,42.5,43.5,\none,,kss,2026-11-24T09:35:00Z,,7\n",
        )
    )
    assert rows == (
        Truth("microsleep", Moment(42.5), Moment(43.5), None, "ada", "one"),
        Truth("kss", Moment(unix_ns=1_795_512_900_000_000_000), None, 7.0, "", "one"),
    )


def test_a_time_of_day_is_seconds_since_the_first_frame_of_the_recording() -> None:
    assert Moment(unix_ns=1_000_000_000_000).at(wall_ns=940_000_000_000) == 60.0
    assert Moment(seconds=60.0).at(wall_ns=5) == 60.0


def test_columns_may_be_few_and_in_any_order(tmp_path: Path) -> None:
    assert read_truth(written(tmp_path, "start,event\n1,sleep\n")) == (Truth("sleep", Moment(1.0)),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no column event"),
        ("event\nsleep\n", "has no column start"),
        ("event,start,colour\n", "has a column colour"),
        ("event,start\nnap,1\n", "line 2: event 'nap'"),
        ("event,start\nsleep,soon\n", "line 2: 'soon' is not a time"),
        ("event,start\nsleep,nan\n", "line 2: nan is not a time"),
        ("event,start,end\nsleep,5,4\n", "line 2: it ends before it starts"),
        ("event,start,value\nkss,5,\n", "line 2: a kss rating needs a value"),
        ("event,start,value\nkss,5,10\n", "line 2: a kss rating needs a value"),
        ("event,start,value\nkss,5,high\n", "line 2: value 'high' is not a number"),
        ("event,start\nsleep,5,6\n", "line 2: more fields"),
    ],
)
def test_invalid_rows_are_refused_with_their_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TruthError, match=told) as refused:
        read_truth(written(tmp_path, text))
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match="cannot be read"):
        read_truth(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"event,start\n\xff\xfe,1\n")
    with pytest.raises(TruthError, match="not a CSV file in UTF-8"):
        read_truth(tmp_path / "binary.csv")


def test_a_file_with_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "MAX_ROWS", 2)
    assert len(read_truth(written(tmp_path, "event,start\nsleep,1\nsleep,2\n"))) == 2
    with pytest.raises(TruthError, match="more than 2 rows: split it by recording"):
        read_truth(written(tmp_path, "event,start\nsleep,1\nsleep,2\nsleep,3\n"))
